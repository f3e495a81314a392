#include "compiler/package/Emit.h"
#include "compiler/target/Cpu.h"
#include "runtime/model.h"
#include "test/package/TestLibrary.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/Support/SourceMgr.h"
#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;

namespace {

/// A library whose only function returns the sum of the first and the last byte of its weights, as Y[0].
Error build(StringRef folder, ArrayRef<char> bytes) {
  LLVMContext context;
  SMDiagnostic problem;
  std::unique_ptr<Module> module = parseAssemblyString(R"(
    @w = external constant [)" + std::to_string(bytes.size()) +
                                                           R"( x i8]
    declare ptr @dlc_rt_output(ptr, i32, ptr)
    define i32 @run.x(ptr %c, ptr %i, ptr %s) {
      %y = call ptr @dlc_rt_output(ptr %c, i32 0, ptr null)
      %end = getelementptr i8, ptr @w, i64 )" + std::to_string(bytes.size() - 1) +
                                                           R"(
      %a = load volatile i8, ptr @w
      %b = load volatile i8, ptr %end
      %sum = add i8 %a, %b
      store i8 %sum, ptr %y
      ret i32 0
    })",
                                                       problem, context);
  module->setTargetTriple(Triple(dlc::cpuTriple));
  module->setDataLayout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  dlc::Program program;
  program.name = "big";
  program.functions = {{"run", {}, {{"Y", DLC_U8, {}}}, {}, 0}};
  program.variants = {{"x", 0}};
  program.weights = {{"w", 64, bytes}};
  Expected<dlc::WeightLayout> layout = dlc::emitProgram(*module, program);
  if (!layout)
    return layout.takeError();
  SmallVector<char, 0> object = emitObject(*module);
  Expected<dlc::OutputFiles> files = dlc::OutputFiles::create(folder);
  if (!files)
    return files.takeError();
  if (Error error = dlc::writeLibrary(*files, program, *layout, object))
    return error;
  return files->commit().takeError();
}

/// Bytes of this process that are neither code nor mapped files.
size_t privateBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmData:", 0) == 0)
      return size_t(std::stoull(line.substr(7))) << 10;
  return 0;
}

/// DLC_TEST_WEIGHT_MEGABYTES sets another size by hand: 2500 shows weights beyond the reach of 32-bit offsets.
size_t weightBytes() {
  const char *megabytes = std::getenv("DLC_TEST_WEIGHT_MEGABYTES");
  return (megabytes ? std::stoull(megabytes) : 200) << 20;
}

TEST(Weights, LargeOnesTakeNoMemoryOfTheCompiler) {
  TemporaryFolder folder;
  const size_t size = weightBytes();
  const std::string source = folder / "weights.bin";
  {
    std::ofstream out(source, std::ios::binary);
    std::vector<char> block(1 << 20, 7);
    for (size_t i = 0; i < size >> 20; ++i) {
      block[5] = char(i);
      out.write(block.data(), std::streamsize(block.size()));
    }
  }
  pid_t child = fork();
  if (child == 0) {
    FILE *file = fopen(source.c_str(), "rb");
    void *data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    rlimit limit = {};
    limit.rlim_cur = limit.rlim_max = privateBytes() + (size_t(96) << 20);
    setrlimit(RLIMIT_DATA, &limit);
    auto start = std::chrono::steady_clock::now();
    Error error = build(folder / "out", ArrayRef(static_cast<const char *>(data), size));
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%zu MB of weights: %.2f s, peak %ld MB resident with the mapped files, within %zu MB of own memory\n",
                size >> 20, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                usage.ru_maxrss >> 10, size_t(limit.rlim_max) >> 20);
    if (error)
      std::printf("%s\n", toString(std::move(error)).c_str());
    fflush(stdout);
    _exit(error ? 1 : 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  std::string output;
  ASSERT_EQ(shell("cd " + folder.path + R"( && printf '#include "big.h"
int main(void) {
  big_model *m; big_session *s; big_io io = {0};
  return big_open(0, &m, 0, 0) || big_session_new(m, &s) || big_run(s, &io) || *io.Y != 14;
}' > use.c && for way in '-lbig -Wl,-rpath,out' '-l:libbig.a' '-fuse-ld=lld -l:libbig.a'; do
)" + DLC_TEST_CC + R"( -Iout use.c -Lout $way -o use && ./use || exit 1; done)",
                  output),
            0)
      << output;
}

} // namespace
