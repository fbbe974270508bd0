// Where the sources are, for tests that read files of the tree. A function in a file of its own, so
// that the path is part of one object only and a compiler cache serves the tests of every checkout.
#pragma once

#include <string>

namespace ovpnbroker::test {

// Absolute, without a slash at its end.
std::string SourceDir();

}  // namespace ovpnbroker::test
