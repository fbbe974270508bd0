// The captures of real management sockets in tests/data/transcripts.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/source_dir.h"

namespace ovpnbroker::test {

inline std::filesystem::path TranscriptFolder() {
  return std::filesystem::path(SourceDir()) / "tests/data/transcripts";
}

// What OpenVPN sent in the capture `name`; "" fails the test.
inline std::string ReadTranscript(const std::string& name) {
  std::ifstream file(TranscriptFolder() / (name + ".rx"), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The names of all captures, sorted.
inline std::vector<std::string> TranscriptNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TranscriptFolder())) {
    if (entry.path().extension() == ".rx") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ovpnbroker::test
