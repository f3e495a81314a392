//===- GenericKernel.cpp - One linalg op on test buffers ------------------===//
#include "test/kernel/GenericKernel.h"

#include "compiler/target/Cpu.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "tools/bench/NativeKernel.h"
#include <cmath>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace dlc {

namespace {
unsigned bytesOf(const std::string &type) {
  if (type == "index" || type == "i64" || type == "f64")
    return 8;
  return type == "i32" || type == "f32" ? 4 : type == "i8" ? 1 : 2;
}

std::vector<int64_t> stridesOf(const TestOperand &operand) {
  if (!operand.strides.empty())
    return operand.strides;
  std::vector<int64_t> strides(operand.sizes.size(), 1);
  for (size_t i = strides.size(); i-- > 1;)
    strides[i - 1] = strides[i] * operand.sizes[i];
  return strides;
}

/// Where element 0 lies, and how many elements the buffer has.
std::pair<int64_t, int64_t> extentOf(const TestOperand &operand) {
  int64_t below = 0, above = 0;
  std::vector<int64_t> strides = stridesOf(operand);
  for (size_t i = 0; i < strides.size(); ++i) {
    int64_t reach = std::max<int64_t>(operand.sizes[i] - 1, 0) * strides[i];
    (reach < 0 ? below : above) += reach;
  }
  return {-below, above - below + 1};
}

/// Memory whose last byte is followed by a page that may not be touched.
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t bytes) {
    size_t page = sysconf(_SC_PAGESIZE);
    mapped = (bytes + page - 1) / page * page + page;
    base = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base + mapped - page, page, PROT_NONE);
    data = base + mapped - page - bytes;
  }
  GuardedBuffer(GuardedBuffer &&o) : data(o.data), base(o.base), mapped(o.mapped) { o.base = nullptr; }
  ~GuardedBuffer() {
    if (base)
      munmap(base, mapped);
  }
  char *data;

private:
  char *base;
  size_t mapped;
};

void put(char *at, const std::string &type, int64_t value) {
  auto as = [&](auto typed) { std::memcpy(at, &typed, sizeof typed); };
  if (type == "f32")
    as(float(value));
  else if (type == "f64")
    as(double(value));
  else if (type == "f16")
    as(_Float16(value));
  else if (type == "bf16") {
    float wide = float(value); // whole numbers this small are exact in bf16
    std::memcpy(at, reinterpret_cast<char *>(&wide) + 2, 2);
  } else
    std::memcpy(at, &value, bytesOf(type));
}

double get(const char *at, const std::string &type) {
  auto as = [&](auto typed) {
    std::memcpy(&typed, at, sizeof typed);
    return double(typed);
  };
  if (type == "bf16") {
    uint16_t half;
    std::memcpy(&half, at, 2);
    uint32_t wide = uint32_t(half) << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return value;
  }
  return type == "f32"   ? as(float())
         : type == "f64" ? as(double())
         : type == "f16" ? as(_Float16())
         : type == "i8"  ? as(int8_t())
         : type == "i16" ? as(int16_t())
         : type == "i32" ? as(int32_t())
                         : as(int64_t());
}

std::string join(const std::vector<std::string> &parts) {
  std::string result;
  for (const std::string &part : parts)
    result += (result.empty() ? "" : ", ") + part;
  return result;
}

/// func.func @kernel(%p0: memref<f32>, ..., %extents: memref<i64>)
std::string makeText(const TestKernel &kernel, bool isDynamic) {
  std::string arguments, casts, body = kernel.text;
  unsigned extent = 0;
  auto value = [&](int64_t constant) {
    std::string name = "%e" + std::to_string(extent);
    if (!isDynamic)
      return std::to_string(constant);
    casts += "  %x" + name.substr(1) + " = arith.constant " + std::to_string(extent) + " : index\n  %l" +
             name.substr(1) + " = memref.load %all[%x" + name.substr(1) + "] : memref<1000xi64>\n  " + name +
             " = arith.index_cast %l" + name.substr(1) + " : i64 to index\n";
    ++extent;
    return name;
  };
  for (size_t i = 0; i < kernel.operands.size(); ++i) {
    const TestOperand &operand = kernel.operands[i];
    std::string n = std::to_string(i);
    arguments += "%p" + n + ": memref<" + operand.type + ">, ";
    std::vector<std::string> sizes, strides, strideTypes;
    std::string shape;
    std::vector<int64_t> numbers = stridesOf(operand);
    bool contiguous = operand.strides.empty();
    for (size_t d = 0; d < operand.sizes.size(); ++d) {
      sizes.push_back(value(operand.sizes[d]));
      shape += (isDynamic ? "?" : std::to_string(operand.sizes[d])) + "x";
      bool unit = contiguous ? d + 1 == operand.sizes.size() : numbers[d] == 1;
      bool inType = !isDynamic || unit;
      strides.push_back(inType ? std::to_string(numbers[d]) : value(numbers[d]));
      strideTypes.push_back(inType ? std::to_string(numbers[d]) : "?");
    }
    int64_t start = extentOf(operand).first;
    std::string type = "memref<" + shape + operand.type;
    if (!contiguous)
      type += ", strided<[" + join(strideTypes) + "], offset: " + std::to_string(start) + ">";
    type += ">";
    casts += "  %" + n + " = memref.reinterpret_cast %p" + n + " to offset: [" + std::to_string(start) + "], sizes: [" +
             join(sizes) + "], strides: [" + join(strides) + "] : memref<" + operand.type + "> to " + type + "\n";
    for (size_t at; (at = body.find("$" + n)) != std::string::npos;)
      body.replace(at, 1 + n.size(), type);
  }
  return "func.func @kernel(" + arguments + "%extents: memref<i64>) {\n" +
         "  %all = memref.reinterpret_cast %extents to offset: [0], sizes: [1000], strides: [1] : memref<i64> to "
         "memref<1000xi64>\n" +
         casts + body + "\n  return\n}\n";
}

std::vector<int64_t> extentsOf(const TestKernel &kernel) {
  std::vector<int64_t> result;
  for (const TestOperand &operand : kernel.operands) {
    std::vector<int64_t> strides = stridesOf(operand);
    bool contiguous = operand.strides.empty();
    for (size_t d = 0; d < strides.size(); ++d) {
      result.push_back(operand.sizes[d]);
      bool unit = contiguous ? d + 1 == strides.size() : strides[d] == 1;
      if (!unit)
        result.push_back(strides[d]);
    }
  }
  return result;
}

/// The same function as scalar loops over loads, the payload, and stores.
std::string asLoops(const std::string &text) {
  DialectRegistry registry;
  registerCpuDialects(registry);
  registry.insert<linalg::LinalgDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  passes.addPass(createLowerAffinePass());
  if (!module || failed(passes.run(*module)))
    return "";
  std::string result;
  llvm::raw_string_ostream out(result);
  module->print(out);
  return result;
}

using Code = std::function<void(std::vector<char *> &, int64_t *)>;

/// Compiled kernels are kept: one with extents at run time serves many shapes.
Code compiled(const std::string &text, const Target &target) {
  static std::map<std::string, NativeKernel> kernels;
  std::string key = target.name + "\n" + text;
  auto found = kernels.find(key);
  if (found == kernels.end()) {
    llvm::Expected<NativeKernel> kernel = NativeKernel::compile(text, target);
    if (!kernel) {
      llvm::consumeError(kernel.takeError());
      return nullptr;
    }
    found = kernels.emplace(key, std::move(*kernel)).first;
  }
  NativeKernel *kernel = &found->second;
  return [kernel](std::vector<char *> &p, int64_t *extents) {
    using V = char *;
    switch (p.size()) {
    case 1: return kernel->get<void(V, int64_t *)>("kernel")(p[0], extents);
    case 2: return kernel->get<void(V, V, int64_t *)>("kernel")(p[0], p[1], extents);
    case 3: return kernel->get<void(V, V, V, int64_t *)>("kernel")(p[0], p[1], p[2], extents);
    case 4: return kernel->get<void(V, V, V, V, int64_t *)>("kernel")(p[0], p[1], p[2], p[3], extents);
    default: return kernel->get<void(V, V, V, V, V, int64_t *)>("kernel")(p[0], p[1], p[2], p[3], p[4], extents);
    }
  };
}
} // namespace

std::vector<Target> runnableTargets() {
  Target host = llvm::cantFail(Target::get("native"));
  std::vector<Target> result;
  for (llvm::StringRef name : Target::names()) {
    Target target = llvm::cantFail(Target::get(name));
    if ((target.runtimeFeatures & ~host.runtimeFeatures) == 0)
      result.push_back(target);
  }
  return result;
}

std::string checkKernel(const TestKernel &kernel, const Target &target, bool isDynamic) {
  std::string text = makeText(kernel, isDynamic);
  Code fast = compiled(text, target);
  static std::map<std::string, std::string> loops;
  auto [entry, isNew] = loops.try_emplace(text);
  if (isNew)
    entry->second = asLoops(text);
  Code plain = entry->second.empty() ? nullptr : compiled(entry->second, llvm::cantFail(Target::get("x86-64")));
  if (!fast || !plain)
    return "does not compile:\n" + text;

  std::mt19937 random(17);
  std::vector<GuardedBuffer> actual, expected;
  std::vector<char *> actualPointers, expectedPointers;
  for (const TestOperand &operand : kernel.operands) {
    size_t bytes = extentOf(operand).second * bytesOf(operand.type);
    GuardedBuffer &a = actual.emplace_back(bytes), &e = expected.emplace_back(bytes);
    std::uniform_int_distribution<int64_t> draw(operand.low, operand.high);
    for (size_t at = 0; at < bytes; at += bytesOf(operand.type))
      put(a.data + at, operand.type, draw(random));
    std::memcpy(e.data, a.data, bytes);
    actualPointers.push_back(a.data);
    expectedPointers.push_back(e.data);
  }
  std::vector<int64_t> extents = extentsOf(kernel);
  fast(actualPointers, extents.data());
  plain(expectedPointers, extents.data());

  for (size_t i = 0; i < kernel.operands.size(); ++i) {
    const std::string &type = kernel.operands[i].type;
    unsigned width = bytesOf(type);
    for (int64_t at = 0; at < extentOf(kernel.operands[i]).second; ++at) {
      const char *a = actual[i].data + at * width, *e = expected[i].data + at * width;
      if (std::memcmp(a, e, width) == 0)
        continue;
      double x = get(a, type), y = get(e, type);
      if ((std::isnan(x) && std::isnan(y)) || x == y || std::abs(x - y) <= kernel.tolerance * std::abs(y))
        continue;
      return target.name + (isDynamic ? ", dynamic" : ", static") + ": operand " + std::to_string(i) + " element " +
             std::to_string(at) + ": expected " + std::to_string(y) + ", got " + std::to_string(x) + "\n" + text;
    }
  }
  return "";
}

} // namespace dlc
