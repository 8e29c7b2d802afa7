// Certificates for a bus that is launched, and for who talks to it: made for each run, so that no
// key lies in the project.
//
// Threads: one at a time.
// Errors:  "unavailable" where a file cannot be written.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "suites/contract/result.hpp"

struct evp_pkey_st;
struct x509_st;

namespace busproof::targets {

/// Files of PEM.
struct Certificate {
  std::filesystem::path certificate, key;
};

/// Whom a certificate names, and how many seconds from now it is valid.
struct Subject {
  std::string hosts = "DNS:localhost,IP:127.0.0.1,IP:::1";  ///< As subjectAltName has them.
  /// A month either way: a bus whose clock is held elsewhere believes in them, too.
  std::int64_t from = -30 * 24 * 3600, until = 30 * 24 * 3600;
};

class Authority {
 public:
  /// One that nobody knew before; its certificate and all others are written below `folder`.
  static contract::Result<Authority> make(const std::filesystem::path& folder);

  /// The file that makes who reads it trust this one.
  [[nodiscard]] std::filesystem::path certificate() const { return folder_ / "ca.pem"; }

  contract::Result<Certificate> issue(const std::string& name, const Subject& subject = {});

 private:
  Authority() = default;
  std::filesystem::path folder_;
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> own_;
  std::int64_t issued_ = 0;
};

}  // namespace busproof::targets
