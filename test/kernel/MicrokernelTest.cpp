//===- MicrokernelTest.cpp - mk.brgemm and mk.pack against plain loops ----===//
//
// Each kernel is compiled once with run-time extents and run on many shapes, and again with the extents in its types.
// Outputs have rows longer than N, so that a store past column N shows.
//
//===----------------------------------------------------------------------===//
#include "dialects/mk/Dialect.h"
#include "tools/bench/NativeKernel.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace dlc;

namespace {
constexpr int64_t Ms[] = {0, 1, 2, 5, 7, 12, 13, 14, 15, 33}, Ns[] = {1, 5, 16, 31, 32, 33, 100, 300},
                  Ks[] = {0, 1, 3, 64};
constexpr int64_t W = Target::packedColumns;

/// bf16, rounded to nearest; the libraries of this host need not know the type.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(double value) {
    uint32_t wide = llvm::bit_cast<uint32_t>(float(value));
    bits = (wide + 0x7fff + ((wide >> 16) & 1)) >> 16;
  }
  explicit operator double() const { return llvm::bit_cast<float>(uint32_t(bits) << 16); }
};

template <class T> struct Name;
template <> struct Name<float> { static constexpr char text[] = "f32"; };
template <> struct Name<double> { static constexpr char text[] = "f64"; };
template <> struct Name<_Float16> { static constexpr char text[] = "f16"; };
template <> struct Name<BFloat16> { static constexpr char text[] = "bf16"; };
template <> struct Name<int8_t> { static constexpr char text[] = "i8"; };
template <> struct Name<uint8_t> { static constexpr char text[] = "i8"; };
template <> struct Name<int16_t> { static constexpr char text[] = "i16"; };
template <> struct Name<int32_t> { static constexpr char text[] = "i32"; };
template <> struct Name<int64_t> { static constexpr char text[] = "i64"; };

std::string extent(int64_t n) { return n < 0 ? "?" : std::to_string(n); }
std::string orDynamic(bool isStatic, int64_t n) { return extent(isStatic ? n : -1); }

/// Extents that the kernel's types say; -1 for those that come at run time.
struct Extents {
  int64_t M = -1, N = -1, K = -1;
};

enum class Epilogue { None, BiasRelu, BiasResidual };

/// `kernel(a, b, bias, residual, out, M, N, K, rowStride)`; b packed.
template <class L, class R, class Acc, class Out>
std::string brgemmText(Extents e, bool transposed, Epilogue epilogue) {
  std::string l = Name<L>::text, r = Name<R>::text, acc = Name<Acc>::text, out = Name<Out>::text;
  bool isFloat = std::is_same_v<Acc, float> || std::is_same_v<Acc, double>;
  std::string M = extent(e.M), N = extent(e.N), K = extent(e.K);
  std::string panels = e.N < 0 ? "?" : std::to_string((e.N + W - 1) / W);
  auto size = [](int64_t n, std::string name) { return n < 0 ? "%" + name : std::to_string(n); };
  std::string sM = size(e.M, "M"), sN = size(e.N, "N"), sK = size(e.K, "K");
  std::string aShape = transposed ? K + "x" + M : M + "x" + K;
  std::string aSizes = transposed ? sK + ", " + sM : sM + ", " + sK;
  std::string aStride = transposed ? sM : sK, aStrideType = transposed ? M : K;
  std::string panelStride = e.K < 0 ? "%panel" : std::to_string(e.K * W),
              panelType = e.K < 0 ? "?" : std::to_string(e.K * W);
  std::string text = "func.func @kernel(%a0: memref<" + l + ">, %b0: memref<" + r + ">, %bias0: memref<" + acc +
                     ">, %res0: memref<" + out + ">, %out0: memref<" + out +
                     ">, %M: index, %N: index, %K: index, %ld: index) {\n"
                     "  %w = arith.constant 32 : index\n  %panel = arith.muli %K, %w : index\n"
                     "  %panels = arith.ceildivui %N, %w : index\n";
  std::string aType = "memref<" + aShape + "x" + l + ", strided<[" + aStrideType + ", 1]>>";
  std::string bType = "memref<" + panels + "x" + K + "x32x" + r + ", strided<[" + panelType + ", 32, 1]>>";
  std::string biasType = "memref<" + N + "x" + acc + ">";
  std::string outType = "memref<" + M + "x" + N + "x" + out + ", strided<[?, 1]>>";
  auto cast = [&](std::string name, std::string sizes, std::string strides, std::string from, std::string to) {
    text += "  %" + name + " = memref.reinterpret_cast %" + name + "0 to offset: [0], sizes: [" + sizes +
            "], strides: [" + strides + "] : memref<" + from + "> to " + to + "\n";
  };
  cast("a", aSizes, aStride + ", 1", l, aType);
  cast("b", (e.N < 0 ? "%panels" : panels) + ", " + sK + ", 32", panelStride + ", 32, 1", r, bType);
  cast("bias", sN, "1", acc, biasType);
  cast("res", sM + ", " + sN, "%ld, 1", out, outType);
  cast("out", sM + ", " + sN, "%ld, 1", out, outType);
  std::string extras, args = "%acc: " + acc, body, value = "%acc", maps;
  std::string add = isFloat ? "arith.addf" : "arith.addi";
  if (epilogue != Epilogue::None) {
    extras = " extras(%bias" + std::string(epilogue == Epilogue::BiasResidual ? ", %res : " : " : ") + biasType +
             (epilogue == Epilogue::BiasResidual ? ", " + outType : "") + ")";
    args += ", %c: " + acc;
    maps += ", affine_map<(m, n, k) -> (n)>";
    body += "  %s = " + add + " %acc, %c : " + acc + "\n";
    value = "%s";
  }
  if (epilogue == Epilogue::BiasRelu) {
    // More ops than the emitter unrolls, so that the loop over rows is taken.
    body += "  %z = arith.constant 0" + std::string(isFloat ? ".0" : "") + " : " + acc + "\n";
    for (int i = 0; i < 6; ++i) {
      std::string before = i ? "%t" + std::to_string(i - 1) : "%s";
      body += "  %t" + std::to_string(i) + " = " + add + " " + before + ", %z : " + acc + "\n";
    }
    body += "  %r = arith.max" + std::string(isFloat ? "imumf" : "si") + " %t5, %z : " + acc + "\n";
    value = "%r";
  }
  if (epilogue == Epilogue::BiasResidual) {
    args += ", %e: " + out;
    maps += ", affine_map<(m, n, k) -> (m, n)>";
  }
  if (acc != out) {
    body += "  %o = arith.trunc" + std::string(isFloat ? "f " : "i ") + value + " : " + acc + " to " + out + "\n";
    value = "%o";
  }
  if (epilogue == Epilogue::BiasResidual) {
    body += "  %q = " + add + " " + value + ", %e : " + out + "\n";
    value = "%q";
  }
  text += "  mk.brgemm ins(%a, %b : " + aType + ", " + bType + ")" + extras + " outs(%out : " + outType +
          ") maps [affine_map<(m, n, k) -> " + (transposed ? "(k, m)" : "(m, k)") +
          ">, affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>" + maps + ", affine_map<(m, n, k) -> (m, n)>]" +
          (std::is_unsigned_v<L> ? " unsigned_lhs" : "") + (std::is_unsigned_v<R> ? " unsigned_rhs" : "") +
          " {\n  ^bb0(" + args + "):\n" + body + "  mk.yield " + value + " : " + out + "\n  }\n  return\n}\n";
  return text;
}

std::vector<Target> targets() {
  std::vector<Target> result;
  uint64_t host = llvm::cantFail(Target::get("native")).runtimeFeatures;
  for (llvm::StringRef name : Target::names())
    if (Target target = llvm::cantFail(Target::get(name)); (target.runtimeFeatures & ~host) == 0)
      result.push_back(target);
  return result;
}

template <class T> std::vector<T> randomValues(int64_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<T> values(count + 64); // a pointer even when there is no element
  for (T &value : values)
    value = std::is_integral_v<T> ? T(engine()) : T(std::uniform_real_distribution<float>(-1, 1)(engine));
  return values;
}

template <class L, class R, class Acc, class Out> class Check {
public:
  using Kernel = void(const L *, const R *, const Acc *, const Out *, Out *, int64_t, int64_t, int64_t, int64_t);
  using Wide = std::conditional_t<std::is_integral_v<Acc>, int64_t, double>;
  using Sum = std::conditional_t<std::is_integral_v<Acc>, uint64_t, double>;

  static void compileAndRun(const Target &target, Extents extents, bool transposed, Epilogue epilogue) {
    SCOPED_TRACE(target.name + " " + Name<L>::text + " static " + std::to_string(extents.M) + " " +
                 std::to_string(extents.N) + " " + std::to_string(extents.K) + (transposed ? " transposed" : "") +
                 " epilogue " + std::to_string(int(epilogue)));
    std::string text = brgemmText<L, R, Acc, Out>(extents, transposed, epilogue);
    auto kernel = NativeKernel::compile(text, target);
    ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError()) << text;
    Kernel *function = kernel->template get<Kernel>("kernel");
    for (int64_t M : Ms)
      for (int64_t N : Ns)
        for (int64_t K : Ks)
          if ((extents.M < 0 || extents.M == M) && (extents.N < 0 || extents.N == N) &&
              (extents.K < 0 || extents.K == K)) {
            run(function, M, N, K, transposed, epilogue);
            if (::testing::Test::HasFailure())
              return;
          }
  }

  static void run(Kernel *kernel, int64_t M, int64_t N, int64_t K, bool transposed, Epilogue epilogue) {
    SCOPED_TRACE("M " + std::to_string(M) + " N " + std::to_string(N) + " K " + std::to_string(K));
    int64_t ld = N + 3, panels = (N + W - 1) / W;
    std::vector<L> a = randomValues<L>(M * K, 1);
    std::vector<R> b = randomValues<R>(K * N, 2), packed(panels * K * W + 64);
    std::vector<Acc> bias = randomValues<Acc>(N, 3);
    std::vector<Out> residual = randomValues<Out>(M * ld, 4), out(residual);
    mk::packConstant({reinterpret_cast<char *>(b.data()), size_t(K * N) * sizeof(R)},
                     {reinterpret_cast<char *>(packed.data()), size_t(panels * K * W) * sizeof(R)}, 1, K, N, W,
                     sizeof(R), false);
    // In place on the residual.
    kernel(a.data(), packed.data(), bias.data(), epilogue == Epilogue::BiasResidual ? out.data() : residual.data(),
           out.data(), M, N, K, ld);
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < ld; ++n) {
        Out got = out[m * ld + n];
        if (n >= N) {
          ASSERT_EQ(double(got), double(residual[m * ld + n])) << "overwritten at " << m << ", " << n;
          continue;
        }
        Sum sum = 0;
        double size = 1;
        for (int64_t k = 0; k < K; ++k) {
          Sum x = Sum(Acc(Wide(transposed ? a[k * M + m] : a[m * K + k]))), y = Sum(Acc(Wide(b[k * N + n])));
          sum += x * y;
          size += std::abs(double(x) * double(y));
        }
        if (epilogue != Epilogue::None)
          sum += Sum(bias[n]);
        if (epilogue == Epilogue::BiasRelu && !(double(Acc(sum)) > 0))
          sum = 0;
        if (epilogue == Epilogue::BiasResidual)
          sum += Sum(Wide(residual[m * ld + n]));
        if constexpr (std::is_integral_v<Acc>) {
          ASSERT_EQ(got, Out(sum)) << m << ", " << n;
        } else {
          double step = std::is_same_v<Out, double>     ? 1e-15
                        : std::is_same_v<Out, float>    ? 1e-6
                        : std::is_same_v<Out, _Float16> ? 2e-3
                                                        : 2e-2;
          ASSERT_NEAR(double(got), double(sum), step * size * 2) << m << ", " << n;
        }
      }
  }

  static void everything() {
    for (const Target &target : targets()) {
      compileAndRun(target, {}, false, Epilogue::BiasResidual);
      compileAndRun(target, {}, true, Epilogue::None);
      compileAndRun(target, {-1, 100, 64}, false, Epilogue::BiasRelu);
      compileAndRun(target, {13, 33, 3}, false, Epilogue::BiasResidual);
      if (::testing::Test::HasFailure())
        return;
    }
  }
};

TEST(Brgemm, F32) { Check<float, float, float, float>::everything(); }
TEST(Brgemm, F64) { Check<double, double, double, double>::everything(); }
TEST(Brgemm, F16) { Check<_Float16, _Float16, float, _Float16>::everything(); }
TEST(Brgemm, BF16) { Check<BFloat16, BFloat16, float, BFloat16>::everything(); }
TEST(Brgemm, F32OnHalfWeights) { Check<float, _Float16, float, float>::everything(); }
TEST(Brgemm, I64) { Check<int64_t, int64_t, int64_t, int64_t>::everything(); }
TEST(Brgemm, I32) { Check<int32_t, int32_t, int32_t, int32_t>::everything(); }
TEST(Brgemm, I16) { Check<int16_t, int16_t, int16_t, int16_t>::everything(); }
TEST(Brgemm, I8) { Check<int8_t, int8_t, int8_t, int8_t>::everything(); }
TEST(Brgemm, U8I8ToI32) { Check<uint8_t, int8_t, int32_t, int32_t>::everything(); }

TEST(Brgemm, StaticShapes) {
  for (const Target &target : targets())
    for (int64_t N : Ns)
      for (int64_t M : {int64_t(-1), int64_t(1), int64_t(7), int64_t(33)})
        Check<float, float, float, float>::compileAndRun(target, {M, N, 64}, false, Epilogue::BiasRelu);
}

/// A row's bits are those of the row alone.
TEST(Brgemm, RowBitsDoNotDependOnM) {
  int64_t N = 100, K = 64, M = 33;
  for (const Target &target : targets()) {
    auto kernel =
        NativeKernel::compile(brgemmText<float, float, float, float>({-1, N, -1}, false, Epilogue::BiasRelu), target);
    ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
    auto *function = kernel->get<Check<float, float, float, float>::Kernel>("kernel");
    std::vector<float> a = randomValues<float>(M * K, 1), b = randomValues<float>(4 * K * W, 2),
                       bias = randomValues<float>(N, 3), all(M * N), one(N);
    function(a.data(), b.data(), bias.data(), nullptr, all.data(), M, N, K, N);
    for (int64_t m = 0; m < M; ++m) {
      function(a.data() + m * K, b.data(), bias.data(), nullptr, one.data(), 1, N, K, N);
      ASSERT_EQ(0, std::memcmp(one.data(), all.data() + m * N, N * sizeof(float))) << target.name << " row " << m;
    }
  }
}

/// `kernel(source, packed, N, K)`.
template <class T> std::string packText(bool isStatic, bool transposed, int64_t N, int64_t K) {
  std::string t = Name<T>::text, sN = isStatic ? std::to_string(N) : "%N", sK = isStatic ? std::to_string(K) : "%K";
  std::string n = orDynamic(isStatic, N), k = orDynamic(isStatic, K), panels = orDynamic(isStatic, (N + W - 1) / W);
  std::string source = "memref<" + (transposed ? n + "x" + k : k + "x" + n) + "x" + t + ">";
  std::string packed = "memref<" + panels + "x" + k + "x32x" + t + ">";
  return "func.func @kernel(%s0: memref<" + t + ">, %p0: memref<" + t +
         ">, %N: index, %K: index) {\n"
         "  %w = arith.constant 32 : index\n  %panel = arith.muli %K, %w : index\n  %panels = arith.ceildivui %N, %w : "
         "index\n"
         "  %s = memref.reinterpret_cast %s0 to offset: [0], sizes: [" +
         (transposed ? sN + ", " + sK : sK + ", " + sN) + "], strides: [" + (transposed ? sK : sN) + ", 1] : memref<" +
         t + "> to " + source +
         "\n"
         "  %p = memref.reinterpret_cast %p0 to offset: [0], sizes: [" +
         (isStatic ? panels : "%panels") + ", " + sK + ", 32], strides: [" +
         (isStatic ? std::to_string(K * W) : "%panel") + ", 32, 1] : memref<" + t + "> to " + packed +
         "\n"
         "  mk.pack ins(%s : " +
         source + ") outs(%p : " + packed + ") map affine_map<(k, n) -> " + (transposed ? "(n, k)" : "(k, n)") +
         ">\n  return\n}\n";
}

template <class T> class CheckPack {
public:
  using Kernel = void(const T *, T *, int64_t, int64_t);

  static void run(Kernel *kernel, bool transposed, int64_t N, int64_t K) {
    SCOPED_TRACE("N " + std::to_string(N) + " K " + std::to_string(K));
    size_t size = (N + W - 1) / W * K * W;
    std::vector<T> source = randomValues<T>(N * K, 1), packed(size + 8, T(7)), expected(packed);
    mk::packConstant({reinterpret_cast<char *>(source.data()), size_t(N * K) * sizeof(T)},
                     {reinterpret_cast<char *>(expected.data()), size * sizeof(T)}, 1, K, N, W, sizeof(T), transposed);
    kernel(source.data(), packed.data(), N, K);
    ASSERT_EQ(0, std::memcmp(packed.data(), expected.data(), packed.size() * sizeof(T)));
  }

  static void everything() {
    for (const Target &target : targets())
      for (bool transposed : {false, true}) {
        SCOPED_TRACE(target.name + (transposed ? " transposed" : ""));
        auto compile = [&](bool isStatic, int64_t N, int64_t K) {
          return NativeKernel::compile(packText<T>(isStatic, transposed, N, K), target);
        };
        auto general = compile(false, 0, 0);
        ASSERT_TRUE(bool(general)) << llvm::toString(general.takeError());
        for (int64_t N : Ns)
          for (int64_t K : Ks)
            run(general->template get<Kernel>("kernel"), transposed, N, K);
        for (auto [N, K] : {std::pair<int64_t, int64_t>{5, 0}, {64, 40}, {100, 64}}) {
          auto fixed = compile(true, N, K);
          ASSERT_TRUE(bool(fixed)) << llvm::toString(fixed.takeError());
          run(fixed->template get<Kernel>("kernel"), transposed, N, K);
        }
      }
  }
};

TEST(Pack, F32) { CheckPack<float>::everything(); }
TEST(Pack, F64) { CheckPack<double>::everything(); }
TEST(Pack, I8) { CheckPack<int8_t>::everything(); }
} // namespace
