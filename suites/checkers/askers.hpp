// COR-3.askers: many ask, each on a reply destination of its own, and each gets its own answers.
#pragma once

#include "suites/checkers/judgement.hpp"

namespace busproof::checkers {

/// A question is a publish with messagetype "request", a correlationid and, as "replyto", where its
/// answer is to go; an answer is one with messagetype "response". Findings: foreign_answer, where
/// an asker's destination gave out an answer under an id that it never asked with, or under another
/// id than it was published with; answer_missing, where one that was accepted there never came.
Judgement judge_askers(const history::View& view, const contract::Claims& claims);

}  // namespace busproof::checkers
