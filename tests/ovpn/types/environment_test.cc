#include "ovpn/types/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string.h>

#include <string>
#include <utility>
#include <vector>

namespace ovpnbroker::ovpn {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, std::string>> Entries(const Environment& environment) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto [name, value] : environment) {
    entries.emplace_back(std::string(name), std::string(value));
  }
  return entries;
}

Environment Build(const std::vector<std::pair<std::string, std::string>>& entries) {
  Environment::Builder builder;
  for (const auto& [name, value] : entries) builder.Add(name, value);
  return builder.Build();
}

TEST(Environment, Empty_HasNothing) {
  const Environment environment;
  EXPECT_TRUE(environment.empty());
  EXPECT_EQ(environment.begin(), environment.end());
  EXPECT_EQ(environment.Get("username"), std::nullopt);
}

TEST(Environment, Entries_KeepTheirOrderAndBytes) {
  const std::string bytes("\xff=,\0 \"", 6);
  const Environment environment = Build({{"b", "2"}, {"a", bytes}, {"empty", ""}});
  EXPECT_THAT(Entries(environment),
              ElementsAre(Pair("b", "2"), Pair("a", bytes), Pair("empty", "")));
  EXPECT_EQ(environment[1].value, bytes);
  EXPECT_EQ(environment.size(), 3U);
  EXPECT_EQ(environment.byte_size(),
            strlen("b=2") + strlen("a=") + bytes.size() + strlen("empty="));
}

TEST(Environment, Get_TellsEmptyFromAbsent) {
  const Environment environment = Build({{"username", ""}});
  EXPECT_EQ(environment.Get("username"), "");
  EXPECT_EQ(environment.Get("user"), std::nullopt) << "names match whole";
  EXPECT_EQ(environment.GetOrEmpty("password"), "");
}

TEST(Environment, NameTwice_GetTakesTheFirst) {
  EXPECT_EQ(Build({{"a", "1"}, {"a", "2"}}).Get("a"), "1");
}

TEST(Environment, Moved_KeepsItsEntries) {
  Environment from = Build({{"short", "x"}});
  const Environment to = std::move(from);
  EXPECT_THAT(Entries(to), ElementsAre(Pair("short", "x")));
}

TEST(EnvironmentBuilder, MarkedEntriesOfATextAndOthers_StandBesideEachOther) {
  Environment::Builder builder;
  builder.Add("first", "1");
  builder.Mark(2, 3, 1);
  builder.Mark(7, 5, 2);
  builder.AddText("> a=1\n>bc=23\n");
  builder.Add("last", "");
  EXPECT_EQ(builder.byte_size(), strlen("first=1") + strlen("a=1bc=23") + strlen("last="));
  const Environment environment = builder.Build();
  EXPECT_THAT(Entries(environment),
              ElementsAre(Pair("first", "1"), Pair("a", "1"), Pair("bc", "23"), Pair("last", "")));
  EXPECT_EQ(environment.byte_size(), strlen("first=1") + strlen("a=1bc=23") + strlen("last="));
}

TEST(EnvironmentBuilder, Built_IsEmptyAgain) {
  Environment::Builder builder;
  builder.Add("a", "1");
  EXPECT_EQ(builder.size(), 1U);
  EXPECT_EQ(builder.byte_size(), 3U);
  builder.Build();
  EXPECT_EQ(builder.size(), 0U);
  EXPECT_EQ(builder.byte_size(), 0U);
  builder.Add("b", "2");
  EXPECT_THAT(Entries(builder.Build()), ElementsAre(Pair("b", "2")));
}

TEST(EnvironmentBuilder, LessThanBefore_HasNothingOfIt) {
  Environment::Builder builder;
  builder.Add("long", std::string(10'000, 'x'));
  builder.Clear();
  builder.Add("a", "1");
  const Environment environment = builder.Build();
  EXPECT_EQ(environment.byte_size(), 3U);
  EXPECT_THAT(Entries(environment), ElementsAre(Pair("a", "1")));
}

}  // namespace
}  // namespace ovpnbroker::ovpn
