// The side door: payloads as plain HTTP bodies, out by GET and HEAD, in by PUT, so that large ones
// need no base 64 and no message.
//
//   GET, HEAD /payloads/NAME  NAME is a dataref or a transaction id. One range, If-Range, If-Match,
//                             If-None-Match; strong ETag, Repr-Digest, Content-Type.
//   PUT /payloads/UPLOAD      goes on with an upload of bus/upload_open from where Content-Range
//                             says, or from its start. With Repr-Digest it is committed, too.
//
// Threads: the connection's strand. A transfer holds three pieces of its payload at most, and the
// store's of one that is on its way.
// Errors: a fault is its HTTP status and the JSON of the protocol's error. Bytes that turn out bad
// when others have left already end the connection, short of what was announced.
// Source: STORE-1, STORE-2, SUM-2, CHUNK-3, CHUNK-5; RFC 9110, RFC 9530.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "reference/executor/executor.hpp"
#include "reference/server/stream.hpp"

namespace reference::server {

using HeaderParser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

/// A connection and what was read of it beyond the request.
struct Line {
  Stream stream;
  boost::beast::flat_buffer buffer;
};
/// Gets the connection back where it may be asked again.
using GiveBack = std::function<void(Line)>;

/// Who asks, by the header X-Session-Id: what hello's session_id is on a connection. Another
/// tenant's payload is not found.
std::optional<std::string> session_in(const boost::beast::http::request_header<>& request);

/// Whether the path is one of the side door's.
bool is_side_door(std::string_view path);

/// Answers the request whose header has been read.
void serve_side_door(Line line, HeaderParser& header, executor::Executor& executor, GiveBack back);

}  // namespace reference::server
