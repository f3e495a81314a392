//===- Embedded.cpp - Files that the compiler carries with it -------------===//
//
// `.incbin` and not a generated array: no generator, and ccache knows that it must not reuse the object.
//
//===----------------------------------------------------------------------===//
#include "compiler/package/Embedded.h"

asm(R"(
  .pushsection .rodata
  .balign 16
dlc_embedded_bitcode:
  .incbin ")" DLC_RUNTIME_BITCODE R"("
dlc_embedded_bitcode_end:
dlc_embedded_header:
  .incbin ")" DLC_MODEL_H_PATH R"("
dlc_embedded_header_end:
  .popsection
)");

extern "C" const char dlc_embedded_bitcode[], dlc_embedded_bitcode_end[], dlc_embedded_header[],
    dlc_embedded_header_end[];

namespace dlc {

llvm::StringRef runtimeBitcode() {
  return {dlc_embedded_bitcode, size_t(dlc_embedded_bitcode_end - dlc_embedded_bitcode)};
}

llvm::StringRef modelHeader() { return {dlc_embedded_header, size_t(dlc_embedded_header_end - dlc_embedded_header)}; }

} // namespace dlc
