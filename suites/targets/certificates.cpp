#include "suites/targets/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fmt/format.h>

namespace busproof::targets {
namespace {

namespace fs = std::filesystem;
using contract::refused;
using contract::Result;

using Key = std::shared_ptr<EVP_PKEY>;
using Sheet = std::shared_ptr<X509>;

/// A certificate without a signature, made out to `name`.
Sheet sheet(const std::string& name, EVP_PKEY* key, std::int64_t serial, const Subject& subject) {
  Sheet made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), subject.from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), subject.until);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  return made;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

template <typename Write>
Result<void> write_file(const fs::path& file, Write write) {
  BIO* const out = BIO_new_file(file.c_str(), "w");
  const bool written = out != nullptr && write(out) == 1;
  BIO_free(out);
  if (!written) return refused("unavailable", fmt::format("{} cannot be written", file.string()));
  return {};
}

}  // namespace

Result<Authority> Authority::make(const fs::path& folder) {
  Authority authority;
  authority.folder_ = folder;
  authority.key_ = Key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  authority.own_ = sheet("busproof, for one run", authority.key_.get(), 1, {});
  X509* const own = authority.own_.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  X509_sign(own, authority.key_.get(), EVP_sha256());
  const auto written =
      write_file(authority.certificate(), [&](BIO* out) { return PEM_write_bio_X509(out, own); });
  if (!written) return tl::make_unexpected(written.error());
  return authority;
}

Result<Certificate> Authority::issue(const std::string& name, const Subject& subject) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Sheet made = sheet(name, key.get(), 2 + issued_++, subject);
  X509_set_issuer_name(made.get(), X509_get_subject_name(own_.get()));
  extend(made.get(), own_.get(), NID_subject_alt_name, subject.hosts);
  extend(made.get(), own_.get(), NID_authority_key_identifier, "keyid");
  X509_sign(made.get(), key_.get(), EVP_sha256());
  const Certificate files{folder_ / (name + ".pem"), folder_ / (name + ".key.pem")};
  const auto written =
      write_file(files.certificate, [&](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
  if (!written) return tl::make_unexpected(written.error());
  const auto kept = write_file(files.key, [&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (!kept) return tl::make_unexpected(kept.error());
  return files;
}

}  // namespace busproof::targets
