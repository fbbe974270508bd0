// How fast the bytes of a management socket become messages: every capture of a real OpenVPN, read
// in chunks as a socket gives them. Informative; there is no budget and no rival.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

#include "ovpn/management/message_parser.h"
#include "tests/bench/sample_connect.h"

namespace ovpnbroker::bench {
namespace {

void Parse(benchmark::State& state) {
  const std::string bytes = ReadAllCaptures();
  const auto chunk = static_cast<size_t>(state.range(0));
  size_t messages = 0;
  for (auto _ : state) {
    ovpn::MessageParser parser;
    for (size_t taken = 0; taken < bytes.size();) {
      const absl::Span<char> space = parser.Prepare();
      const size_t size = std::min({space.size(), bytes.size() - taken, chunk});
      std::copy_n(bytes.data() + taken, size, space.begin());
      parser.Commit(size);
      taken += size;
      while (parser.Next().has_value()) ++messages;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
  state.counters["messages"] =
      benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate);
}
// One line or so at a time, and as much as the parser takes.
BENCHMARK(Parse)->Arg(64)->Arg(4096)->Arg(65536);

}  // namespace
}  // namespace ovpnbroker::bench

BENCHMARK_MAIN();
