//===- KernelBench.cpp - Contraction kernels against this machine's limits -===//
//
// kernel-bench [--cpu NAME] [--rounds N] [WORD...]: runs the cases whose names hold any of the words. Every round runs
// the limits (multiply-adds in registers, a read of memory) and every case once, in turn, so that all see the same
// clock; a case's share is the median over rounds of its rate by the limit's rate of the same round.
//
//===----------------------------------------------------------------------===//
#include "tools/bench/NativeKernel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

using namespace dlc;

namespace {
/// Time this thread ran: what other programs take of a shared machine does not count.
double threadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

struct Buffer {
  explicit Buffer(int64_t floats) : floats(floats) {
    data = static_cast<float *>(std::aligned_alloc(4096, (floats * 4 + 4095) / 4096 * 4096));
    for (int64_t i = 0; i < floats; ++i)
      data[i] = float(i % 113) * 0.01f - 0.5f;
  }
  Buffer(Buffer &&other) : data(std::exchange(other.data, nullptr)), floats(other.floats) {}
  ~Buffer() { std::free(data); }
  float *data;
  int64_t floats;
};

struct Case {
  std::string name;
  double work = 0; ///< of one call, in the limit's unit
  bool isMemory = false;
  std::function<void()> call;
  std::vector<double> rates{};
};

/// Ends a kernel: the results of a loop are added and stored, so that none is dead.
std::string storeSum(unsigned results, const std::string &type) {
  std::string text, sum = "%r#0";
  for (unsigned i = 1; i < results; ++i) {
    std::string next = "%sum" + std::to_string(i);
    text += "  " + next + " = arith.addf " + sum + ", %r#" + std::to_string(i) + " : " + type + "\n";
    sum = next;
  }
  return text + "  vector.store " + sum + ", %o[%c0] : memref<64xf32>, " + type + "\n  return\n}\n";
}

/// 24 chains of multiply-adds: enough for any latency, few enough for any register file but the 16 of AVX2.
std::string peakText(const Target &target, int64_t steps, unsigned chains) {
  std::string type = "vector<" + std::to_string(target.lanes(32)) + "xf32>", text;
  auto list = [&](std::string prefix) {
    std::vector<std::string> names;
    for (unsigned i = 0; i < chains; ++i)
      names.push_back(prefix + std::to_string(i));
    return llvm::join(names, ", ");
  };
  std::vector<std::string> init, types(chains, type);
  for (unsigned i = 0; i < chains; ++i)
    init.push_back("%a" + std::to_string(i) + " = %zero");
  text =
      "func.func @kernel(%o0: memref<f32>) {\n  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  %n "
      "= "
      "arith.constant " +
      std::to_string(steps) + " : index\n  %zero = arith.constant dense<0.0> : " + type +
      "\n  %o = memref.reinterpret_cast %o0 to offset: [0], sizes: [64], strides: [1] : memref<f32> to memref<64xf32>\n"
      "  %x = vector.load %o[%c0] : memref<64xf32>, " +
      type + "\n  %r:" + std::to_string(chains) + " = scf.for %i = %c0 to %n step %c1 iter_args(" +
      llvm::join(init, ", ") + ") -> (" + llvm::join(types, ", ") + ") {\n";
  for (unsigned i = 0; i < chains; ++i) {
    std::string n = std::to_string(i);
    if (target.fma)
      text += "    %f" + n + " = vector.fma %x, %x, %a" + n + " : " + type + "\n";
    else
      text += "    %m" + n + " = arith.mulf %x, %a" + n + " : " + type + "\n    %f" + n + " = arith.addf %m" + n +
              ", %x : " + type + "\n";
  }
  text += "    scf.yield " + list("%f") + " : " + llvm::join(types, ", ") + "\n  }\n";
  return text + storeSum(chains, type);
}

/// Reads `floats` floats in four streams.
std::string readText(const Target &target, int64_t floats) {
  unsigned lanes = target.lanes(32);
  std::string type = "vector<" + std::to_string(lanes) + "xf32>", buffer = "memref<" + std::to_string(floats) + "xf32>";
  std::string text = "func.func @kernel(%p0: memref<f32>, %o0: memref<f32>) {\n  %c0 = arith.constant 0 : index\n"
                     "  %quarter = arith.constant " +
                     std::to_string(floats / 4) + " : index\n  %two = arith.constant " + std::to_string(2 * lanes) +
                     " : index\n  %lanes = arith.constant " + std::to_string(lanes) +
                     " : index\n"
                     "  %zero = arith.constant dense<0.0> : " +
                     type + "\n  %p = memref.reinterpret_cast %p0 to offset: [0], sizes: [" + std::to_string(floats) +
                     "], strides: [1] : memref<f32> to " + buffer +
                     "\n  %o = memref.reinterpret_cast %o0 to offset: [0], sizes: [64], strides: [1] : memref<f32> to "
                     "memref<64xf32>\n";
  std::string init, types, yields;
  for (int i = 0; i < 8; ++i) {
    init += std::string(i ? ", " : "") + "%a" + std::to_string(i) + " = %zero";
    types += (i ? ", " : "") + type;
    yields += std::string(i ? ", " : "") + "%s" + std::to_string(i);
  }
  text += "  %r:8 = scf.for %i = %c0 to %quarter step %two iter_args(" + init + ") -> (" + types + ") {\n";
  for (int i = 0; i < 8; ++i) {
    std::string n = std::to_string(i), d = std::to_string(i / 2 * (floats / 4) + i % 2 * lanes);
    text += "    %d" + n + " = arith.constant " + d + " : index\n    %j" + n + " = arith.addi %i, %d" + n +
            " : index\n    %v" + n + " = vector.load %p[%j" + n + "] : " + buffer + ", " + type + "\n    %s" + n +
            " = arith.addf %a" + n + ", %v" + n + " : " + type + "\n";
  }
  text += "    scf.yield " + yields + " : " + types + "\n  }\n";
  return text + storeSum(8, type);
}

const char *const geluPayload = R"(
    %s = arith.addf %acc, %bias : f32
    %half = arith.constant 0.5 : f32
    %one = arith.constant 1.0 : f32
    %scale = arith.constant 0.70710678118654752 : f32
    %x = arith.mulf %s, %scale : f32
    %e = math.erf %x : f32
    %e1 = arith.addf %e, %one : f32
    %h = arith.mulf %s, %half : f32
    %g = arith.mulf %h, %e1 : f32
    mk.yield %g : f32
)";

/// A product of M x K by K x N. `packs`: the right operand arrives row-major and is packed `packedColumns` columns at a
/// time.
std::string gemmText(int64_t M, int64_t N, int64_t K, bool epilogue, int64_t packedColumns) {
  auto s = [](int64_t n) { return std::to_string(n); };
  std::string a = "memref<" + s(M) + "x" + s(K) + "xf32>", o = "memref<" + s(M) + "x" + s(N) + "xf32>";
  std::string b = "memref<" + s(N / 32) + "x" + s(K) + "x32xf32>", rowMajor = "memref<" + s(K) + "x" + s(N) + "xf32>";
  std::string text =
      "func.func @kernel(%a0: memref<f32>, %b0: memref<f32>, %c0: memref<f32>, %o0: memref<f32>, %s0: memref<f32>) {\n";
  auto cast = [&](std::string name, std::string sizes, std::string strides, std::string type) {
    text += "  %" + name + " = memref.reinterpret_cast %" + name + "0 to offset: [0], sizes: [" + sizes +
            "], strides: [" + strides + "] : memref<f32> to " + type + "\n";
  };
  cast("a", s(M) + ", " + s(K), s(K) + ", 1", a);
  cast("o", s(M) + ", " + s(N), s(N) + ", 1", o);
  cast("c", s(N), "1", "memref<" + s(N) + "xf32>");
  std::string maps = "maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>" +
                     std::string(epilogue ? ", affine_map<(m, n, k) -> (n)>" : "") +
                     ", affine_map<(m, n, k) -> (m, n)>]";
  std::string body = epilogue ? std::string("  ^bb0(%acc: f32, %bias: f32):") + geluPayload
                              : "  ^bb0(%acc: f32):\n    mk.yield %acc : f32\n";
  if (!packedColumns) {
    cast("b", s(N / 32) + ", " + s(K) + ", 32", s(K * 32) + ", 32, 1", b);
    return text + "  mk.brgemm ins(%a, %b : " + a + ", " + b + ")" +
           (epilogue ? " extras(%c : memref<" + s(N) + "xf32>)" : "") + " outs(%o : " + o + ") " + maps + " {\n" +
           body + "  }\n  return\n}\n";
  }
  int64_t T = packedColumns;
  std::string tile = "memref<" + s(T / 32) + "x" + s(K) + "x32xf32>";
  std::string bView = "memref<" + s(K) + "x" + s(T) + "xf32, strided<[" + s(N) + ", 1], offset: ?>>";
  std::string oView = "memref<" + s(M) + "x" + s(T) + "xf32, strided<[" + s(N) + ", 1], offset: ?>>";
  cast("b", s(K) + ", " + s(N), s(N) + ", 1", rowMajor);
  cast("s", s(T / 32) + ", " + s(K) + ", 32", s(K * 32) + ", 32, 1", tile);
  text += "  %zero = arith.constant 0 : index\n  %n = arith.constant " + s(N) + " : index\n  %t = arith.constant " +
          s(T) +
          " : index\n"
          "  scf.for %j = %zero to %n step %t {\n"
          "    %bj = memref.subview %b[0, %j] [" +
          s(K) + ", " + s(T) + "] [1, 1] : " + rowMajor + " to " + bView +
          "\n"
          "    %oj = memref.subview %o[0, %j] [" +
          s(M) + ", " + s(T) + "] [1, 1] : " + o + " to " + oView +
          "\n"
          "    mk.pack ins(%bj : " +
          bView + ") outs(%s : " + tile +
          ") map affine_map<(k, n) -> (k, n)>\n"
          "    mk.brgemm ins(%a, %s : " +
          a + ", " + tile + ") outs(%oj : " + oView + ") " + maps + " {\n" + body + "    }\n  }\n";
  return text + "  return\n}\n";
}

class Bench {
public:
  Bench(Target target, std::vector<std::string> words) : target(std::move(target)), words(std::move(words)) {
    unsigned chains = this->target.vectorRegisters == 32 ? 24 : 12;
    int64_t steps = 100000;
    auto *peak = compile<void(float *)>(peakText(this->target, steps, chains));
    float *out = buffer(64);
    cases.push_back({"multiply-add peak", 2.0 * steps * chains * this->target.lanes(32), false, [=] { peak(out); }});
    int64_t floats = 16 << 20;
    auto *read = compile<void(float *, float *)>(readText(this->target, floats));
    float *source = buffer(floats);
    cases.push_back({"read 64 MiB", 4.0 * floats, true, [=] { read(source, out); }});
  }

  void addGemm(std::string name, int64_t M, int64_t N, int64_t K, bool epilogue, int64_t packedColumns,
               bool isMemory = false) {
    if (!words.empty() &&
        llvm::none_of(words, [&](const std::string &word) { return llvm::StringRef(name).contains(word); }))
      return;
    auto *kernel =
        compile<void(float *, float *, float *, float *, float *)>(gemmText(M, N, K, epilogue, packedColumns));
    float *a = buffer(M * K), *b = buffer(N * K), *c = buffer(N), *o = buffer(M * N), *s = buffer(packedColumns * K);
    double work = isMemory ? 4.0 * N * K : 2.0 * M * N * K;
    cases.push_back({name, work, isMemory, [=] { kernel(a, b, c, o, s); }});
  }

  void run(unsigned rounds) {
    for (Case &each : cases)
      measure(each); // warm-up
    for (unsigned round = 0; round < rounds; ++round)
      for (Case &each : cases)
        each.rates.push_back(measure(each));
    for (Case &each : cases) {
      const std::vector<double> &limit = cases[each.isMemory ? 1 : 0].rates;
      std::vector<double> shares, rates = each.rates;
      for (unsigned round = 0; round < rounds; ++round)
        shares.push_back(each.rates[round] / limit[round]);
      llvm::outs() << llvm::format("%-28s %7.1f %s  %5.1f%%\n", each.name.c_str(), median(rates) / 1e9,
                                   each.isMemory ? "GB/s  " : "GFLOP/s", 100 * median(shares));
    }
  }

private:
  template <class Signature> Signature *compile(const std::string &text) {
    kernels.push_back(llvm::cantFail(NativeKernel::compile(text, target)));
    return kernels.back().get<Signature>("kernel");
  }
  float *buffer(int64_t floats) {
    buffers.emplace_back(floats);
    return buffers.back().data;
  }
  /// The best rate of a few calls of at least 2 ms: other work on the machine only ever slows a call.
  static double measure(Case &each) {
    double best = 0;
    for (int repeat = 0; repeat < 3; ++repeat) {
      double start = threadSeconds();
      int calls = 0;
      double seconds = 0;
      do {
        each.call();
        ++calls;
        seconds = threadSeconds() - start;
      } while (seconds < 2e-3);
      best = std::max(best, calls * each.work / seconds);
    }
    return best;
  }
  static double median(std::vector<double> values) {
    llvm::sort(values);
    return values[values.size() / 2];
  }

  Target target;
  std::vector<std::string> words;
  std::vector<NativeKernel> kernels;
  std::vector<Buffer> buffers;
  std::vector<Case> cases;
};
} // namespace

int main(int argc, char **argv) {
  std::string cpu = "native";
  unsigned rounds = 11;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument == "--cpu" && i + 1 < argc)
      cpu = argv[++i];
    else if (argument == "--rounds" && i + 1 < argc)
      rounds = std::max(1, atoi(argv[++i]));
    else
      words.push_back(argument.str());
  }
  llvm::Expected<Target> target = Target::get(cpu);
  if (!target) {
    llvm::errs() << "error: " << llvm::toString(target.takeError()) << "\n";
    return 2;
  }
  Bench bench(*target, words);
  for (int64_t size : {512, 1024, 2048}) {
    std::string n = std::to_string(size);
    bench.addGemm("packed " + n, size, size, size, false, 0);
    bench.addGemm("packed gelu " + n, size, size, size, true, 0);
    bench.addGemm("run-time " + n, size, size, size, false, 128);
  }
  bench.addGemm("M 7, 768", 7, 768, 768, false, 0);
  bench.addGemm("M 7, 3072", 7, 3072, 3072, false, 0);
  bench.addGemm("M 128, 768", 128, 768, 768, false, 0);
  bench.addGemm("M 128, 3072", 128, 3072, 3072, false, 0);
  for (int64_t M : {1, 2, 3, 4, 8})
    bench.addGemm("rows " + std::to_string(M) + ", 4096", M, 4096, 4096, false, 0, true);
  bench.run(rounds);
  return 0;
}
