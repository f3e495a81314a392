//===- Library.cpp - The files of a compiled model ------------------------===//
#include "compiler/package/Library.h"

#include "compiler/package/Header.h"
#include "compiler/package/Link.h"
#include "compiler/package/Metadata.h"
#include "llvm/ADT/bit.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace dlc {

namespace {

using Buffer = std::unique_ptr<MemoryBuffer>;

Expected<Buffer> mapFile(const OutputFiles &files, StringRef name) {
  ErrorOr<Buffer> file =
      MemoryBuffer::getFile(files.temporary(name), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return createStringError(file.getError(), "cannot read " + name + ": " + file.getError().message());
  return std::move(*file);
}

/// Dates and owners of the members are zero.
Error writeArchive(OutputFiles &files, StringRef name, ArrayRef<MemoryBufferRef> contents) {
  SmallVector<NewArchiveMember, 2> members;
  for (const MemoryBufferRef &buffer : contents)
    members.emplace_back(buffer);
  Error failure = Error::success();
  Error written = files.write(name, [&](raw_ostream &out) {
    ErrorAsOutParameter checked(failure);
    failure = writeArchiveToStream(out, members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                   /*Deterministic=*/true, /*Thin=*/false);
  });
  return joinErrors(std::move(failure), std::move(written));
}

constexpr StringLiteral weightsSection = ".rodata.weights";

/// Leaves a gap for the weights in front of all else, where even large ones part no code from its data. lld writes
/// nothing there: linked as an object they would be in memory twice.
std::string linkerScript(const WeightLayout &weights) {
  return ("SECTIONS { " + weightsSection + " : ALIGN(" + Twine(weights.alignment) + ") { HIDDEN(" + weights.symbol +
          " = .); . += " + Twine(weights.bytes) + "; } } INSERT BEFORE .dynsym;\n")
      .str();
}

/// Fills the gap in the shared library `name`.
Error writeWeights(OutputFiles &files, StringRef name, StringRef weights) {
  Expected<Buffer> library = mapFile(files, name);
  if (!library)
    return library.takeError();
  Expected<object::ELF64LEFile> elf = object::ELF64LEFile::create((*library)->getBuffer());
  if (!elf)
    return elf.takeError();
  auto sections = elf->sections();
  if (!sections)
    return sections.takeError();
  for (const auto &section : *sections) {
    Expected<StringRef> found = elf->getSectionName(section);
    if (!found)
      return found.takeError();
    if (*found == weightsSection && section.sh_size == weights.size())
      return files.overwrite(name, section.sh_offset, weights);
  }
  return createStringError("cannot link " + name + ": no place for the weights");
}

/// `weights` is the object file of the weights, empty if there are none.
Error writeShared(OutputFiles &files, StringRef name, const Program &program, const WeightLayout &layout,
                  StringRef object, StringRef weights) {
  const std::string objectName = program.name + ".o", scriptName = program.name + ".ld";
  if (Error error = files.write(objectName, [&](raw_ostream &out) { out << object; }))
    return error;
  if (!weights.empty())
    if (Error error = files.write(scriptName, [&](raw_ostream &out) { out << linkerScript(layout); }))
      return error;
  // The same contents, less symbols and relocations, plus dynamic tables and padding.
  Expected<std::string> path = files.reserve(name, object.size() + weights.size() + (64 << 10));
  if (!path)
    return path.takeError();
  uint64_t buildId = xxh3_64bits(object) ^ llvm::rotl(xxh3_64bits(weights), 1);
  Error error = linkShared(files.temporary(objectName), files.temporary(scriptName), buildId, *path, name);
  files.drop(objectName);
  files.drop(scriptName);
  if (error || weights.empty())
    return error;
  return writeWeights(files, name, weights.substr(weightsObjectOffset(layout), layout.bytes));
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
  const std::string weightsName = program.name + ".weights.o";
  const StringRef code(object.data(), object.size());
  const std::string codeName = program.name + ".o";
  SmallVector<MemoryBufferRef, 2> members{MemoryBufferRef(code, codeName)};
  Buffer mapped;
  if (!weights.pieces.empty()) {
    // Through a file and not a buffer: mapped pages cost the compiler no memory of its own.
    if (Error error = files.write(weightsName, [&](raw_ostream &out) { writeWeightsObject(weights, out); }))
      return error;
    Expected<Buffer> file = mapFile(files, weightsName);
    if (!file)
      return file.takeError();
    mapped = std::move(*file);
    members.emplace_back(mapped->getBuffer(), weightsName);
  }
  if (Error error = writeArchive(files, archive, members))
    return error;
  if (Error error = writeShared(files, shared, program, weights, code, mapped ? mapped->getBuffer() : ""))
    return error;
  files.drop(weightsName);
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
