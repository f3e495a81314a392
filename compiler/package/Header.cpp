//===- Header.cpp - The C header of a compiled model ----------------------===//
#include "compiler/package/Header.h"

#include "compiler/package/Embedded.h"
#include "runtime/model.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace dlc {

namespace {

constexpr StringLiteral beginning =
    R"(/* @name@.h - a model compiled by dlc. Link with -l@name@; the archive needs -lm -lpthread as well.
   A model is code and constants, shared by all sessions. A session holds the memory of one run at a time: one session
   for each thread. A call that fails returns a status and leaves its text in the session. */
#ifndef DLC_LIBRARY_@name@
#define DLC_LIBRARY_@name@

)";

constexpr StringLiteral handles = R"(#ifdef __cplusplus
extern "C" {
#endif

typedef struct @name@_model @name@_model;
typedef struct @name@_session @name@_session;
typedef dlc_options @name@_options;
#define @NAME@_OPTIONS_INIT DLC_OPTIONS_INIT

/* Opens the model in the best of its variants that this machine runs. `options` may be NULL. On failure `why`, unless
   NULL, says why. */
dlc_status @name@_open(const @name@_options *options, @name@_model **model, char *why, size_t why_bytes);
/* Frees the model, whose sessions are freed by then. */
void @name@_close(@name@_model *model);
/* The variant that runs. */
const char *@name@_variant(const @name@_model *model);
dlc_status @name@_session_new(@name@_model *model, @name@_session **session);
void @name@_session_free(@name@_session *session);
/* Says what went wrong in the session's last call; empty if nothing did. Valid until its next call. */
const char *@name@_last_error(const @name@_session *session);
const char *@name@_status_text(dlc_status status);

)";

constexpr StringLiteral ending =
    R"(/* Runs the function of that number on tensors that say their own shapes, and checks them. */
dlc_status @name@_call(@name@_session *session, int32_t function, dlc_tensor *inputs, int32_t n_inputs,
                       dlc_tensor *outputs, int32_t n_outputs);
/* The same entry points for tools that know no particular model. Never fails. */
const dlc_description *@name@_describe(void);
/* Has the session write what runs when to `profile` (see there) from its next call on; NULL ends that. */
dlc_status @name@_set_profile(@name@_session *session, dlc_profile *profile);
/* A pool for the options of this and of any other model. `threads` counts the caller; 0 is one for each CPU. Freed when
   no open model uses it any more. */
dlc_status @name@_pool_new(int32_t threads, dlc_pool **pool);
void @name@_pool_free(dlc_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* DLC_LIBRARY_@name@ */
)";

/// A name of the model within a comment: nothing in it may end the comment or the line.
std::string inComment(StringRef name) {
  std::string result;
  for (char c : name) {
    if (c == '/' && !result.empty() && result.back() == '*')
      result += ' ';
    if (c == '*' && !result.empty() && result.back() == '/')
      result += ' ';
    result += c >= 0x20 && c != 0x7f && c != '\\' && c != '?' ? c : '_';
  }
  return result;
}

/// "f32[N,64]".
std::string shape(const ProgramFunction &function, const ProgramPort &port) {
  std::string result = borderType(port.dtype).name.str() + "[";
  for (auto [i, dim] : enumerate(port.dims)) {
    result += i ? "," : "";
    if (dim.symbol == ProgramDim::isLater)
      result += "?"; // not a name from the model, so not through inComment
    else
      result += dim.symbol >= 0 ? inComment(function.symbols[size_t(dim.symbol)].name) : std::to_string(dim.value);
  }
  return result + "]";
}

/// What the name of a member was before it became a C identifier, if that changed it.
std::string original(StringRef field, StringRef name) { return field == name ? "" : " \"" + inComment(name) + "\""; }

/// The io struct and the prototype of a function.
void writeFunction(const Program &program, const ProgramFunction &function, size_t index, raw_ostream &out) {
  const IoFields fields = ioFields(function);
  const std::string name = exportedName(program, function.name);
  const std::string type = function.name == "run" ? exportedName(program, "io") : name + "_io";
  out << "/* Inputs and outputs of " << name
      << ": row-major, without gaps, aligned as C aligns the elements. An output\n"
      << "   that is NULL, or was lent before, is lent by the session: the call writes the pointer, valid until the "
         "next. */\n"
      << "typedef struct " << type << " {\n";
  for (auto [port, field] : zip_equal(function.inputs, fields.inputs))
    out << "  const " << borderType(port.dtype).cType << " *" << field << "; /* in" << original(field, port.name)
        << ": " << shape(function, port) << " */\n";
  for (auto [port, field] : zip_equal(function.outputs, fields.outputs))
    out << "  " << borderType(port.dtype).cType << " *" << field << "; /* out" << original(field, port.name) << ": "
        << shape(function, port) << " */\n";
  for (auto [symbol, field] : zip_equal(function.symbols, fields.symbols)) {
    out << "  int64_t " << field << "; /* dimension" << original(field, symbol.name) << ", at least " << symbol.min;
    if (symbol.max != INT64_MAX)
      out << ", at most " << symbol.max;
    out << " */\n";
  }
  for (auto [port, field] : zip_equal(function.outputs, fields.outputs))
    if (hasLaterDims(port))
      out << "  int64_t " << field << "_capacity; /* elements that fit at " << field << " */\n"
          << "  int64_t " << field << "_dims[" << port.dims.size() << "]; /* written, also when they do not fit */\n";
  if (function.inputs.empty() && function.outputs.empty() && function.symbols.empty())
    out << "  int64_t unused; /* C has no empty structs */\n";
  out << "} " << type << ";\n"
      << withName("dlc_status " + name + "(@name@_session *session, " + type + " *io);\n", program)
      << withName("#define @NAME@_FUNCTION_", program) << StringRef(function.name).upper() << " " << index << "\n\n";
}

constexpr StringLiteral stateAccess = R"(/* Copy a state to `data` or from it; `bytes` is its size. Fails where there is no such state, or another size, and while
   a session changes the state. What functions change, all sessions of the model see; a call that fails may have
   changed some states and not others. The states:
)";

void writeStates(const Program &program, raw_ostream &out) {
  if (program.states.empty())
    return;
  out << stateAccess;
  for (const ProgramState &state : program.states)
    out << "     \"" << inComment(state.name) << "\" " << borderType(state.dtype).name << "["
        << join(map_range(state.dims, [](int64_t d) { return std::to_string(d); }), ",") << "]\n";
  out << withName("*/\ndlc_status @name@_get_state(@name@_model *model, const char *name, void *data, size_t bytes);\n"
                  "dlc_status @name@_set_state(@name@_model *model, const char *name, const void *data, size_t bytes);"
                  "\n\n",
                  program);
}

} // namespace

std::string header(const Program &program) {
  std::string text;
  raw_string_ostream out(text);
  out << withName(beginning, program) << modelHeader() << "\n#if DLC_ABI != " << DLC_ABI
      << withName("\n#error \"@name@.h and a header before it come from different versions of dlc\"\n#endif\n\n",
                  program)
      << withName(handles, program);
  for (auto [index, function] : enumerate(program.functions))
    writeFunction(program, function, index, out);
  writeStates(program, out);
  out << withName(ending, program);
  return text;
}

} // namespace dlc
