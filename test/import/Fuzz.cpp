//===- Fuzz.cpp - Imports damaged models ----------------------------------===//
//
//   import_fuzz [--seed 1] [--count 2000] [--keep FILE] [MODEL]
//
// Damages MODEL (default: the tests' own model with some of everything) `count` times. Each result must either import
// and verify, or be refused with a message, within 5 s. What is being imported lies in --keep, so that a crash leaves
// its cause. A long run: `import_fuzz --seed $RANDOM --count 1000000`.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Verifier.h"
#include "test/import/Models.h"
#include "test/import/Mutate.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <fstream>

using namespace dlc::test;

int main(int argc, char **argv) {
  uint64_t seed = 1, count = 2000;
  TemporaryFolder folder;
  std::string keep = folder.file("model.onnx");
  onnx::ModelProto model = makeRichModel();
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    llvm::StringRef value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--keep") {
      keep = value.str(), ++i;
    } else if (argument == "--seed" || argument == "--count") {
      if (value.getAsInteger(10, argument == "--seed" ? seed : count))
        return 2;
      ++i;
    } else {
      std::ifstream file(argument.str(), std::ios::binary);
      if (!model.ParseFromIstream(&file))
        return 2;
    }
  }
  uint64_t imported = 0, refused = 0;
  double slowest = 0;
  for (uint64_t i = 0; i < count; ++i) {
    std::mt19937_64 random(seed * 1'000'003 + i);
    onnx::ModelProto changed = model;
    uint64_t kind = random() % 3;
    if (kind != 0)
      mutateFields(changed, random);
    std::string bytes = changed.SerializeAsString();
    if (kind != 1)
      bytes = mutateBytes(std::move(bytes), random);
    std::ofstream(keep, std::ios::binary) << bytes;
    auto start = std::chrono::steady_clock::now();
    Imported result = importFile(keep);
    slowest = std::max(slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    bool isFine = result.module ? mlir::succeeded(mlir::verify(*result.module)) : !result.errors.empty();
    bool hasCodes = llvm::all_of(result.errors, [](llvm::StringRef e) { return e.starts_with("[E0"); });
    bool isOurs = result.has("[E09");
    ++(result.module ? imported : refused);
    if (!isFine || !hasCodes || isOurs || slowest > 5) {
      llvm::errs() << "seed " << seed << ", model " << i << ": "
                   << (result.module ? "an invalid module" : "no proper message") << '\n'
                   << result.all() << '\n';
      return 1;
    }
  }
  llvm::outs() << count << " models: " << imported << " imported, " << refused << " refused, the slowest took "
               << llvm::format("%.3f", slowest) << " s\n";
  return 0;
}
