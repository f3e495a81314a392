//===- VectorizeTest.cpp - Vector loops against plain loops ---------------===//
//
// Elements are small whole numbers: sums and products are exact in every order, so results must agree to the bit.
//
//===----------------------------------------------------------------------===//
#include "test/kernel/GenericKernel.h"
#include "gtest/gtest.h"

using namespace dlc;

namespace {
constexpr int64_t sizes[] = {0, 1, 3, 15, 16, 17, 33, 100};

/// Compares for every runnable variant, with dynamic extents and with static ones.
void check(const TestKernel &kernel) {
  static const std::vector<Target> targets = runnableTargets();
  for (const Target &target : targets)
    for (bool isDynamic : {true, false})
      EXPECT_EQ(checkKernel(kernel, target, isDynamic), "");
}

void checkDynamic(const TestKernel &kernel) {
  static const std::vector<Target> targets = runnableTargets();
  for (const Target &target : targets)
    EXPECT_EQ(checkKernel(kernel, target, true), "");
}

/// A linalg.generic. `maps`: results of each operand's map over d0.., `iterators`: p and r; the last `outputs` operands
/// are outputs; block arguments are %a0, %a1, ...
std::string generic(const std::vector<TestOperand> &operands, const std::vector<std::string> &maps,
                    const std::string &iterators, const std::string &body, unsigned outputs = 1) {
  std::string dims, text = "  linalg.generic {indexing_maps = [", names[2], types[2], arguments;
  for (size_t d = 0; d < iterators.size(); ++d)
    dims += (d ? ", d" : "d") + std::to_string(d);
  for (size_t i = 0; i < maps.size(); ++i)
    text += (i ? ", affine_map<(" : "affine_map<(") + dims + ") -> (" + maps[i] + ")>";
  text += "], iterator_types = [";
  for (size_t d = 0; d < iterators.size(); ++d)
    text += std::string(d ? ", " : "") + (iterators[d] == 'p' ? "\"parallel\"" : "\"reduction\"");
  for (size_t i = 0; i < operands.size(); ++i) {
    bool out = i + outputs >= operands.size();
    names[out] += (names[out].empty() ? "%" : ", %") + std::to_string(i);
    types[out] += (types[out].empty() ? "$" : ", $") + std::to_string(i);
    arguments += (i ? ", %a" : "%a") + std::to_string(i) + ": " + operands[i].type;
  }
  text += "]}";
  if (!names[0].empty())
    text += " ins(" + names[0] + " : " + types[0] + ")";
  return text + " outs(" + names[1] + " : " + types[1] + ") {\n  ^bb0(" + arguments + "):\n" + body + "\n  }";
}

TestKernel kernelOf(std::vector<TestOperand> operands, const std::vector<std::string> &maps,
                    const std::string &iterators, const std::string &body, unsigned outputs = 1) {
  return {generic(operands, maps, iterators, body, outputs), operands};
}

const std::string add = "%r = arith.addf %a0, %a1 : f32\nlinalg.yield %r : f32";
} // namespace

TEST(Vectorize, AddsContiguousRows) {
  for (int64_t m : {0, 1, 5})
    for (int64_t n : sizes)
      check(kernelOf({{"f32", {m, n}}, {"f32", {m, n}}, {"f32", {m, n}}}, {"d0, d1", "d0, d1", "d0, d1"}, "pp", add));
}

TEST(Vectorize, AddsRowsWithGaps) {
  for (int64_t n : sizes)
    check(kernelOf({{"f32", {5, n}, {120, 1}}, {"f32", {5, n}, {110, 1}}, {"f32", {5, n}, {101, 1}}},
                   {"d0, d1", "d0, d1", "d0, d1"}, "pp", add));
}

TEST(Vectorize, BroadcastsRowsColumnsAndScalars) {
  for (int64_t n : sizes) {
    check(kernelOf({{"f32", {5, n}}, {"f32", {n}}, {"f32", {5, n}}}, {"d0, d1", "d1", "d0, d1"}, "pp", add));
    check(kernelOf({{"f32", {5, n}}, {"f32", {5}}, {"f32", {5, n}}}, {"d0, d1", "d0", "d0, d1"}, "pp", add));
    check(kernelOf({{"f32", {n}}, {"f32", {1}}, {"f32", {n}}}, {"d0", "0", "d0"}, "p", add));
  }
}

TEST(Vectorize, UpdatesInPlace) {
  for (int64_t n : sizes)
    check(kernelOf({{"f32", {5}}, {"f32", {5, n}}}, {"d0", "d0, d1"}, "pp", add));
}

TEST(Vectorize, ComputesInEveryType) {
  for (std::string type : {"f64", "f16", "bf16", "i8", "i16", "i32", "i64"}) {
    std::string op = type.find('f') != std::string::npos ? "f" : "i";
    std::string body = "%p = arith.mul" + op + " %a0, %a1 : " + type + "\n%r = arith.add" + op + " %p, %a2 : " + type +
                       "\nlinalg.yield %r : " + type;
    for (int64_t n : sizes)
      check(kernelOf({{type, {3, n}}, {type, {n}}, {type, {3, n}}}, {"d0, d1", "d1", "d0, d1"}, "pp", body));
  }
}

TEST(Vectorize, ConvertsBetweenTypes) {
  struct Conversion {
    std::string from, to, body;
  };
  const Conversion conversions[] = {
      {"i8", "f32", "%r = arith.sitofp %a0 : i8 to f32"},
      {"f32", "i8", "%r = arith.fptosi %a0 : f32 to i8"},
      {"f16", "f32", "%r = arith.extf %a0 : f16 to f32"},
      {"f32", "f16", "%r = arith.truncf %a0 : f32 to f16"},
      {"bf16", "f32", "%r = arith.extf %a0 : bf16 to f32"},
      {"f32", "bf16", "%r = arith.truncf %a0 : f32 to bf16"},
      {"f64", "f16", "%r = arith.truncf %a0 : f64 to f16"},
      {"f16", "f64", "%r = arith.extf %a0 : f16 to f64"},
      {"i64", "f16", "%r = arith.sitofp %a0 : i64 to f16"},
      {"i64", "f32", "%r = arith.sitofp %a0 : i64 to f32"},
      {"f32", "i64", "%r = arith.fptosi %a0 : f32 to i64"},
      {"i32", "i64", "%r = arith.extsi %a0 : i32 to i64"},
      {"i64", "i8", "%r = arith.trunci %a0 : i64 to i8"},
      {"f32", "f64", "%r = arith.extf %a0 : f32 to f64"},
      {"f64", "f32", "%r = arith.truncf %a0 : f64 to f32"},
      {"f64", "i32", "%r = arith.fptosi %a0 : f64 to i32"},
      {"i16", "bf16", "%r = arith.sitofp %a0 : i16 to bf16"},
  };
  for (const Conversion &c : conversions)
    for (int64_t n : {1, 17, 33, 100})
      check(kernelOf({{c.from, {n}}, {c.to, {n}}}, {"d0", "d0"}, "p", c.body + "\nlinalg.yield %r : " + c.to));
}

TEST(Vectorize, KeepsBoolsInBytes) {
  std::string compare = "%t = arith.cmpf ogt, %a0, %a1 : f32\n%r = arith.extui %t : i1 to i8\nlinalg.yield %r : i8";
  std::string choose = "%t = arith.trunci %a0 : i8 to i1\n%r = arith.select %t, %a1, %a2 : f32\nlinalg.yield %r : f32";
  for (int64_t n : sizes) {
    check(kernelOf({{"f32", {n}}, {"f32", {n}}, {"i8", {n}}}, {"d0", "d0", "d0"}, "p", compare));
    check(kernelOf({{"i8", {n}, {}, 0, 1}, {"f32", {n}}, {"f32", {n}}}, {"d0", "d0", "d0"}, "p", choose));
    check(kernelOf({{"i8", {}, {}, 0, 1}, {"f32", {n}}, {"f32", {n}}}, {"", "d0", "d0"}, "p", choose));
  }
}

TEST(Vectorize, TransposesMatrices) {
  for (std::string type : {"f32", "f64", "i16", "i8"}) {
    std::string yield = "linalg.yield %a0 : " + type;
    for (int64_t m : sizes)
      for (int64_t n : {1, 3, 16, 17, 40})
        checkDynamic(kernelOf({{type, {m, n}}, {type, {n, m}}}, {"d1, d0", "d0, d1"}, "pp", yield));
    for (int64_t m : {16, 17, 33})
      for (int64_t n : {2, 3, 4, 16, 40})
        check(kernelOf({{type, {m, n}}, {type, {n, m}}}, {"d1, d0", "d0, d1"}, "pp", yield));
  }
}

TEST(Vectorize, PermutesThreeDims) {
  for (std::string in : {"d0, d1, d2", "d0, d2, d1", "d1, d0, d2", "d1, d2, d0", "d2, d0, d1", "d2, d1, d0"}) {
    const int64_t extents[] = {17, 5, 33};
    std::vector<int64_t> shape;
    for (char c : in)
      if (c >= '0' && c <= '9')
        shape.push_back(extents[c - '0']);
    for (std::string type : {"f32", "f64", "i8"})
      check(kernelOf({{type, shape}, {type, {17, 5, 33}}}, {in, "d0, d1, d2"}, "ppp", "linalg.yield %a0 : " + type));
  }
}

TEST(Vectorize, TransposesWithinAnExpression) {
  for (int64_t n : {1, 16, 17, 33}) {
    std::string body = "%s = arith.addf %a0, %a1 : f32\n%t = arith.mulf %s, %a2 : f32\n"
                       "%r = arith.addf %t, %a3 : f32\nlinalg.yield %r : f32";
    check(kernelOf({{"f32", {n, 33}}, {"f32", {33}}, {"f32", {n}}, {"f32", {33, n}}},
                   {"d1, d0", "d0", "d1", "d0, d1"}, "pp", body));
  }
}

TEST(Vectorize, ReadsAndWritesWithStrides) {
  for (int64_t stride : {2, 3, 4, 5, -1, -2})
    for (std::string type : {"f32", "i8", "f64"})
      for (int64_t n : {1, 16, 33, 100}) {
        std::string yield = "linalg.yield %a0 : " + type;
        check(kernelOf({{type, {n}, {stride}}, {type, {n}}}, {"d0", "d0"}, "p", yield));
        check(kernelOf({{type, {n}}, {type, {n}, {stride}}}, {"d0", "d0"}, "p", yield));
        check(kernelOf({{type, {stride > 0 ? n * stride : n}}, {type, {n}}},
                       {stride > 0 ? "d0 * " + std::to_string(stride) : "d0", "d0"}, "p", yield));
      }
}

TEST(Vectorize, ReducesAnyDims) {
  const std::string shapes[] = {"d0, d1", "d0, d2", "d1, d2", "d0", "d1", "d2", ""};
  for (int64_t n : sizes)
    for (const std::string &out : shapes) {
      std::vector<int64_t> extents = {3, 5, n}, kept;
      std::string iterators = "rrr";
      for (char c : out)
        if (c >= '0' && c <= '9') {
          kept.push_back(extents[c - '0']);
          iterators[c - '0'] = 'p';
        }
      checkDynamic(kernelOf({{"f32", extents}, {"f32", kept}}, {"d0, d1, d2", out}, iterators, add));
      if (n == 17)
        check(kernelOf({{"f32", extents}, {"f32", kept}}, {"d0, d1, d2", out}, iterators, add));
    }
}

TEST(Vectorize, ReducesByEveryOperation) {
  struct Combiner {
    std::string op, type;
    int64_t low = -8, high = 8;
  };
  const Combiner combiners[] = {{"mulf", "f32", 1, 1}, {"maximumf", "f32"}, {"minimumf", "f64"}, {"maxnumf", "f32"},
                                {"addi", "i32"},       {"addi", "i64"},     {"muli", "i32", 1, 2}, {"maxsi", "i8"},
                                {"minsi", "i64"},      {"maxui", "i8"},     {"minui", "i16"},    {"andi", "i8"},
                                {"ori", "i8"},         {"xori", "i32"},     {"addf", "f64"}};
  for (const Combiner &c : combiners)
    for (int64_t n : {0, 1, 17, 100, 200}) {
      std::string body = "%r = arith." + c.op + " %a1, %a0 : " + c.type + "\nlinalg.yield %r : " + c.type;
      check(kernelOf({{c.type, {3, n}, {}, c.low, c.high}, {c.type, {3}}}, {"d0, d1", "d0"}, "pr", body));
      check(kernelOf({{c.type, {n, 37}, {}, c.low, c.high}, {c.type, {37}}}, {"d0, d1", "d1"}, "rp", body));
    }
}

TEST(Vectorize, ReducesIntoSeveralResults) {
  std::string body = "%s = arith.addf %a1, %a0 : f32\n%q = arith.mulf %a0, %a0 : f32\n%t = arith.addf %a2, %q : f32\n"
                     "linalg.yield %s, %t, %q : f32, f32, f32";
  for (int64_t n : sizes)
    check(kernelOf({{"f32", {3, n}}, {"f32", {3}}, {"f32", {3}}, {"f32", {3, n}}}, {"d0, d1", "d0", "d0", "d0, d1"},
                   "pr", body, 3));
}

TEST(Vectorize, KeepsUnknownReductionsInOrder) {
  // acc = acc * 2 + x has no neutral element and no other order.
  std::string body = "%c = arith.constant 3 : i32\n%d = arith.muli %a1, %c : i32\n%r = arith.addi %d, %a0 : i32\n"
                     "linalg.yield %r : i32";
  for (int64_t n : {0, 1, 33}) {
    check(kernelOf({{"i32", {3, n}}, {"i32", {3}}}, {"d0, d1", "d0"}, "pr", body));
    check(kernelOf({{"i32", {n, 37}}, {"i32", {37}}}, {"d0, d1", "d1"}, "rp", body));
  }
}

TEST(Vectorize, FindsArguments) {
  for (std::string predicate : {"ogt", "oge", "olt", "ole"})
    for (std::string axis : {"d0, d1", "d1, d0"})
      for (int64_t n : sizes) {
        std::string body = "%i = linalg.index 1 : index\n%k = arith.index_cast %i : index to i64\n%c = arith.cmpf " +
                           predicate + ", %a0, %a1 : f32\n%v = arith.select %c, %a0, %a1 : f32\n" +
                           "%j = arith.select %c, %k, %a2 : i64\nlinalg.yield %v, %j : f32, i64";
        int64_t start = predicate[1] == 'g' ? -100 : 100;
        std::vector<int64_t> shape = axis[1] == '0' ? std::vector<int64_t>{3, n} : std::vector<int64_t>{n, 3};
        // The outputs start below (above) every element, as the compiler initializes them.
        checkDynamic(kernelOf({{"f32", shape}, {"f32", {3}, {}, start, start}, {"i64", {3}, {}, 0, 0}},
                              {axis, "d0", "d0"}, "pr", body, 2));
      }
}

TEST(Vectorize, MultipliesMatrices) {
  std::string body = "%p = arith.mulf %a0, %a1 : f32\n%r = arith.addf %a2, %p : f32\nlinalg.yield %r : f32";
  for (int64_t n : {1, 7, 16, 33, 70})
    for (int64_t k : {0, 1, 16, 33}) {
      check(kernelOf({{"f32", {5, k}}, {"f32", {k, n}}, {"f32", {5, n}}}, {"d0, d2", "d2, d1", "d0, d1"}, "ppr", body));
      checkDynamic(kernelOf({{"f32", {k, 5}}, {"f32", {k, n}}, {"f32", {5, n}}}, {"d2, d0", "d2, d1", "d0, d1"}, "ppr", body));
      checkDynamic(kernelOf({{"f32", {5, k}}, {"f32", {n, k}}, {"f32", {5, n}}}, {"d0, d2", "d1, d2", "d0, d1"}, "ppr", body));
    }
}

TEST(Vectorize, SlidesWindows) {
  std::string most = "%r = arith.maximumf %a2, %a0 : f32\nlinalg.yield %r : f32";
  for (int64_t n : {1, 16, 33})
    check(kernelOf({{"f32", {2 * n + 3, 5}}, {"f32", {3}}, {"f32", {n, 5}}}, {"d0 * 2 + d2, d1", "d2", "d0, d1"}, "ppr",
                   most));
  for (int64_t n : {1, 16, 33})
    check(kernelOf({{"f32", {5, 2 * n + 3}}, {"f32", {3}}, {"f32", {5, n}}}, {"d0, d1 * 2 + d2", "d2", "d0, d1"}, "ppr",
                   most));
}

TEST(Vectorize, DividesAndWrapsIndices) {
  for (int64_t n : {1, 16, 33, 64}) {
    std::string yield = "linalg.yield %a0 : f32";
    check(kernelOf({{"f32", {n / 2 + 1}}, {"f32", {n}}}, {"d0 floordiv 2", "d0"}, "p", yield));
    check(kernelOf({{"f32", {7}}, {"f32", {n}}}, {"d0 mod 7", "d0"}, "p", yield));
    check(kernelOf({{"f32", {n / 3 + 1, 20}}, {"f32", {n, 20}}}, {"d0 floordiv 3, d1", "d0, d1"}, "pp", yield));
  }
}

TEST(Vectorize, UsesIndicesAsValues) {
  std::string body = "%i = linalg.index 1 : index\n%j = linalg.index 0 : index\n%c = arith.constant 3 : index\n"
                     "%k = arith.muli %i, %c : index\n%s = arith.addi %k, %j : index\n"
                     "%v = arith.index_cast %s : index to i32\n%r = arith.sitofp %v : i32 to f32\nlinalg.yield %r : f32";
  for (int64_t n : sizes)
    check(kernelOf({{"f32", {3, n}}}, {"d0, d1"}, "pp", body));
}

TEST(Vectorize, GathersThroughIndices) {
  for (int64_t n : {1, 16, 33}) {
    // Single elements.
    std::string element = "%i = arith.index_cast %a0 : i64 to index\n%r = memref.load %2[%i] : $2\nlinalg.yield %r : f32";
    std::vector<TestOperand> operands = {{"i64", {n}, {}, 0, 19}, {"f32", {n}}, {"f32", {20}}};
    TestKernel one{generic({operands[0], operands[1]}, {"d0", "d0"}, "p", element), operands};
    check(one);
    // Whole rows, shifted by a constant.
    std::string row = "%i = arith.index_cast %a0 : i64 to index\n%j = linalg.index 1 : index\n"
                      "%c = arith.constant 2 : index\n%k = arith.addi %j, %c : index\n"
                      "%r = memref.load %2[%i, %k] : $2\nlinalg.yield %r : f32";
    operands = {{"i64", {5}, {}, 0, 6}, {"f32", {5, n}}, {"f32", {7, n + 2}}};
    TestKernel rows{generic({operands[0], operands[1]}, {"d0", "d0, d1"}, "pp", row), operands};
    check(rows);
    // Along the first dim: a constant stride.
    std::string column = "%j = linalg.index 0 : index\n%c = arith.constant 3 : index\n"
                         "%r = memref.load %1[%j, %c] : $1\nlinalg.yield %r : f32";
    operands = {{"f32", {n}}, {"f32", {n, 6}}};
    TestKernel columns{generic({operands[0]}, {"d0"}, "p", column), operands};
    check(columns);
  }
}

TEST(Vectorize, ReportsThroughAStatusWord) {
  // The effect must happen where any element asks for it, and only then: not for what a mask hides.
  std::string body = "%z = arith.constant 0 : i32\n%o = arith.constant 1 : i32\n%bad = arith.cmpi eq, %a1, %z : i32\n"
                     "scf.if %bad {\n %w = arith.constant 7 : i64\n memref.store %w, %3[] : $3\n}\n"
                     "%d = arith.select %bad, %o, %a1 : i32\n%r = arith.divsi %a0, %d : i32\nlinalg.yield %r : i32";
  for (int64_t low : {0, 1})
    for (int64_t n : sizes) {
      std::vector<TestOperand> operands = {{"i32", {n}}, {"i32", {n}, {}, low, 3}, {"i32", {n}}, {"i64", {}}};
      check({generic({operands[0], operands[1], operands[2]}, {"d0", "d0", "d0"}, "p", body), operands});
    }
}

TEST(Vectorize, DividesIntegers) {
  for (std::string type : {"i8", "i16", "i32", "i64"})
    for (std::string op : {"divsi", "remsi", "divui", "remui", "floordivsi", "ceildivsi"}) {
      std::string body = "%r = arith." + op + " %a0, %a1 : " + type + "\nlinalg.yield %r : " + type;
      // Large dividends by divisors of all sizes, and the extremes by small ones.
      int64_t most = type == "i8" ? 127 : type == "i16" ? 32767 : 2147483647;
      for (int64_t divisor : {most, int64_t(3)})
        checkDynamic(kernelOf({{type, {1000}, {}, -most, most}, {type, {1000}, {}, 1, divisor}, {type, {1000}}},
                              {"d0", "d0", "d0"}, "p", body));
    }
  // Masked lanes hold no zero that would trap.
  std::string body = "%r = arith.remsi %a0, %a1 : i64\nlinalg.yield %r : i64";
  for (int64_t n : sizes)
    check(kernelOf({{"i64", {n}}, {"i64", {n}, {}, 1, 8}, {"i64", {n}}}, {"d0", "d0", "d0"}, "p", body));
}

TEST(Vectorize, DividesByOneNumber) {
  // Zeros among the dividends and divisors too; quotients of whole numbers are rounded every which way.
  std::string body = "%r = arith.divf %a0, %a1 : f32\nlinalg.yield %r : f32";
  for (int64_t most : {0, 8, 1000000000})
    check(kernelOf({{"f32", {50, 33}, {}, -most, most}, {"f32", {50}, {}, -most, most}, {"f32", {50, 33}}},
                   {"d0, d1", "d0", "d0, d1"}, "pp", body));
}

TEST(Vectorize, TakesNamedOps) {
  for (int64_t n : {1, 17, 33}) {
    std::vector<TestOperand> matrix = {{"f32", {n, 20}}, {"f32", {20, n}}};
    check({"  linalg.transpose ins(%0 : $0) outs(%1 : $1) permutation = [1, 0]", matrix});
    check({"  linalg.copy ins(%0 : $0) outs(%1 : $1)", {{"f32", {n, 20}}, {"f32", {n, 20}, {31, 1}}}});
    check({"  memref.copy %0, %1 : $0 to $1", {{"f32", {n, 20}, {40, 2}}, {"f32", {n, 20}}}});
    check({"  %c = arith.constant 3.0 : f32\n  linalg.fill ins(%c : f32) outs(%0 : $0)", {{"f32", {n, 20}}}});
    check({"  linalg.broadcast ins(%0 : $0) outs(%1 : $1) dimensions = [0]", {{"f32", {20}}, {"f32", {n, 20}}}});
    check({"  linalg.matmul ins(%0, %1 : $0, $1) outs(%2 : $2)",
           {{"f32", {n, 20}}, {"f32", {20, 19}}, {"f32", {n, 19}}}});
  }
}

TEST(Vectorize, SkipsUnitDims) {
  for (int64_t n : {1, 17})
    check(kernelOf({{"f32", {1, n, 1}}, {"f32", {1}}, {"f32", {1, n, 1}}}, {"d0, d1, d2", "d0", "d0, d1, d2"}, "ppp",
                   add));
}
