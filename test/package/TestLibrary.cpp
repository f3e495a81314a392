#include "test/package/TestLibrary.h"

#include "compiler/package/Emit.h"
#include "compiler/target/Cpu.h"
#include "runtime/model.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include <sys/wait.h>

using namespace llvm;

namespace {

constexpr float weights[4] = {1, 2, 3, 4};

/// What compiler/host and compiler/kernel would write; VARIANT, ATTRIBUTES and SCALE are replaced.
constexpr char text[] = R"(
@w = external constant [16 x i8]
declare void @dlc_rt_launch(ptr, ptr, ptr, i64)
declare ptr @dlc_rt_output(ptr, i32, ptr)
declare ptr @dlc_rt_block(ptr, i32, i64)
declare ptr @dlc_rt_status_word(ptr)
declare i32 @dlc_rt_status(ptr)

@"launch.VARIANT" = internal constant {ptr, i64, i32, i32, i32, i32} {ptr @"add.VARIANT", i64 2, i32 1, i32 0, i32 2, i32 0}

define internal void @"add.VARIANT"(ptr %closure, i64 %begin, i64 %end, i32 %worker) ATTRIBUTES {
entry:
  %x = load ptr, ptr %closure
  %to = getelementptr ptr, ptr %closure, i64 1
  %y = load ptr, ptr %to
  %empty = icmp sge i64 %begin, %end
  br i1 %empty, label %done, label %loop
loop:
  %i = phi i64 [%begin, %entry], [%next, %loop]
  %from = getelementptr <4 x float>, ptr %x, i64 %i
  %row = load <4 x float>, ptr %from, align 4
  %w = load <4 x float>, ptr @w, align 16
  %scaled = fmul <4 x float> %w, splat (float SCALE.0)
  %sum = fadd <4 x float> %row, %scaled
  %place = getelementptr <4 x float>, ptr %y, i64 %i
  store <4 x float> %sum, ptr %place, align 4
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}

define i32 @"run.VARIANT"(ptr %context, ptr %inputs, ptr %symbols) {
  %dims = alloca [2 x i64]
  %n = load i64, ptr %symbols
  store i64 %n, ptr %dims
  %second = getelementptr i64, ptr %dims, i64 1
  store i64 4, ptr %second
  %x = load ptr, ptr %inputs
  %y = call ptr @dlc_rt_output(ptr %context, i32 0, ptr %dims)
  %failed = icmp eq ptr %y, null
  br i1 %failed, label %done, label %go
go:
  %closure = alloca [2 x ptr]
  store ptr %x, ptr %closure
  %to = getelementptr ptr, ptr %closure, i64 1
  store ptr %y, ptr %to
  call void @dlc_rt_launch(ptr %context, ptr @"launch.VARIANT", ptr %closure, i64 %n)
  br label %done
done:
  %status = call i32 @dlc_rt_status(ptr %context)
  ret i32 %status
}

define i32 @"find.VARIANT"(ptr %context, ptr %inputs, ptr %symbols) {
  %count = alloca i64
  store i64 1, ptr %count
  %y = call ptr @dlc_rt_output(ptr %context, i32 0, ptr %count)
  %failed = icmp eq ptr %y, null
  br i1 %failed, label %done, label %go
go:
  store i64 41, ptr %y
  br label %done
done:
  %status = call i32 @dlc_rt_status(ptr %context)
  ret i32 %status
}

define i32 @"halves.VARIANT"(ptr %context, ptr %inputs, ptr %symbols) ATTRIBUTES {
  %x = load ptr, ptr %inputs
  %y = call ptr @dlc_rt_output(ptr %context, i32 0, ptr %symbols)
  %half = load half, ptr %x
  %float = fpext half %half to float
  %result = fmul float %float, 0.5
  %narrow = fptrunc float %result to half
  store half %narrow, ptr %y
  ret i32 0
}

define i32 @"pick.VARIANT"(ptr %context, ptr %inputs, ptr %symbols) {
  %x = load ptr, ptr %inputs
  %index = load i64, ptr %x
  %bad = icmp slt i64 %index, 0
  br i1 %bad, label %wrong, label %done
wrong:
  %word = call ptr @dlc_rt_status_word(ptr %context)
  store i64 777, ptr %word ; 3 << 8 | DLC_INDEX_OUT_OF_RANGE
  br label %done
done:
  ret i32 0
}
)";
static_assert((3 << 8 | DLC_INDEX_OUT_OF_RANGE) == 777);

std::string replaced(std::string text, StringRef from, StringRef to) {
  for (size_t at = 0; (at = text.find(from.str(), at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to.str());
  return text;
}

} // namespace

dlc::Program testLibraryProgram(const std::string &name) {
  using dlc::ProgramDim;
  dlc::Program program;
  program.name = name;
  const dlc::ProgramSymbol n = {"N", 0, 1000}, k = {"batch size", 1, INT64_MAX};
  program.functions = {
      {"run",
       {{"X", DLC_F32, {ProgramDim::symbolic(0), ProgramDim::constant(4)}}},
       {{"probs/out", DLC_F32, {ProgramDim::symbolic(0), ProgramDim::constant(4)}}},
       {n},
       1},
      {"find", {{"X", DLC_I64, {ProgramDim::symbolic(0)}}}, {{"I", DLC_I64, {ProgramDim::later()}}}, {n}, 0},
      {"halves", {{"X", DLC_F16, {ProgramDim::symbolic(0)}}}, {{"H", DLC_F16, {ProgramDim::symbolic(0)}}}, {k}, 0},
      {"pick", {{"X", DLC_I64, {ProgramDim::constant(1)}}}, {}, {}, 0},
  };
  program.variants = {{"x86-64-v3", 1 << 3 | 1 << 5}, {"x86-64", 0}};
  program.nodes = {{3, "/layer/Gather", "Gather"}};
  program.weights = {{"w", 64, ArrayRef(reinterpret_cast<const char *>(weights), sizeof weights)}};
  program.facts = json::Object{{"flops", 8}};
  return program;
}

std::unique_ptr<Module> testLibraryModule(LLVMContext &context, int scale) {
  std::string all, common(text);
  const size_t bodies = common.find("@\"launch");
  all = common.substr(0, bodies);
  for (auto [variant, attributes] :
       {std::pair("x86-64-v3", "\"target-cpu\"=\"haswell\""), std::pair("x86-64", "\"target-cpu\"=\"x86-64\"")})
    all += replaced(replaced(common.substr(bodies), "VARIANT", variant), "ATTRIBUTES", attributes);
  SMDiagnostic problem;
  std::unique_ptr<Module> module = parseAssemblyString(replaced(all, "SCALE", std::to_string(scale)), problem, context);
  if (!module) {
    problem.print("test library", errs());
    return nullptr;
  }
  module->setTargetTriple(Triple(dlc::cpuTriple));
  module->setDataLayout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  return module;
}

SmallVector<char, 0> emitObject(Module &module) {
  SmallVector<char, 0> object;
  raw_svector_ostream stream(object);
  cantFail(dlc::optimize(module));
  cantFail(dlc::emit(module, dlc::CodeFormat::Object, stream));
  return object;
}

TestLibrary::TestLibrary(const std::string &name, int scale) : program(testLibraryProgram(name)) {
  LLVMContext context;
  std::unique_ptr<Module> module = testLibraryModule(context, scale);
  weights = cantFail(dlc::emitProgram(*module, program));
  object = emitObject(*module);
}

Error TestLibrary::write(StringRef folder) const {
  Expected<dlc::OutputFiles> files = dlc::OutputFiles::create(folder);
  if (!files)
    return files.takeError();
  if (Error error = dlc::writeLibrary(*files, program, weights, object))
    return error;
  return files->commit().takeError();
}

TemporaryFolder::TemporaryFolder() {
  SmallString<128> result;
  if (sys::fs::createUniqueDirectory("dlc-package-test", result))
    abort();
  path = result.str().str();
}

TemporaryFolder::~TemporaryFolder() { sys::fs::remove_directories(path); }

std::string TemporaryFolder::operator/(StringRef name) const { return path + "/" + name.str(); }

int shell(const std::string &command, std::string &output) {
  output.clear();
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe)
    return -1;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe))
    output.append(buffer, count);
  int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> filesIn(StringRef folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (sys::fs::directory_iterator at(folder, error), end; at != end && !error; at.increment(error))
    names.push_back(sys::path::filename(at->path()).str());
  llvm::sort(names);
  return names;
}
