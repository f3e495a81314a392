//===- RowBench.cpp - Row kernels beside memcpy ---------------------------===//
//
// row-bench [CPU]: softmax, layer norm, gelu and add over 4096 x 1024 f32 on one thread, each alternating with a memcpy
// of as many bytes as it reads and writes once; medians, and their ratio.
//
//===----------------------------------------------------------------------===//
#include "tools/bench/NativeKernel.h"
#include <algorithm>
#include <cstring>
#include <ctime>
#include <sys/mman.h>

using namespace dlc;

namespace {
constexpr int64_t rows = 4096, columns = 1024, repeats = 41;

// What the tiler leaves of each: generics on one row, within the loop over rows.
constexpr const char *prologue = R"(
#all = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
!row = memref<1x1024xf32, strided<[1024, 1], offset: ?>>
func.func @kernel(%x0: memref<f32>, %g0: memref<f32>, %y0: memref<f32>, %rows: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = memref.reinterpret_cast %x0 to offset: [0], sizes: [%rows, 1024], strides: [1024, 1] : memref<f32> to memref<?x1024xf32>
  %y = memref.reinterpret_cast %y0 to offset: [0], sizes: [%rows, 1024], strides: [1024, 1] : memref<f32> to memref<?x1024xf32>
  %g = memref.reinterpret_cast %g0 to offset: [0], sizes: [1024], strides: [1] : memref<f32> to memref<1024xf32>
  %m = memref.alloca() : memref<1xf32>
  %s = memref.alloca() : memref<1xf32>
  %lowest = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %rows step %c1 {
    %xi = memref.subview %x[%i, 0] [1, 1024] [1, 1] : memref<?x1024xf32> to !row
    %yi = memref.subview %y[%i, 0] [1, 1024] [1, 1] : memref<?x1024xf32> to !row
)";

constexpr const char *softmax = R"(
    linalg.fill ins(%lowest : f32) outs(%m : memref<1xf32>)
    linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%xi : !row) outs(%m : memref<1xf32>) {
    ^bb0(%a: f32, %b: f32):
      %r = arith.maximumf %a, %b : f32
      linalg.yield %r : f32
    }
    linalg.fill ins(%zero : f32) outs(%s : memref<1xf32>)
    linalg.generic {indexing_maps = [#all, #row, #all, #row], iterator_types = ["parallel", "reduction"]} ins(%xi, %m : !row, memref<1xf32>) outs(%yi, %s : !row, memref<1xf32>) {
    ^bb0(%a: f32, %b: f32, %c: f32, %d: f32):
      %k = arith.subf %a, %b : f32
      %e = math.exp %k : f32
      %t = arith.addf %d, %e : f32
      linalg.yield %e, %t : f32, f32
    }
    linalg.generic {indexing_maps = [#row, #all], iterator_types = ["parallel", "parallel"]} ins(%s : memref<1xf32>) outs(%yi : !row) {
    ^bb0(%a: f32, %b: f32):
      %r = arith.divf %b, %a : f32
      linalg.yield %r : f32
    })";

constexpr const char *layerNorm = R"(
    linalg.fill ins(%zero : f32) outs(%m : memref<1xf32>)
    linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]} ins(%xi : !row) outs(%m : memref<1xf32>) {
    ^bb0(%a: f32, %b: f32):
      %r = arith.addf %a, %b : f32
      linalg.yield %r : f32
    }
    linalg.fill ins(%zero : f32) outs(%s : memref<1xf32>)
    linalg.generic {indexing_maps = [#all, #row, #row], iterator_types = ["parallel", "reduction"]} ins(%xi, %m : !row, memref<1xf32>) outs(%s : memref<1xf32>) {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %n = arith.constant 9.765625e-4 : f32
      %mean = arith.mulf %b, %n : f32
      %k = arith.subf %a, %mean : f32
      %q = arith.mulf %k, %k : f32
      %t = arith.addf %c, %q : f32
      linalg.yield %t : f32
    }
    linalg.generic {indexing_maps = [#all, #row, #row, #column, #all], iterator_types = ["parallel", "parallel"]} ins(%xi, %m, %s, %g : !row, memref<1xf32>, memref<1xf32>, memref<1024xf32>) outs(%yi : !row) {
    ^bb0(%a: f32, %b: f32, %c: f32, %d: f32, %o: f32):
      %n = arith.constant 9.765625e-4 : f32
      %epsilon = arith.constant 1.0e-5 : f32
      %mean = arith.mulf %b, %n : f32
      %v = arith.mulf %c, %n : f32
      %w = arith.addf %v, %epsilon : f32
      %f = math.rsqrt %w : f32
      %k = arith.subf %a, %mean : f32
      %p = arith.mulf %k, %f : f32
      %r = arith.mulf %p, %d : f32
      linalg.yield %r : f32
    })";

constexpr const char *gelu = R"(
    linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]} ins(%xi : !row) outs(%yi : !row) {
    ^bb0(%a: f32, %o: f32):
      %h = arith.constant 0.5 : f32
      %one = arith.constant 1.0 : f32
      %q = arith.constant 0.70710678118654752 : f32
      %b = arith.mulf %a, %q : f32
      %e = math.erf %b : f32
      %f = arith.addf %e, %one : f32
      %g1 = arith.mulf %a, %h : f32
      %r = arith.mulf %g1, %f : f32
      linalg.yield %r : f32
    })";

constexpr const char *add = R"(
    linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]} ins(%xi, %g : !row, memref<1024xf32>) outs(%yi : !row) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %r = arith.addf %a, %b : f32
      linalg.yield %r : f32
    })";

using Kernel = void(float *, float *, float *, int64_t);

/// Time of this thread, so that other programs on the machine count as little as may be.
double seconds(llvm::function_ref<void()> work) {
  auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
  };
  double start = now();
  work();
  return now() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Page-aligned memory, touched.
float *allocate(int64_t count) {
  size_t bytes = (count * sizeof(float) + 4095) / 4096 * 4096;
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto *result = static_cast<float *>(memory);
  for (int64_t i = 0; i < count; ++i)
    result[i] = float(i * 7919 % 1999) / 250 - 4;
  return result;
}
} // namespace

int main(int argc, char **argv) {
  llvm::Expected<Target> target = Target::get(argc > 1 ? argv[1] : "native");
  if (!target) {
    llvm::errs() << llvm::toString(target.takeError()) << "\n";
    return 2;
  }
  float *x = allocate(rows * columns), *y = allocate(rows * columns), *g = allocate(columns);
  const std::pair<const char *, const char *> cases[] = {
      {"softmax", softmax}, {"layer norm", layerNorm}, {"gelu", gelu}, {"add row", add}};
  std::printf("%-12s %10s %10s %7s   (%s, %ld x %ld, one thread, medians of %ld)\n", "kernel", "ms", "memcpy ms", "ratio",
              target->cpu.c_str(), long(rows), long(columns), long(repeats));
  for (auto [name, body] : cases) {
    auto kernel = NativeKernel::compile(std::string(prologue) + body + "\n  }\n  return\n}\n", *target);
    if (!kernel) {
      llvm::errs() << name << ": " << llvm::toString(kernel.takeError()) << "\n";
      return 1;
    }
    auto *run = kernel->get<Kernel>("kernel");
    std::vector<double> own, copy;
    for (int64_t i = 0; i < repeats; ++i) {
      own.push_back(seconds([&] { run(x, g, y, rows); }));
      copy.push_back(seconds([&] { std::memcpy(y, x, rows * columns * sizeof(float)); }));
    }
    std::printf("%-12s %10.3f %10.3f %7.2f\n", name, median(own) * 1e3, median(copy) * 1e3, median(own) / median(copy));
  }
  return 0;
}
