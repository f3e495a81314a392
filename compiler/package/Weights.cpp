//===- Weights.cpp - Constant data beside the code ------------------------===//
#include "compiler/package/Weights.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/IR/Constants.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace dlc {

Expected<WeightLayout> placeWeights(Module &module, const Program &program) {
  WeightLayout layout;
  layout.symbol = exportedName(program, "weights");
  SmallVector<std::pair<GlobalVariable *, uint64_t>> globals;
  for (const ProgramWeight &weight : program.weights) {
    GlobalVariable *global = module.getNamedGlobal(weight.symbol);
    if (!global)
      continue;
    if (global->hasInitializer())
      return createStringError("weight \"" + weight.symbol + "\": the module has a value for it already");
    global->removeDeadConstantUsers();
    if (global->use_empty()) {
      global->eraseFromParent();
      continue;
    }
    const uint64_t offset = alignTo(layout.bytes, weight.alignment);
    layout.pieces.push_back({weight.bytes, offset, weight.release});
    layout.bytes = offset + weight.bytes.size();
    layout.alignment = std::max(layout.alignment, weight.alignment);
    globals.push_back({global, offset});
  }
  if (globals.empty())
    return layout;

  Type *byte = Type::getInt8Ty(module.getContext());
  auto *all = new GlobalVariable(module, ArrayType::get(byte, layout.bytes), /*isConstant=*/true,
                                 GlobalValue::ExternalLinkage, nullptr, layout.symbol);
  all->setVisibility(GlobalValue::HiddenVisibility);
  all->setDSOLocal(true);
  all->setAlignment(Align(layout.alignment));
  if (layout.isLarge())
    all->setCodeModel(CodeModel::Large);
  for (auto [global, offset] : globals) {
    Constant *place = ConstantExpr::getInBoundsGetElementPtr(
        byte, all, ConstantInt::get(Type::getInt64Ty(module.getContext()), offset));
    global->replaceAllUsesWith(place);
    global->eraseFromParent();
  }
  return layout;
}

namespace {
/// Writes little-endian structs of ELF as they lie in memory: this compiler targets what it runs on.
template <typename T> void put(raw_ostream &out, const T &value) {
  out.write(reinterpret_cast<const char *>(&value), sizeof value);
}

void padTo(raw_ostream &out, uint64_t &at, uint64_t target) {
  out.write_zeros(unsigned(target - at));
  at = target;
}

ELF::Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t flags, uint64_t offset, uint64_t size,
                        uint64_t alignment) {
  ELF::Elf64_Shdr header = {};
  header.sh_name = name;
  header.sh_type = type;
  header.sh_flags = flags;
  header.sh_offset = offset;
  header.sh_size = size;
  header.sh_addralign = alignment;
  return header;
}
} // namespace

uint64_t weightsObjectOffset(const WeightLayout &layout) {
  return alignTo(sizeof(ELF::Elf64_Ehdr), layout.alignment);
}

void writeWeightsObject(const WeightLayout &layout, raw_ostream &out) {
  enum Index { Null, Data, Stack, Symbols, Strings, Names, Count };
  SmallString<64> names, strings;
  auto intern = [](SmallString<64> &table, StringRef text) {
    auto at = uint32_t(table.size());
    table += text;
    table.push_back(0);
    return at;
  };
  intern(names, "");
  intern(strings, "");
  const uint32_t symbolName = intern(strings, layout.symbol);
  const uint64_t dataAt = weightsObjectOffset(layout);
  const uint64_t symbolsAt = alignTo(dataAt + layout.bytes, 8);
  const uint64_t stringsAt = symbolsAt + 2 * sizeof(ELF::Elf64_Sym);
  const uint64_t namesAt = stringsAt + strings.size();

  ELF::Elf64_Shdr headers[Count] = {};
  uint64_t flags = ELF::SHF_ALLOC | (layout.isLarge() ? uint64_t(ELF::SHF_X86_64_LARGE) : 0);
  headers[Data] = section(intern(names, layout.isLarge() ? ".lrodata.weights" : ".rodata.weights"), ELF::SHT_PROGBITS,
                          flags, dataAt, layout.bytes, layout.alignment);
  headers[Stack] = section(intern(names, ".note.GNU-stack"), ELF::SHT_PROGBITS, 0, symbolsAt, 0, 1);
  headers[Symbols] = section(intern(names, ".symtab"), ELF::SHT_SYMTAB, 0, symbolsAt, 2 * sizeof(ELF::Elf64_Sym), 8);
  headers[Symbols].sh_link = Strings;
  headers[Symbols].sh_info = 1; // the first symbol that is not local
  headers[Symbols].sh_entsize = sizeof(ELF::Elf64_Sym);
  headers[Strings] = section(intern(names, ".strtab"), ELF::SHT_STRTAB, 0, stringsAt, strings.size(), 1);
  const uint32_t namesName = intern(names, ".shstrtab");
  headers[Names] = section(namesName, ELF::SHT_STRTAB, 0, namesAt, names.size(), 1);

  ELF::Elf64_Ehdr header = {};
  const unsigned char identity[] = {0x7f, 'E', 'L', 'F', ELF::ELFCLASS64, ELF::ELFDATA2LSB, ELF::EV_CURRENT};
  llvm::copy(identity, header.e_ident);
  header.e_type = ELF::ET_REL;
  header.e_machine = ELF::EM_X86_64;
  header.e_version = ELF::EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shoff = alignTo(namesAt + names.size(), 8);
  header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  header.e_shnum = Count;
  header.e_shstrndx = Names;

  put(out, header);
  uint64_t at = sizeof header;
  for (const WeightLayout::Piece &piece : layout.pieces) {
    padTo(out, at, dataAt + piece.offset);
    out.write(piece.bytes.data(), piece.bytes.size());
    at += piece.bytes.size();
    if (piece.release)
      piece.release();
  }
  padTo(out, at, symbolsAt);
  ELF::Elf64_Sym symbol = {};
  put(out, symbol);
  symbol.st_name = symbolName;
  symbol.setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbol.st_other = ELF::STV_HIDDEN;
  symbol.st_shndx = Data;
  symbol.st_size = layout.bytes;
  put(out, symbol);
  out << strings << names;
  at = namesAt + names.size();
  padTo(out, at, header.e_shoff);
  for (const ELF::Elf64_Shdr &sectionHeader : headers)
    put(out, sectionHeader);
}

} // namespace dlc
