#include "compiler/package/Header.h"
#include "runtime/model.h"
#include "test/package/TestLibrary.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using dlc::ProgramDim;

namespace {

/// Names as models have them.
dlc::Program awkwardProgram() {
  dlc::Program program;
  program.name = "awkward";
  program.functions = {{"run",
                        {{"input.1", DLC_F32, {ProgramDim::symbolic(0)}},
                         {"input/1", DLC_I8, {}},
                         {"class", DLC_BOOL, {ProgramDim::symbolic(1)}},
                         {"*/ int x; /*", DLC_F64, {}},
                         {"", DLC_BF16, {}},
                         {"7", DLC_U64, {}}},
                        {{"input_1", DLC_F16, {}}, {"N", DLC_U32, {ProgramDim::later(), ProgramDim::constant(2)}}},
                        {{"N", 0, 9}, {"N_dims", 0, INT64_MAX}},
                        0},
                       {"nothing", {}, {}, {}, 0}};
  program.variants = {{"x86-64", 0}};
  return program;
}

TEST(Header, NamesFieldsAfterPorts) {
  const dlc::IoFields fields = dlc::ioFields(awkwardProgram().functions[0]);
  EXPECT_EQ(fields.inputs, (std::vector<std::string>{"input_1", "input_1_2", "class_", "___int_x____", "_", "_7"}));
  EXPECT_EQ(fields.outputs, (std::vector<std::string>{"input_1_3", "N"}));
  EXPECT_EQ(fields.symbols, (std::vector<std::string>{"N_2", "N_dims_2"}));
}

TEST(Header, IsStrictCAndCxxWhateverTheNames) {
  TemporaryFolder folder;
  std::error_code error;
  {
    llvm::raw_fd_ostream out(folder / "awkward.h", error);
    out << dlc::header(awkwardProgram());
  }
  std::string output;
  for (const char *language : {"c -std=c99", "c -std=c11", "c++ -std=c++11", "c++ -std=c++20"})
    EXPECT_EQ(shell(std::string(DLC_TEST_CC) + " -Wall -Wextra -Wcomment -Werror -pedantic -fsyntax-only -x " +
                        language + " " + folder / "awkward.h",
                    output),
              0)
        << output;
}

TEST(Header, SaysDtypesAndShapes) {
  const std::string text = dlc::header(testLibraryProgram("mnist"));
  for (const char *line : {
           "  const float *X; /* in: f32[N,4] */\n",
           "  float *probs_out; /* out \"probs/out\": f32[N,4] */\n",
           "  int64_t N; /* dimension, at least 0, at most 1000 */\n",
           "  int64_t batch_size; /* dimension \"batch size\", at least 1 */\n",
           "  int64_t *I; /* out: i64[?] */\n",
           "  int64_t I_capacity; /* elements that fit at I */\n",
           "dlc_status mnist_run(mnist_session *session, mnist_io *io);\n",
           "dlc_status mnist_find(mnist_session *session, mnist_find_io *io);\n",
           "#define MNIST_FUNCTION_FIND 1\n",
           "#define MNIST_OPTIONS_INIT DLC_OPTIONS_INIT\n",
       })
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

} // namespace
