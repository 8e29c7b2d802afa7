// Certificates and keys for tests of TLS: made when they run, in a folder of their own.
//
// Errors: a file that could not be written is empty, which the test that reads it says.
#pragma once

#include <string>

namespace reference {

/// The files of a certificate that vouches for itself, and of its key, as PEM.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

/// When it is valid, in seconds from now, and the passphrase of its key where it has one.
struct TestValidity {
  long from = -60;
  long until = 3'600;
  std::string passphrase = {};
};

/// One for localhost and 127.0.0.1, its files below `stem`.
TestCertificate make_test_certificate(const std::string& stem, const TestValidity& validity = {});

}  // namespace reference
