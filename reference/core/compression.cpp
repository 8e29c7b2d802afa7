// gzip by zlib, Zstandard by its own library.
#include "reference/core/compression.hpp"

#include <zlib.h>
#include <zstd.h>

#include <array>

namespace reference::core {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"none", "gzip", "zstd"};
constexpr int kGzipWindow = 15 + 16;  // zlib's largest window, with gzip's header and check sum
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr int kZstdLevel = 3;

// zlib takes what it only reads by a pointer to what is not const.
Bytef* input(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = input(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

std::optional<std::string> gunzip(std::string_view stored, std::uint64_t size) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return std::nullopt;
  std::string out(size, '\0');
  stream.next_in = input(stored);
  stream.avail_in = static_cast<uInt>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  // All room is there from the start: a stream that has not ended now holds too much or too little.
  const bool whole =
      ::inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

std::string zstd(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t made =
      ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kZstdLevel);
  out.resize(ZSTD_isError(made) != 0 ? 0 : made);
  return out;
}

std::optional<std::string> unzstd(std::string_view stored, std::uint64_t size) {
  std::string out(size, '\0');
  const std::size_t made = ZSTD_decompress(out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(made) != 0 || made != size) return std::nullopt;
  return out;
}

}  // namespace

std::string_view codec_text(Codec codec) { return kNames.at(static_cast<std::size_t>(codec)); }

std::optional<Codec> parse_codec(std::string_view text) {
  for (const auto codec : {Codec::none, Codec::gzip, Codec::zstd})
    if (codec_text(codec) == text) return codec;
  return std::nullopt;
}

std::string compress(Codec codec, std::string_view bytes) {
  switch (codec) {
    case Codec::gzip:
      return gzip(bytes);
    case Codec::zstd:
      return zstd(bytes);
    case Codec::none:
      break;
  }
  return std::string(bytes);
}

std::optional<std::string> inflate(Codec codec, std::string stored, std::uint64_t size) {
  switch (codec) {
    case Codec::gzip:
      return gunzip(stored, size);
    case Codec::zstd:
      return unzstd(stored, size);
    case Codec::none:
      break;
  }
  return stored.size() == size ? std::optional(std::move(stored)) : std::nullopt;
}

}  // namespace reference::core
