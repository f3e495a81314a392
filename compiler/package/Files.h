//===- Files.h - Write all files of a library or none -----------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace dlc {

/// Files of one folder that appear together: each is written under a temporary name, and commit() renames them. Without
/// a commit the destructor removes what was written, folders that were made for it included.
class OutputFiles {
public:
  /// Makes `folder` and those above it where missing, and checks that it can be written to.
  static llvm::Expected<OutputFiles> create(llvm::StringRef folder);
  OutputFiles(OutputFiles &&other);
  ~OutputFiles();

  /// Streams the file `name`. Errors of the device (a full disk) come back as an error that names the file.
  llvm::Error write(llvm::StringRef name, llvm::function_ref<void(llvm::raw_ostream &)> body);
  /// Writes `bytes` at `offset` into the file `name`, which has been written.
  llvm::Error overwrite(llvm::StringRef name, uint64_t offset, llvm::StringRef bytes);
  /// A temporary path at which someone else shall write the file `name`, if there is room for `bytes` of it: who maps
  /// its output, as lld does, would be killed by a full disk and not told.
  llvm::Expected<std::string> reserve(llvm::StringRef name, uint64_t bytes = 0);
  /// The path at which the file `name` lies until the commit.
  std::string temporary(llvm::StringRef name) const;
  /// Removes the file `name`: it was needed only on the way.
  void drop(llvm::StringRef name);

  /// Gives the files their names, replacing what was there; returns their paths in the order they were begun.
  llvm::Expected<std::vector<std::string>> commit();

private:
  OutputFiles() = default;
  std::string path(llvm::StringRef name) const;

  struct File {
    std::string name, temporary;
  };
  std::string folder;
  std::vector<std::string> madeFolders; ///< outermost first
  std::vector<File> files;
};

} // namespace dlc
