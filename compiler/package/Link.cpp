//===- Link.cpp - A shared library from an object file --------------------===//
#include "compiler/package/Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <link.h>
#include <mutex>
#include <vector>

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace dlc {

namespace {

/// The C library's shared objects that this process runs with: they are there without any development package. (From
/// glibc 2.34 on, libpthread is part of libc.)
std::vector<std::string> systemLibraries() {
  std::vector<std::string> paths;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *result) {
        StringRef name = sys::path::filename(info->dlpi_name);
        if (name == "libc.so.6" || name == "libm.so.6" || name == "libpthread.so.0")
          static_cast<std::vector<std::string> *>(result)->push_back(info->dlpi_name);
        return 0;
      },
      &paths);
  return paths;
}

/// lld's complaints as one text, without the name it gives itself and the temporary paths.
std::string complaints(StringRef text, StringRef object, StringRef output) {
  std::string result;
  SmallVector<StringRef> lines;
  text.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    line.consume_front("ld.lld: ");
    line.consume_front("error: ");
    result += (result.empty() ? "" : "\n  ") + line.str();
  }
  for (StringRef path : {object, output})
    for (size_t at; (at = result.find(path)) != std::string::npos;)
      result.replace(at, path.size(), "the library");
  return result;
}

} // namespace

Error linkShared(StringRef object, StringRef script, uint64_t buildId, StringRef output, StringRef soname) {
  std::vector<std::string> arguments = {"ld.lld", "-shared", "-m", "elf_x86_64"};
  // One thread: the link is small, and a process that has the compiler in it keeps no idle threads and may fork.
  for (StringRef flag : {"--threads=1", "--gc-sections", "-Bsymbolic", "--hash-style=gnu", "--no-undefined",
                         "-zrelro", "-znow", "-znoexecstack", "--color-diagnostics=never"})
    arguments.push_back(flag.str());
  arguments.push_back("--build-id=0x" + utohexstr(buildId, /*LowerCase=*/true, /*Width=*/16));
  for (StringRef argument : {StringRef("-soname"), soname, StringRef("-o"), output, object})
    arguments.push_back(argument.str());
  if (!script.empty())
    arguments.push_back(script.str());
  arguments.push_back("--as-needed");
  for (std::string &path : systemLibraries())
    arguments.push_back(std::move(path));
  SmallVector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());

  std::string text;
  raw_string_ostream stream(text);
  static std::mutex oneLink; // lld keeps state that two links would share
  std::lock_guard<std::mutex> lock(oneLink);
  lld::Result result = lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0)
    return Error::success();
  return createStringError("cannot link " + soname + ": " + complaints(text, object, output));
}

} // namespace dlc
