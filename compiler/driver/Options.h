//===- Options.h - What a user may ask of a compile --------------*- C++ -*-===//
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dlc {

struct CompileOptions {
  std::string outputFolder = ".";
  std::string name;                       ///< prefix of exported symbols; empty: from the file's name
  std::vector<std::string> cpus = {"native"}; ///< variants, see Target::get
  std::map<std::string, int64_t> dims;    ///< --dim N=4: fixes a symbolic dimension
  std::string stopAfter;                  ///< phase name, see Pipeline.h; empty: all of it
  std::string emit = "library";           ///< library, mlir, llvm, asm, obj
  bool verify = false;                    ///< run the IR verifier after every pass
  std::function<void(const std::string &)> progress; ///< called with each phase's name, if set
};

} // namespace dlc
