// ovpn-brokerctl pools: how full the address pools are, who has which address, and giving one back.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ctl/admin_client.h"
#include "server/ctl/command.h"
#include "server/ctl/human.h"
#include "server/ctl/output.h"
#include "server/ctl/table.h"

namespace ovpnbroker::ctl {
namespace {

constexpr auto kRight = Table::Align::kRight;

// Calls `call`, and prints its response as JSON or by `print`.
template <typename Response, typename Call, typename Print>
ExitCode Show(const GlobalOptions& global, Call call, Print print) {
  const auto client = AdminClient::Connect(global);
  if (client == nullptr) return ExitCode::kUnreachable;
  Response response;
  const grpc::Status status = call(*client, response);
  if (!status.ok()) return ReportFailure(status);
  if (!PrintedForPrograms(global, response)) {
    print(global, response);
  }
  return ExitCode::kOk;
}

void PrintPools(const GlobalOptions& global, const admin::v1::ListAddressPoolsResponse& response) {
  Table table({{"POOL"},
               {"IPV4 SIZE", kRight},
               {"IPV6 SIZE", kRight},
               {"HELD", kRight},
               {"LEASES", kRight},
               {"GIVEN", kRight, Table::Keep::kShort},
               {"EVICTED", kRight, Table::Keep::kShort},
               {"EXHAUSTED", kRight}});
  const auto size = [](uint64_t count) { return count == 0 ? "" : absl::StrCat(count); };
  for (const admin::v1::AddressPool& pool : response.pools()) {
    const Color color = pool.exhausted_count() > 0 ? Color::kWarning : Color::kNone;
    table.AddRow({pool.name(), size(pool.ipv4_size()), size(pool.ipv6_size()),
                  absl::StrCat(pool.held_lease_count()), absl::StrCat(pool.lease_count()),
                  absl::StrCat(pool.given_count()), absl::StrCat(pool.evicted_count()),
                  Cell(absl::StrCat(pool.exhausted_count()), color)});
  }
  PrintTable(global, table);
}

void PrintLeases(const GlobalOptions& global,
                 const admin::v1::ListAddressLeasesResponse& response) {
  Table table({{"IPV4"}, {"IPV6"}, {"STATE"}, {"LAST USE", kRight}, {"USER"}});
  for (const admin::v1::AddressLease& lease : response.leases()) {
    table.AddRow({lease.ipv4_address(), lease.ipv6_address(),
                  lease.held() ? Cell("held", Color::kGood) : Cell("kept"),
                  HumanAge(lease.last_use_time()), lease.user()});
  }
  PrintTable(global, table);
}

ExitCode RunPools(const GlobalOptions& global) {
  return Show<admin::v1::ListAddressPoolsResponse>(
      global, [](AdminClient& client, auto& response) { return client.ListAddressPools(response); },
      PrintPools);
}

ExitCode RunLeases(const GlobalOptions& global, const std::string& pool) {
  return Show<admin::v1::ListAddressLeasesResponse>(
      global,
      [&pool](AdminClient& client, auto& response) {
        return client.ListAddressLeases(pool, response);
      },
      PrintLeases);
}

ExitCode RunRelease(const GlobalOptions& global,
                    const admin::v1::ReleaseAddressLeaseRequest& request) {
  return Show<admin::v1::ReleaseAddressLeaseResponse>(
      global,
      [&request](AdminClient& client, auto& response) {
        return client.ReleaseAddressLease(request, response);
      },
      [&request](const auto&, const auto&) { std::cout << request.address() << " is free\n"; });
}

}  // namespace

void AddPoolsCommand(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("pools", "Address pools: how full they are, who has what");
  command->footer(
      "HELD counts leases of live sessions, LEASES also those kept for users who are away.\n"
      "Examples:\n"
      "  ovpn-brokerctl pools\n"
      "  ovpn-brokerctl pools leases staff\n"
      "  ovpn-brokerctl pools release staff 10.8.1.20");
  struct Arguments {
    std::string pool;
    std::string address;
  };
  const auto arguments = std::make_shared<Arguments>();

  CLI::App* leases = command->add_subcommand("leases", "Who has which address of a pool");
  leases->add_option("POOL", arguments->pool, "The pool's name")->required();
  leases->callback([&line, arguments] {
    line.run = [&line, arguments] { return RunLeases(line.global, arguments->pool); };
  });

  CLI::App* release = command->add_subcommand("release", "Give an address back whose user is away");
  release->add_option("POOL", arguments->pool, "The pool's name")->required();
  release->add_option("ADDRESS", arguments->address, "One of the lease's addresses")->required();
  release->callback([&line, arguments] {
    line.run = [&line, arguments] {
      admin::v1::ReleaseAddressLeaseRequest request;
      request.set_pool(arguments->pool);
      request.set_address(arguments->address);
      return RunRelease(line.global, request);
    };
  });

  // A parent's callback comes after its subcommand's.
  command->callback([&line, command] {
    if (command->get_subcommands().empty()) {
      line.run = [&line] { return RunPools(line.global); };
    }
  });
}

}  // namespace ovpnbroker::ctl
