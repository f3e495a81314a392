#include "test/package/TestLibrary.h"

#include "compiler/package/Emit.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>
#include <regex>
#include <set>

using namespace llvm;

namespace {

const std::string cc = DLC_TEST_CC, sources = DLC_TEST_SOURCES;
const std::string strict = cc + " -std=c99 -Wall -Wextra -Werror -pedantic -O1 ";

/// Libraries "first" and "second", built once.
class Library : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    for (auto [name, scale] : {std::pair("first", 1), std::pair("second", 7)}) {
      Error error = TestLibrary(name, scale).write(folder->path);
      ASSERT_FALSE(bool(error)) << toString(std::move(error));
    }
  }
  static void TearDownTestSuite() { delete folder; }

  static void expectGood(const std::string &command, const std::string &expected = "good\n") {
    std::string output;
    EXPECT_EQ(shell("cd " + folder->path + " && " + command, output), 0) << command << "\n" << output;
    EXPECT_EQ(output, expected);
  }
  static std::string outputOf(const std::string &command) {
    std::string output;
    EXPECT_EQ(shell("cd " + folder->path + " && " + command, output), 0) << command << "\n" << output;
    return output;
  }

  static TemporaryFolder *folder;
};
TemporaryFolder *Library::folder;

TEST_F(Library, HasAllFilesAndNoOthers) {
  std::vector<std::string> expected = {"first.h",    "first.json",  "first.pc",    "firstConfig.cmake",
                                       "libfirst.a", "libfirst.so", "libsecond.a", "libsecond.so",
                                       "second.h",   "second.json", "second.pc",   "secondConfig.cmake"};
  TemporaryFolder own;
  for (const char *name : {"first", "second"})
    EXPECT_FALSE(bool(TestLibrary(name).write(own.path)));
  EXPECT_EQ(filesIn(own.path), expected);
}

TEST_F(Library, RunsFromAnArchive) {
  expectGood(strict + "-I. " + sources + "/one-model.c -L. -l:libfirst.a -lm -lpthread -o archive && ./archive");
}

TEST_F(Library, RunsFromAnArchiveWithGcSections) {
  expectGood(strict + "-fuse-ld=lld -static-pie -Wl,--gc-sections -I. " + sources +
             "/one-model.c -L. -l:libfirst.a -lm -lpthread -o static && ./static");
}

TEST_F(Library, RunsFromASharedLibrary) {
  expectGood(strict + "-I. " + sources + "/one-model.c -L. -lfirst -Wl,-rpath,. -o shared && ./shared");
}

TEST_F(Library, IsFoundByPkgConfigAndCMake) {
  std::string output = outputOf("PKG_CONFIG_PATH=. pkg-config --static --cflags --libs first");
  EXPECT_NE(output.find("-lfirst -lm -lpthread"), std::string::npos) << output;
  outputOf("mkdir -p project && cp " + sources +
           "/one-model.c project && printf '"
           "cmake_minimum_required(VERSION 3.16)\\nproject(user C)\\nfind_package(first REQUIRED CONFIG)\\n"
           "foreach(kind first static)\\nadd_executable(with_${kind} one-model.c)\\n"
           "target_link_libraries(with_${kind} first::${kind})\\nendforeach()\\n' > project/CMakeLists.txt && "
           "cmake -G Ninja -S project -B project/build -DCMAKE_C_COMPILER=" +
           cc + " -Dfirst_DIR=$PWD && cmake --build project/build");
  expectGood("project/build/with_first");
  expectGood("project/build/with_static");
}

TEST_F(Library, TwoModelsShareAPoolFromTwoThreads) {
  expectGood(strict + "-I. " + sources +
             "/two-models.c -L. -l:libfirst.a -l:libsecond.a -lm -lpthread -o two && ./two");
  expectGood(strict + "-I. " + sources + "/two-models.c -L. -lfirst -lsecond -lpthread -Wl,-rpath,. -o two && ./two");
}

TEST_F(Library, ExportsOnlyItsPrefix) {
  for (const char *command : {"nm -D --defined-only libfirst.so", "nm -g --defined-only libfirst.a"}) {
    std::string names = outputOf(std::string(command) + " | awk 'NF == 3 { print $3 }'");
    int count = 0;
    std::istringstream lines(names);
    for (std::string name; std::getline(lines, name); ++count)
      EXPECT_TRUE(StringRef(name).starts_with("first_")) << name;
    EXPECT_GE(count, 15);
  }
}

TEST_F(Library, NeedsOnlyTheCLibrary) {
  std::string dynamic = outputOf("readelf -d libfirst.so");
  std::set<std::string> needed;
  const std::regex pattern("NEEDED.*\\[(.*)\\]");
  for (std::sregex_iterator at(dynamic.begin(), dynamic.end(), pattern), end; at != end; ++at)
    needed.insert((*at)[1]);
  const std::set<std::string> allowed = {"libc.so.6", "libm.so.6", "libpthread.so.0"};
  EXPECT_FALSE(needed.empty());
  for (const std::string &library : needed)
    EXPECT_TRUE(allowed.count(library)) << library;
  EXPECT_NE(dynamic.find("[libfirst.so]"), std::string::npos) << "soname";
  EXPECT_EQ(dynamic.find("TEXTREL"), std::string::npos);
  EXPECT_EQ(dynamic.find("INIT_ARRAY"), std::string::npos) << "no constructors";
}

TEST_F(Library, HasNoWritableData) {
  // .data.rel.ro is written by the loader only, and read-only after it.
  std::string sections = outputOf("readelf -SW libfirst.so");
  for (const char *name : {" .data ", " .bss ", " .tbss ", " .tdata "})
    EXPECT_EQ(sections.find(name), std::string::npos) << sections;
}

TEST_F(Library, IsSmall) {
  outputOf("cp libfirst.so stripped.so && strip stripped.so");
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(*folder / "stripped.so");
  ASSERT_TRUE(bool(file));
  std::printf("stripped: %zu bytes\n", (*file)->getBufferSize());
  EXPECT_LT((*file)->getBufferSize(), 48u << 10);
}

TEST_F(Library, SameInputSameFiles) {
  TemporaryFolder other;
  Error error = TestLibrary("first").write(other / "deeper/down");
  ASSERT_FALSE(bool(error)) << toString(std::move(error));
  outputOf("for f in " + other.path + "/deeper/down/*; do cmp $f $(basename $f) || exit 1; done");
}

TEST_F(Library, HeadersAreAlsoCxx) {
  outputOf("printf '#include \"second.h\"\\n#include \"first.h\"\\nint main() { first_io io = {}; second_options o = "
           "SECOND_OPTIONS_INIT; return io.N != 0 || o.threads != 0; }' > both.cpp && " +
           cc + " -x c++ -std=c++11 -Wall -Wextra -Werror -pedantic -I. both.cpp -o both && ./both");
}

TEST_F(Library, RefusesUndefinedSymbols) {
  LLVMContext context;
  std::unique_ptr<Module> module = testLibraryModule(context, 1);
  Function *entry = module->getFunction("pick.x86-64");
  auto *missing = Function::Create(FunctionType::get(Type::getVoidTy(context), false), GlobalValue::ExternalLinkage,
                                   "nowhere_to_be_found", *module);
  CallInst::Create(missing, "", entry->getEntryBlock().getFirstInsertionPt());
  dlc::Program program = testLibraryProgram("broken");
  Expected<dlc::WeightLayout> layout = dlc::emitProgram(*module, program);
  ASSERT_TRUE(bool(layout)) << toString(layout.takeError());
  SmallVector<char, 0> object = emitObject(*module);
  TemporaryFolder own;
  {
    Expected<dlc::OutputFiles> files = dlc::OutputFiles::create(own / "out");
    ASSERT_TRUE(bool(files));
    Error error = dlc::writeLibrary(*files, program, *layout, object);
    const std::string message = toString(std::move(error));
    EXPECT_EQ(message.find("cannot link libbroken.so: undefined symbol: nowhere_to_be_found"), 0u) << message;
  }
  EXPECT_EQ(filesIn(own.path), std::vector<std::string>());
}

} // namespace
