//===- Files.cpp - Write all files of a library or none -------------------===//
#include "compiler/package/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

using namespace llvm;

namespace dlc {

namespace {
Error cannot(StringRef doing, StringRef path, std::error_code why) {
  return createStringError(why, "cannot " + doing + " " + path + ": " + why.message());
}
} // namespace

Expected<OutputFiles> OutputFiles::create(StringRef folder) {
  OutputFiles result;
  result.folder = folder.empty() ? "." : folder.str();
  SmallVector<std::string> missing;
  for (StringRef at = result.folder; !at.empty() && !sys::fs::exists(at); at = sys::path::parent_path(at))
    missing.push_back(at.str());
  for (const std::string &path : reverse(missing)) {
    if (std::error_code why = sys::fs::create_directory(path, /*IgnoreExisting=*/true, sys::fs::all_all))
      return cannot("create the folder", path, why);
    result.madeFolders.push_back(path);
  }
  if (!sys::fs::is_directory(result.folder))
    return cannot("write to", result.folder, std::make_error_code(std::errc::not_a_directory));
  if (std::error_code why = sys::fs::access(result.folder, sys::fs::AccessMode::Write))
    return cannot("write to the folder", result.folder, why);
  return result;
}

OutputFiles::OutputFiles(OutputFiles &&other)
    : folder(std::move(other.folder)), madeFolders(std::exchange(other.madeFolders, {})),
      files(std::exchange(other.files, {})) {}

OutputFiles::~OutputFiles() {
  for (const File &file : files) {
    sys::fs::remove(file.temporary);
    sys::DontRemoveFileOnSignal(file.temporary);
  }
  for (const std::string &path : reverse(madeFolders))
    sys::fs::remove(path); // stays if someone else has put something there
}

std::string OutputFiles::path(StringRef name) const {
  SmallString<128> result(folder);
  sys::path::append(result, name);
  return result.str().str();
}

Expected<std::string> OutputFiles::reserve(StringRef name, uint64_t bytes) {
  SmallString<128> temporary;
  int descriptor;
  if (auto why = sys::fs::createUniqueFile(path(("." + name + ".%%%%%%%%.tmp").str()), descriptor, temporary))
    return cannot("write", path(name), why);
  sys::RemoveFileOnSignal(temporary);
  files.push_back({name.str(), temporary.str().str()});
  const int room = bytes ? posix_fallocate(descriptor, 0, off_t(bytes)) : 0;
  (void)!ftruncate(descriptor, 0); // given back: the file will be written anew
  close(descriptor);
  if (room == ENOSPC || room == EFBIG || room == EDQUOT)
    return cannot("write", path(name), std::error_code(room, std::generic_category()));
  return files.back().temporary;
}

Error OutputFiles::write(StringRef name, function_ref<void(raw_ostream &)> body) {
  Expected<std::string> temporary = reserve(name);
  if (!temporary)
    return temporary.takeError();
  std::error_code why;
  raw_fd_ostream out(*temporary, why);
  if (why)
    return cannot("write", path(name), why);
  body(out);
  out.close();
  why = out.error();
  out.clear_error(); // else the stream's destructor ends the process
  return why ? cannot("write", path(name), why) : Error::success();
}

Error OutputFiles::overwrite(StringRef name, uint64_t offset, StringRef bytes) {
  int descriptor;
  if (auto why = sys::fs::openFileForWrite(temporary(name), descriptor, sys::fs::CD_OpenExisting, sys::fs::OF_None))
    return cannot("write", path(name), why);
  raw_fd_ostream out(descriptor, /*shouldClose=*/true);
  out.seek(offset);
  out << bytes;
  out.close();
  std::error_code why = out.error();
  out.clear_error();
  return why ? cannot("write", path(name), why) : Error::success();
}

std::string OutputFiles::temporary(StringRef name) const {
  auto file = llvm::find_if(files, [&](const File &file) { return file.name == name; });
  return file == files.end() ? "" : file->temporary;
}

void OutputFiles::drop(StringRef name) {
  llvm::erase_if(files, [&](const File &file) {
    if (file.name != name)
      return false;
    sys::fs::remove(file.temporary);
    sys::DontRemoveFileOnSignal(file.temporary);
    return true;
  });
}

Expected<std::vector<std::string>> OutputFiles::commit() {
  std::vector<std::string> paths;
  while (!files.empty()) {
    File &file = files.front();
    if (std::error_code why = sys::fs::rename(file.temporary, path(file.name))) {
      for (const std::string &done : paths)
        sys::fs::remove(done); // half a library is worse than none
      return cannot("write", path(file.name), why);
    }
    sys::DontRemoveFileOnSignal(file.temporary);
    paths.push_back(path(file.name));
    files.erase(files.begin());
  }
  madeFolders.clear();
  return paths;
}

} // namespace dlc
