//===- Header.h - The C header of a compiled model --------------*- C++ -*-===//
#pragma once

#include "compiler/package/Program.h"

namespace dlc {

/// The text of NAME.h: C99 that is also C++, with the shared types of runtime/model.h in it, behind their own guard.
std::string header(const Program &program);

} // namespace dlc
