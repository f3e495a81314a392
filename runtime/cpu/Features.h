//===- Features.h - What this machine offers ------------------------------===//
#pragma once

#include "runtime/program.h"

namespace dlc::runtime {

/// The DLC_CPU_* bits of this CPU that the operating system has enabled as well.
uint64_t cpuFeatures();

/// Asks the kernel for what `features` need beyond being there (AMX tile data is granted to a process on request).
/// False if it refuses.
bool requestFeatures(uint64_t features);

/// CPUs that this process may run on, at least 1.
int32_t cpuCount();

/// While it lives, floating point rounds to nearest and keeps denormals and masks exceptions, whatever the caller had
/// set: results do not depend on the thread that runs a tile.
class DefaultFloatMode {
public:
  DefaultFloatMode();
  ~DefaultFloatMode();
  DefaultFloatMode(const DefaultFloatMode &) = delete;

private:
  uint32_t saved;
};

} // namespace dlc::runtime
