#include "tests/support/source_dir.h"

namespace ovpnbroker::test {

std::string SourceDir() { return OVPNBROKER_SOURCE_DIR; }

}  // namespace ovpnbroker::test
