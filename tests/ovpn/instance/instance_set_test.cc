#include "ovpn/instance/instance_set.h"

#include "tests/ovpn/instance/instance_fixture.h"

namespace ovpnbroker::ovpn {
namespace {

class InstanceSetTest : public InstanceTest {
 protected:
  InstanceSetTest() {
    for (const char* name : {"office", "lab"}) set_.Add(MakeInstance(MakeConfig(name)));
  }
  void StartAll() {
    for (const auto& instance : set_.all()) instance->Start();
    ASSERT_TRUE(RunUntil([&] { return launcher_.launches() == 2; }));
  }

  InstanceSet set_;
};

TEST_F(InstanceSetTest, Find_KnowsNames) {
  EXPECT_EQ(set_.Find("lab"), set_.all()[1].get());
  EXPECT_EQ(set_.Find("nowhere"), nullptr);
  EXPECT_EQ(set_.FindSession("no-such-session"), nullptr);
}

TEST_F(InstanceSetTest, StopAll_CallsBackWhenTheLastIsDown) {
  ASSERT_NO_FATAL_FAILURE(StartAll());
  int calls = 0;
  set_.StopAll([&] { ++calls; });
  launcher_.child(1).Exit(0);
  EXPECT_EQ(calls, 0);
  launcher_.child(0).Exit(0);
  EXPECT_EQ(calls, 1);
}

TEST_F(InstanceSetTest, StopAllWithNothingToStop_CallsBackAtOnce) {
  int calls = 0;
  set_.StopAll([&] { ++calls; });
  EXPECT_EQ(calls, 1);
  InstanceSet().StopAll([&] { ++calls; });
  EXPECT_EQ(calls, 2);
}

TEST_F(InstanceSetTest, DestroyedBeforeTheLastIsDown_CallsNobody) {
  ASSERT_NO_FATAL_FAILURE(StartAll());
  int calls = 0;
  set_.StopAll([&] { ++calls; });
  set_ = InstanceSet();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace ovpnbroker::ovpn
