//===- Library.cpp - The files of a compiled model ------------------------===//
#include "compiler/package/Library.h"

#include "compiler/package/Header.h"
#include "compiler/package/Link.h"
#include "compiler/package/Metadata.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace dlc {

namespace {

/// Members are the code and, if there are any, the weights; dates and owners are zero.
Error writeArchive(OutputFiles &files, StringRef name, const Program &program, const WeightLayout &weights,
                   ArrayRef<char> object) {
  const std::string objectName = program.name + ".o", weightsName = program.name + ".weights.o";
  SmallVector<NewArchiveMember, 2> members;
  members.emplace_back(MemoryBufferRef(StringRef(object.data(), object.size()), objectName));
  std::unique_ptr<MemoryBuffer> mapped;
  if (!weights.pieces.empty()) {
    // Through a file and not a buffer: mapped pages cost the compiler no memory of its own.
    if (Error error = files.write(weightsName, [&](raw_ostream &out) { writeWeightsObject(weights, out); }))
      return error;
    ErrorOr<std::unique_ptr<MemoryBuffer>> file =
        MemoryBuffer::getFile(files.temporary(weightsName), /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!file)
      return createStringError(file.getError(), "cannot read " + weightsName + ": " + file.getError().message());
    mapped = std::move(*file);
    members.emplace_back(MemoryBufferRef(mapped->getBuffer(), weightsName));
  }
  Error failure = Error::success();
  Error written = files.write(name, [&](raw_ostream &out) {
    ErrorAsOutParameter checked(failure);
    failure = writeArchiveToStream(out, members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                   /*Deterministic=*/true, /*Thin=*/false);
  });
  files.drop(weightsName);
  return joinErrors(std::move(failure), std::move(written));
}

constexpr StringLiteral pkgConfig = R"(prefix=${pcfiledir}

Name: @name@
Description: A model compiled by dlc
Version: 1
Cflags: -I${prefix}
Libs: -L${prefix} -l@name@
Libs.private: -lm -lpthread
)";

constexpr StringLiteral cmakeConfig = R"(# find_package(@name@ CONFIG), then link @name@::@name@ or @name@::static.
if(NOT TARGET @name@::@name@)
  add_library(@name@::@name@ SHARED IMPORTED)
  set_target_properties(@name@::@name@ PROPERTIES
    IMPORTED_LOCATION "${CMAKE_CURRENT_LIST_DIR}/lib@name@.so"
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}")
  add_library(@name@::static STATIC IMPORTED)
  set_target_properties(@name@::static PROPERTIES
    IMPORTED_LOCATION "${CMAKE_CURRENT_LIST_DIR}/lib@name@.a"
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}"
    INTERFACE_LINK_LIBRARIES "m;pthread")
endif()
)";

} // namespace

Error writeLibrary(OutputFiles &files, const Program &program, const WeightLayout &weights, ArrayRef<char> object) {
  const std::string archive = "lib" + program.name + ".a", shared = "lib" + program.name + ".so";
  if (Error error = writeArchive(files, archive, program, weights, object))
    return error;
  uint64_t archiveBytes = 0;
  if (std::error_code why = sys::fs::file_size(files.temporary(archive), archiveBytes))
    return createStringError(why, "cannot read " + archive + ": " + why.message());
  // The same contents, less symbols and relocations, plus dynamic tables and padding.
  Expected<std::string> sharedAt = files.reserve(shared, archiveBytes + (64 << 10));
  if (!sharedAt)
    return sharedAt.takeError();
  if (Error error = linkShared(files.temporary(archive), *sharedAt, shared))
    return error;
  const std::pair<std::string, std::string> texts[] = {
      {program.name + ".h", header(program)},
      {program.name + ".pc", withName(pkgConfig, program)},
      {program.name + "Config.cmake", withName(cmakeConfig, program)},
      {program.name + ".json", describeJson(program, weights) + "\n"},
  };
  for (const auto &[name, text] : texts)
    if (Error error = files.write(name, [&](raw_ostream &out) { out << text; }))
      return error;
  return Error::success();
}

} // namespace dlc
