//===- Target.cpp - CPU variants by name ----------------------------------===//
#include "compiler/target/Target.h"
#include "compiler/target/Cpu.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace dlc {

namespace {
struct FeatureBit {
  CpuFeature bit;
  StringRef name; ///< LLVM's name of the feature
};

constexpr FeatureBit featureBits[] = {
    {CpuFeature::Sse42, "sse4.2"},         {CpuFeature::Popcnt, "popcnt"},
    {CpuFeature::Avx, "avx"},              {CpuFeature::Avx2, "avx2"},
    {CpuFeature::Fma, "fma"},              {CpuFeature::F16c, "f16c"},
    {CpuFeature::Bmi, "bmi"},              {CpuFeature::Bmi2, "bmi2"},
    {CpuFeature::Lzcnt, "lzcnt"},          {CpuFeature::Movbe, "movbe"},
    {CpuFeature::Avx512f, "avx512f"},      {CpuFeature::Avx512cd, "avx512cd"},
    {CpuFeature::Avx512bw, "avx512bw"},    {CpuFeature::Avx512dq, "avx512dq"},
    {CpuFeature::Avx512vl, "avx512vl"},    {CpuFeature::Avx512vnni, "avx512vnni"},
    {CpuFeature::Avx512bf16, "avx512bf16"}, {CpuFeature::Avx512fp16, "avx512fp16"},
    {CpuFeature::Avx512vbmi, "avx512vbmi"}, {CpuFeature::Avx512vbmi2, "avx512vbmi2"},
    {CpuFeature::Avx512ifma, "avx512ifma"}, {CpuFeature::Avx512bitalg, "avx512bitalg"},
    {CpuFeature::Avx512vpopcntdq, "avx512vpopcntdq"}, {CpuFeature::Gfni, "gfni"},
    {CpuFeature::AvxVnni, "avxvnni"},      {CpuFeature::AmxTile, "amx-tile"},
    {CpuFeature::AmxInt8, "amx-int8"},     {CpuFeature::AmxBf16, "amx-bf16"},
};

constexpr StringRef supported[] = {"x86-64-v4", "x86-64-v3", "x86-64"};

Error unknownName(StringRef name) {
  return createStringError("unknown CPU '" + name + "': expected native, " + join(Target::names(), ", ") +
                           " or an x86-64 CPU name of LLVM such as sapphirerapids, skylake-avx512 or haswell");
}

Expected<Target> describe(StringRef name, StringRef cpu, StringRef features) {
  std::string why;
  const llvm::Target *backend = TargetRegistry::lookupTarget(Triple(cpuTriple), why);
  if (!backend)
    return createStringError(why);
  std::unique_ptr<MCSubtargetInfo> known(backend->createMCSubtargetInfo(Triple(cpuTriple), "x86-64", ""));
  if (!known->isCPUStringValid(cpu))
    return unknownName(name);
  std::unique_ptr<MCSubtargetInfo> info(backend->createMCSubtargetInfo(Triple(cpuTriple), cpu, features));
  auto has = [&](StringRef feature) { return info->checkFeatures(("+" + feature).str()); };
  // LLVM also knows 32-bit CPUs by name.
  if (!has("64bit"))
    return unknownName(name);

  Target target;
  target.name = name.str();
  target.cpu = cpu.str();
  target.features = features.str();
  target.fma = has("fma");
  // AVX-512 without VL, BW and DQ (Knights Landing) has no masks on narrow types: treated as AVX2.
  bool avx512 = has("avx512f") && has("avx512vl") && has("avx512bw") && has("avx512dq");
  target.masks = avx512;
  target.vectorBits = avx512 ? 512 : has("avx2") ? 256 : 128;
  target.vectorRegisters = avx512 ? 32 : 16;
  target.halfConversions = has("f16c");
  target.roundInstruction = has("sse4.1");
  for (const FeatureBit &feature : featureBits)
    if (has(feature.name))
      target.runtimeFeatures |= uint64_t(feature.bit);
  return target;
}

Expected<Target> describeHost() {
  std::vector<std::string> features;
  for (const auto &entry : sys::getHostCPUFeatures())
    features.push_back((entry.second ? "+" : "-") + entry.first().str());
  sort(features); // StringMap order is not stable
  return describe("native", sys::getHostCPUName(), join(features, ","));
}
} // namespace

std::vector<StringRef> Target::names() { return {std::begin(supported), std::end(supported)}; }

Expected<Target> Target::get(StringRef name) {
  initializeCpuBackend();
  if (name == "native")
    return describeHost();
  return describe(name, name, "");
}

} // namespace dlc
