#include "tools/dlc/Amount.h"
#include <gtest/gtest.h>

using namespace llvm;

namespace {

/// The value where N is 5 and S is 7.
std::optional<int64_t> valueOf(StringRef text) {
  return dlc::Amount(cantFail(json::parse(text))).at([](StringRef name) -> std::optional<int64_t> {
    if (name == "N")
      return 5;
    return name == "S" ? std::optional<int64_t>(7) : std::nullopt;
  });
}

TEST(Amount, IsASumOfProducts) {
  EXPECT_EQ(valueOf("[]"), 0);
  EXPECT_EQ(valueOf("[[3]]"), 3);
  EXPECT_EQ(valueOf(R"([[2,"N","S"],[1,"S"],[-4]])"), 73);
  EXPECT_EQ(valueOf(R"([[9007199254740993]])"), 9007199254740993); // no double has it
}

TEST(Amount, DividesAsCompiledCodeDoes) {
  EXPECT_EQ(valueOf(R"([[10,["floordiv",[[1,"S"]],[[2]]]]])"), 30);
  EXPECT_EQ(valueOf(R"([[1,["floordiv",[[-1,"S"]],[[2]]]]])"), -4);
  EXPECT_EQ(valueOf(R"([[1,["ceildiv",[[1,"S"]],[[2]]]]])"), 4);
  EXPECT_EQ(valueOf(R"([[1,["ceildiv",[[-1,"S"]],[[2]]]]])"), -3);
  EXPECT_EQ(valueOf(R"([[1,["mod",[[-1,"S"]],[[1,"N"]]]]])"), 3);
  EXPECT_EQ(valueOf(R"([[1,["floordiv",[[1,"S"]],[[0]]]]])"), 7);
  EXPECT_EQ(valueOf(R"([[2,["min",[[1,"S"]],[[1,"N"]]]],[1,["max",[[1,"S"]],[[1,"N"]]]]])"), 17);
}

TEST(Amount, IsUnknownWhereItCannotBeTold) {
  for (StringRef text :
       {"null", "3", R"([[2,"M"]])", R"([3])", R"([[1,["pow",[[2]],[[2]]]]])", R"([[1,["min",[[2]]]]])",
        R"([[9223372036854775807,2]])", R"([[9223372036854775807],[1]])", R"([[1,1.5]])"})
    EXPECT_EQ(valueOf(text), std::nullopt) << text.str();
}

} // namespace
