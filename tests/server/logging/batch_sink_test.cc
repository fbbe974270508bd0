#include "server/logging/batch_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "ovpn/base/unique_fd.h"

namespace ovpnbroker::server {
namespace {

using testing::MatchesRegex;

// Nothing in these tests waits for it: what must come comes by an error line or the end.
constexpr std::chrono::hours kNever{1};

class BatchSinkTest : public testing::Test {
 protected:
  BatchSinkTest() {
    std::array<int, 2> ends;
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    read_end_.Reset(ends[0]);
    write_end_.Reset(ends[1]);
  }

  BatchSink::Options Options() const {
    BatchSink::Options options;
    options.fd = write_end_.get();
    options.batch_interval = kNever;
    options.close_timeout = std::chrono::milliseconds(1);
    options.describe_dropped = [](uint64_t count) { return absl::StrCat(count, " dropped"); };
    return options;
  }

  void Open(const BatchSink::Options& options) {
    sink_ = std::make_shared<BatchSink>(options);
    logger_ = std::make_unique<spdlog::logger>("test", sink_);
    logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%^%l%$ %v"));
    logger_->set_level(spdlog::level::trace);
  }

  void Close() {
    logger_.reset();
    sink_.reset();
  }

  // What comes until `end` is there.
  std::string ReadUntil(const std::string& end) {
    std::string text;
    std::array<char, 4096> buffer;
    while (text.find(end) == std::string::npos) {
      const ssize_t size = read(read_end_.get(), buffer.data(), buffer.size());
      if (size <= 0) break;
      text.append(buffer.data(), static_cast<size_t>(size));
    }
    return text;
  }

  ovpn::UniqueFd read_end_;
  ovpn::UniqueFd write_end_;
  std::shared_ptr<BatchSink> sink_;
  std::unique_ptr<spdlog::logger> logger_;
};

TEST_F(BatchSinkTest, Lines_ComeInTheirOrder) {
  Open(Options());
  logger_->info("one");
  logger_->info("two");
  logger_->error("three");
  EXPECT_EQ(ReadUntil("three\n"), "info one\ninfo two\nerror three\n");
}

TEST_F(BatchSinkTest, Close_WritesWhatWaits) {
  Open(Options());
  logger_->info("last words");
  Close();
  EXPECT_EQ(ReadUntil("words\n"), "info last words\n");
}

TEST_F(BatchSinkTest, BatchInterval_IsEnoughWithoutAnError) {
  BatchSink::Options options = Options();
  options.batch_interval = std::chrono::milliseconds(1);
  Open(options);
  logger_->info("quiet");
  EXPECT_EQ(ReadUntil("quiet\n"), "info quiet\n");
}

TEST_F(BatchSinkTest, ReaderThatStopped_NeverStopsTheCaller) {
  BatchSink::Options options = Options();
  options.max_waiting_bytes = 16 * 1024;
  Open(options);
  const std::string line(1024, 'x');
  // Far more than the pipe and the buffer hold; the error makes the writer begin.
  for (int i = 0; i < 1000; ++i) logger_->error(line);
  EXPECT_GT(sink_->dropped(), 0U);
  Close();
}

TEST_F(BatchSinkTest, DroppedLines_AreCountedAndSaid) {
  BatchSink::Options options = Options();
  options.max_waiting_bytes = 32;
  Open(options);
  logger_->info("stays");
  logger_->info("too long for what is left");
  logger_->info("this one too, and as long");
  logger_->error("e");
  const std::string text = ReadUntil("error e\n");
  EXPECT_EQ(text, "info stays\nwarning 2 dropped\nerror e\n");
  EXPECT_EQ(sink_->dropped(), 2U);
}

TEST_F(BatchSinkTest, Colours_SurroundTheMarkedRangeOnly) {
  BatchSink::Options options = Options();
  options.colours = true;
  Open(options);
  logger_->error("red");
  EXPECT_THAT(ReadUntil("red\n"), MatchesRegex("\033\\[31m\033\\[1merror\033\\[m red\n"));
}

}  // namespace
}  // namespace ovpnbroker::server
