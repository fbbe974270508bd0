#include "ovpn/process/config_age.h"

#include <sys/stat.h>

#include <chrono>

#include "ovpn/process/config_reader.h"

namespace ovpnbroker::ovpn {
namespace {

// By the time of the inode's change, which no copy and no rename sets back.
bool WrittenAfter(WallTime time, const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) return false;
  const auto since_epoch = std::chrono::seconds(status.st_ctim.tv_sec) +
                           std::chrono::nanoseconds(status.st_ctim.tv_nsec);
  return WallTime(std::chrono::duration_cast<WallTime::duration>(since_epoch)) > time;
}

}  // namespace

std::vector<std::string> ConfigFilesWrittenAfter(WallTime time, const std::string& config_file,
                                                 const std::string& working_directory) {
  std::vector<std::string> files = ListOpenvpnConfigFiles(config_file, working_directory);
  std::erase_if(files, [time](const std::string& file) { return !WrittenAfter(time, file); });
  return files;
}

}  // namespace ovpnbroker::ovpn
