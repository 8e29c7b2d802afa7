#include "reference/test_certificate.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace reference {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

File file_at(const std::string& path) { return {BIO_new_file(path.c_str(), "w"), BIO_free_all}; }

void extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

}  // namespace

TestCertificate make_test_certificate(const std::string& stem, const TestValidity& validity) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate made(X509_new(), X509_free);
  X509* const certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), validity.from);
  X509_gmtime_adj(X509_getm_notAfter(certificate), validity.until);
  X509_set_pubkey(certificate, key.get());
  X509_NAME* const name = X509_get_subject_name(certificate);
  const auto* common = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_sign(certificate, key.get(), EVP_sha256());

  TestCertificate files{stem + ".cert.pem", stem + ".key.pem"};
  PEM_write_bio_X509(file_at(files.certificate).get(), certificate);
  const auto* word = reinterpret_cast<const unsigned char*>(validity.passphrase.data());
  const bool locked = !validity.passphrase.empty();
  PEM_write_bio_PrivateKey(file_at(files.key).get(), key.get(),
                           locked ? EVP_aes_256_cbc() : nullptr, locked ? word : nullptr,
                           static_cast<int>(validity.passphrase.size()), nullptr, nullptr);
  return files;
}

}  // namespace reference
