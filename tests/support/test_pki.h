// Throwaway certificates, made by the openssl program in a directory of the test's. Aborts the test
// program when openssl fails.
#pragma once

#include <stdlib.h>

#include <string>
#include <utility>

namespace ovpnbroker::test {

class TestPki {
 public:
  // Files of one name: NAME.crt and NAME.key below `directory`.
  explicit TestPki(std::string directory) : directory_(std::move(directory)) {}

  std::string Certificate(const std::string& name) const { return Path(name) + ".crt"; }
  std::string Key(const std::string& name) const { return Path(name) + ".key"; }

  void MakeCa(const std::string& name, int days = 30) const {
    Openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
            " -days " + std::to_string(days) + Output(name));
  }

  // `san` as openssl writes it: "IP:127.0.0.1", "DNS:policy.test".
  void Issue(const std::string& ca, const std::string& name, const std::string& san,
             int days = 30) const {
    Openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
            " -CA " + Certificate(ca) + " -CAkey " + Key(ca) + " -addext subjectAltName=" + san +
            " -addext basicConstraints=critical,CA:FALSE -days " + std::to_string(days) +
            Output(name));
  }

 private:
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  std::string Output(const std::string& name) const {
    return " -keyout " + Key(name) + " -out " + Certificate(name);
  }
  static void Openssl(const std::string& arguments) {
    if (system(("openssl " + arguments + " 2>/dev/null").c_str()) != 0) abort();
  }

  const std::string directory_;
};

}  // namespace ovpnbroker::test
