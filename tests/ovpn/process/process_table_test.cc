#include "ovpn/process/process_table.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/ovpn/process/fake_proc.h"
#include "tests/support/temp_dir.h"

namespace ovpnbroker::ovpn {
namespace {

using test::FakeProc;
using test::FakeProcess;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr pid_t kBrokerPid = 77;

class ProcessTableTest : public ::testing::Test {
 protected:
  ProcessTableTest() {
    for (const char* name : {"office.conf", "other.conf"}) {
      std::ofstream(files_.File(name)) << "dev tun\n";
    }
    std::filesystem::create_symlink(files_.File("office.conf"), files_.File("link.conf"));
    std::filesystem::create_directory(files_.File("sub"));
  }

  std::vector<pid_t> Find() {
    std::vector<pid_t> pids;
    const ForeignQuery query{.config_file = files_.File("office.conf"),
                             .management_socket = files_.File("m.sock"),
                             .broker_pid = kBrokerPid};
    for (const ForeignProcess& process : ProcessTable(proc_.root()).FindForeignOpenvpn(query)) {
      pids.push_back(process.identity.pid);
    }
    return pids;
  }

  FakeProcess Running() {
    FakeProcess process;
    process.arguments = {"openvpn", "--config", files_.File("office.conf")};
    return process;
  }

  test::TempDir files_;
  FakeProc proc_;
};

TEST(ProcessTableStartTime, RunningProcess_IsInThePastAndAfterItsParents) {
  const ProcessTable table("/proc");
  const std::optional<WallTime> ours = table.StartTimeOf(getpid());
  const std::optional<WallTime> parents = table.StartTimeOf(getppid());
  ASSERT_TRUE(ours.has_value() && parents.has_value());
  // Two readings of the clock and two ticks lie between them.
  const auto tolerance = std::chrono::milliseconds(100);
  EXPECT_LE(*ours, std::chrono::system_clock::now() + tolerance);
  EXPECT_LE(*parents, *ours + tolerance);
}

TEST(ProcessTableStartTime, NoProcess_IsNothing) {
  EXPECT_FALSE(ProcessTable("/proc").StartTimeOf(0).has_value());
}

TEST_F(ProcessTableTest, EveryWayToNameTheConfiguration_IsFound) {
  const struct {
    std::vector<std::string> arguments;
    std::string directory;
  } ways[] = {
      {{"openvpn", "--config", files_.File("office.conf")}, "/"},
      {{"/usr/sbin/openvpn", "--verb", "3", "--config", files_.File("link.conf")}, "/"},
      {{"openvpn", files_.File("office.conf")}, "/"},
      {{"openvpn", "office.conf"}, files_.path()},
      {{"openvpn", "--config", "../office.conf"}, files_.File("sub")},
      {{"openvpn", "--cd", files_.path(), "--config", "office.conf"}, "/"},
      {{"openvpn", "--config", files_.File("other.conf"), "--config", files_.File("office.conf")},
       "/"},
      {{"openvpn", "--config", files_.File("other.conf"), "--management", files_.File("m.sock"),
        "unix"},
       "/"},
      {{"openvpn", "--management", "sub/../m.sock", "unix"}, files_.path()},
  };
  for (const auto& way : ways) {
    FakeProc proc;
    FakeProcess process;
    process.arguments = way.arguments;
    process.directory = way.directory;
    proc.Add(process);
    const ForeignQuery query{.config_file = files_.File("office.conf"),
                             .management_socket = files_.File("m.sock"),
                             .broker_pid = kBrokerPid};
    const auto found = ProcessTable(proc.root()).FindForeignOpenvpn(query);
    ASSERT_EQ(found.size(), 1u) << absl::StrJoin(way.arguments, " ");
    EXPECT_EQ(found[0].identity, (ProcessIdentity{100, 4242}));
    EXPECT_EQ(found[0].command, absl::StrJoin(way.arguments, " "));
  }
}

TEST_F(ProcessTableTest, OtherConfigurationOrProgram_IsNotFound) {
  FakeProcess other = Running();
  other.arguments = {"openvpn", "--config", files_.File("other.conf")};
  proc_.Add(other);
  FakeProcess editor = Running();
  editor.pid = 101;
  editor.program = "/usr/bin/vim";
  editor.arguments[0] = "vim";
  proc_.Add(editor);
  FakeProcess bare = Running();
  bare.pid = 102;
  bare.arguments = {"openvpn"};
  proc_.Add(bare);
  FakeProcess no_value = Running();
  no_value.pid = 103;
  no_value.arguments = {"openvpn", "--verb", "3", "--config"};
  proc_.Add(no_value);
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(ProcessTableTest, ProgramTellsByItsFile_WhenArgvDoesNot) {
  FakeProcess process = Running();
  process.arguments[0] = "office-vpn";
  process.program = "/usr/sbin/openvpn (deleted)";
  proc_.Add(process);
  EXPECT_THAT(Find(), ElementsAre(100));
}

TEST_F(ProcessTableTest, OtherMountNamespace_PathsAreFollowedFromItsRoot) {
  FakeProcess sandboxed = Running();
  sandboxed.mount_namespace = "mnt:[2]";
  proc_.Add(sandboxed);
  FakeProcess container = sandboxed;  // its file of that name is another one
  container.pid = 101;
  container.root = files_.File("sub");
  proc_.Add(container);
  EXPECT_THAT(Find(), ElementsAre(100));
}

TEST_F(ProcessTableTest, RunsCommand_InAMountNamespaceOfItsOwn_IsTrue) {
  FakeProcess sandboxed = Running();
  sandboxed.mount_namespace = "mnt:[2]";
  proc_.Add(sandboxed);
  FakeProcess other_pids = Running();
  other_pids.pid = 101;
  other_pids.pid_namespace = "pid:[2]";
  proc_.Add(other_pids);
  const ProcessTable table(proc_.root());
  EXPECT_TRUE(table.RunsCommand(100, sandboxed.arguments));
  EXPECT_FALSE(table.RunsCommand(100, {"openvpn"}));
  EXPECT_FALSE(table.RunsCommand(101, other_pids.arguments));
}

TEST_F(ProcessTableTest, OtherPidNamespace_IsNotTouched) {
  FakeProcess other_pids = Running();
  other_pids.pid = 101;
  other_pids.pid_namespace = "pid:[2]";
  proc_.Add(other_pids);
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(ProcessTableTest, OwnChildrenAndZombies_AreNotForeign) {
  FakeProcess child = Running();
  child.parent = kBrokerPid;
  proc_.Add(child);
  FakeProcess zombie = Running();
  zombie.pid = 101;
  zombie.state = 'Z';
  proc_.Add(zombie);
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(ProcessTableTest, StrangeCommandName_DoesNotShiftTheFields) {
  FakeProcess process = Running();
  process.name = "a) Z 1 (b";
  proc_.Add(process);
  EXPECT_THAT(Find(), ElementsAre(100));
}

TEST_F(ProcessTableTest, IsRunning_KnowsALaterProcessWithTheSamePid) {
  FakeProcess process = Running();
  proc_.Add(process);
  const ProcessTable table(proc_.root());
  const ProcessIdentity identity{process.pid, process.start_time};
  EXPECT_TRUE(table.IsRunning(identity));
  process.start_time += 1;
  proc_.SetStat(process);
  EXPECT_FALSE(table.IsRunning(identity));
  EXPECT_FALSE(table.IsRunning({9999, 1}));
}

TEST_F(ProcessTableTest, RealProc_KnowsThisProcess) {
  const ForeignQuery query{.config_file = files_.File("office.conf"),
                           .management_socket = files_.File("m.sock"),
                           .broker_pid = getpid()};
  EXPECT_THAT(ProcessTable("/proc").FindForeignOpenvpn(query), IsEmpty());
  EXPECT_FALSE(ProcessTable("/proc").IsRunning({getpid(), 1}));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
