//===- Report.cpp ---------------------------------------------------------===//

#include "compiler/import/Report.h"

namespace dlc::importer {

Report::Report(mlir::MLIRContext &context, llvm::StringRef path)
    : context_(context), path_(mlir::StringAttr::get(&context, path)) {}

Report::~Report() {
  if (count_ > maxPrinted)
    mlir::emitRemark(file()) << "and " << plural(count_ - maxPrinted, "more mistake");
}

void Report::error(mlir::Location loc, Code code, const llvm::Twine &message, llvm::ArrayRef<std::string> notes) {
  if (++count_ > maxPrinted)
    return;
  mlir::InFlightDiagnostic diagnostic = dlc::emitError(loc, code);
  diagnostic << message;
  for (const std::string &note : notes)
    diagnostic.attachNote() << note;
}

mlir::Location Report::file() const { return mlir::FileLineColLoc::get(path_, 0, 0); }

mlir::Location Report::named(llvm::StringRef name, unsigned index) const {
  return mlir::NameLoc::get(mlir::StringAttr::get(&context_, name), mlir::FileLineColLoc::get(path_, index, 0));
}

std::string quote(llvm::StringRef name) {
  constexpr size_t longest = 120;
  std::string text = "\"";
  for (unsigned char c : name.take_front(longest)) {
    if (c < 0x20 || c == 0x7f) {
      text += "\\x";
      text += llvm::hexdigit(c >> 4);
      text += llvm::hexdigit(c & 15);
    } else {
      text += static_cast<char>(c);
    }
  }
  return text + (name.size() > longest ? "...\"" : "\"");
}

std::string plural(uint64_t count, llvm::StringRef noun) {
  return std::to_string(count) + " " + noun.str() + (count == 1 ? "" : "s");
}

} // namespace dlc::importer
