//===- MappedFile.h - A file's bytes, mapped ---------------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>

namespace dlc::importer {

/// A regular file mapped read-only for as long as the object lives. Bytes of a file that another process truncates
/// meanwhile cannot be read: that is a fault of the machine's user, and a signal.
class MappedFile {
public:
  /// Null, with `why` set, when `path` is no readable regular file.
  static std::shared_ptr<const MappedFile> open(const std::string &path, std::string &why);
  /// The same for a file that a model names: not through a symbolic link in the last place, and with no other name
  /// (hard link), which could make a file from elsewhere part of the folder.
  static std::shared_ptr<const MappedFile> openUntrusted(const std::string &path, std::string &why);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;

  llvm::ArrayRef<uint8_t> bytes() const { return {data_, size_}; }
  /// Tells the system that a copy of `part` has been made and that its pages may go.
  void release(llvm::ArrayRef<uint8_t> part) const;

private:
  MappedFile(const uint8_t *data, size_t size) : data_(data), size_(size) {}
  static std::shared_ptr<const MappedFile> map(const std::string &path, bool trusted, std::string &why);
  const uint8_t *data_;
  size_t size_;
};

} // namespace dlc::importer
