// What the broker adds to a remote decision: the engine and the policy stream against bare gRPC,
// which asks the same service with the same messages. The service runs in a process of its own, as
// in production; both callers take turns, so both share the processors with it in the same way.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>
#include <vector>

#include "policy/stream/request_codec.h"
#include "tests/bench/bare_caller.h"
#include "tests/bench/decision_load.h"
#include "tests/bench/policy_process.h"
#include "tests/bench/ratio.h"

namespace ovpnbroker::bench {
namespace {

constexpr size_t kRounds = 9;
constexpr size_t kWindow = 64;
constexpr size_t kDecisionsInWindow = 6000;
constexpr size_t kDecisionsOneByOne = 1500;

double Seconds(ovpn::Duration duration) { return std::chrono::duration<double>(duration).count(); }

double MedianMicroseconds(const std::vector<ovpn::Duration>& latencies) {
  std::vector<double> values;
  values.reserve(latencies.size());
  for (const ovpn::Duration latency : latencies) values.push_back(Seconds(latency) * 1e6);
  return Median(std::move(values));
}

// Only the broker's side, for a profiler.
int Profile(size_t window) {
  const PolicyProcess service;
  DecisionLoad broker;
  broker.DialPolicy({service.address()}, kWindow);
  broker.Run(kRounds * kDecisionsInWindow, window);
  return broker.all_allowed() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int Main() {
  const PolicyProcess service;
  DecisionLoad broker;
  broker.DialPolicy({service.address()}, kWindow);
  std::vector<ovpn::Duration> latencies;
  broker.SetListener([&latencies](const ovpn::DecisionId&, ovpn::Duration latency) {
    latencies.push_back(latency);
  });
  const SampleConnect sample;
  const auto make_request = [&sample] {
    return policy::MakeDecisionRequest({.decision_id = "", .timeout = std::chrono::seconds(5)},
                                       sample.MakeRequest(0), policy::StreamTerms{});
  };
  BareCaller bare(service.address(), make_request, BareCaller::Messages::kReadyMade);
  BareCaller builder(service.address(), make_request, BareCaller::Messages::kBuiltEachTime);
  BareCaller hopper(service.address(), make_request, BareCaller::Messages::kBuiltEachTime,
                    BareCaller::Thread::kLoop);

  broker.Run(kDecisionsInWindow, kWindow);  // warm up
  bare.Run(kDecisionsInWindow, kWindow);
  builder.Run(kDecisionsInWindow, kWindow);
  hopper.Run(kDecisionsInWindow, kWindow);
  std::vector<double> throughput, broker_rate, bare_rate, builder_rate, hopper_rate;
  std::vector<double> added, broker_p50, bare_p50, builder_p50, hopper_p50;
  for (size_t round = 0; round < kRounds; ++round) {
    broker_rate.push_back(kDecisionsInWindow / Seconds(broker.Run(kDecisionsInWindow, kWindow)));
    bare_rate.push_back(kDecisionsInWindow / Seconds(bare.Run(kDecisionsInWindow, kWindow)));
    builder_rate.push_back(kDecisionsInWindow / Seconds(builder.Run(kDecisionsInWindow, kWindow)));
    hopper_rate.push_back(kDecisionsInWindow / Seconds(hopper.Run(kDecisionsInWindow, kWindow)));
    throughput.push_back(broker_rate.back() / bare_rate.back());
    latencies.clear();
    broker.Run(kDecisionsOneByOne, 1);
    broker_p50.push_back(MedianMicroseconds(latencies));
    bare.Run(kDecisionsOneByOne, 1);
    bare_p50.push_back(MedianMicroseconds(bare.latencies()));
    builder.Run(kDecisionsOneByOne, 1);
    builder_p50.push_back(MedianMicroseconds(builder.latencies()));
    hopper.Run(kDecisionsOneByOne, 1);
    hopper_p50.push_back(MedianMicroseconds(hopper.latencies()));
    added.push_back(broker_p50.back() / bare_p50.back());
  }
  if (!broker.all_allowed()) {
    std::cerr << "not every decision was an allow\n";
    return EXIT_FAILURE;
  }
  Inform("broker, 64 in flight", Median(broker_rate), "decisions/s");
  Inform("bare gRPC, 64 in flight", Median(bare_rate), "decisions/s");
  Inform("bare gRPC that builds each message, 64 in flight", Median(builder_rate), "decisions/s");
  Inform("bare gRPC that builds each message on a loop, 64 in flight", Median(hopper_rate),
         "decisions/s");
  Inform("broker, one at a time, p50", Median(broker_p50), "us");
  Inform("bare gRPC, one at a time, p50", Median(bare_p50), "us");
  Inform("bare gRPC that builds each message, one at a time, p50", Median(builder_p50), "us");
  Inform("bare gRPC that builds each message on a loop, one at a time, p50", Median(hopper_p50),
         "us");
  Report({"remote policy throughput", Median(throughput), Ratio::Bound::kAtLeast, 0.8,
          "bare gRPC stream, 64 in flight", "x"});
  Report({"remote policy latency, p50", Median(added), Ratio::Bound::kAtMost, 1.4,
          "bare gRPC ping-pong", "x"});
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace ovpnbroker::bench

int main(int argc, char** argv) {
  ovpnbroker::bench::ServeIfAsked(argc, argv);
  if (argc >= 2 && std::strcmp(argv[1], "--profile") == 0) {
    return ovpnbroker::bench::Profile(argc == 3 ? std::strtoul(argv[2], nullptr, 10)
                                                : ovpnbroker::bench::kWindow);
  }
  return ovpnbroker::bench::Main();
}
