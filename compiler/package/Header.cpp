//===- Header.cpp - The C header of a compiled model ----------------------===//
#include "compiler/package/Header.h"

#include "compiler/package/Embedded.h"
#include "runtime/model.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace dlc {

namespace {

StringRef cType(int32_t dtype) {
  switch (dtype) {
  case DLC_F32: return "float";
  case DLC_U8:
  case DLC_BOOL: return "uint8_t";
  case DLC_I8: return "int8_t";
  case DLC_U16:
  case DLC_F16:
  case DLC_BF16: return "uint16_t";
  case DLC_I16: return "int16_t";
  case DLC_I32: return "int32_t";
  case DLC_I64: return "int64_t";
  case DLC_F64: return "double";
  case DLC_U32: return "uint32_t";
  case DLC_U64: return "uint64_t";
  default: return "void";
  }
}

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

/// Writes one header.
class Writer {
public:
  Writer(const Program &program, raw_ostream &out)
      : program(program), name(program.name), macro(StringRef(name).upper()), out(out) {}

  void write() {
    out << "/* " << name << ".h - a model compiled by dlc. Link with -l" << name
        << "; the archive needs -lm -lpthread as well.\n"
           "   A model is code and constants, shared by all sessions. A session holds the memory of one run at a time: one\n"
           "   session for each thread. A call that fails returns a status and leaves its text in the session. */\n"
           "#ifndef DLC_LIBRARY_" << name << "\n#define DLC_LIBRARY_" << name << "\n\n"
        << modelHeader() << "\n#if DLC_ABI != " << DLC_ABI << "\n#error \"" << name
        << ".h and a header included before it come from different versions of dlc; compile both models anew\"\n#endif\n\n"
           "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    handles();
    for (auto [index, function] : enumerate(program.functions))
      this->function(function, index);
    generic();
    out << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* DLC_LIBRARY_" << name << " */\n";
  }

private:
  void handles() {
    std::string variants;
    for (const ProgramVariant &variant : program.variants)
      variants += (variants.empty() ? "" : ", ") + variant.isa;
    out << "typedef struct " << name << "_model " << name << "_model;\n"
        << "typedef struct " << name << "_session " << name << "_session;\n"
        << "typedef dlc_options " << name << "_options;\n"
        << "#define " << macro << "_OPTIONS_INIT DLC_OPTIONS_INIT\n\n"
        << "/* Opens the model with the best of its variants (" << inComment(variants) << ").\n"
        << "   `options` may be NULL. On failure `why`, unless NULL, says why. */\n"
        << "dlc_status " << name << "_open(const " << name << "_options *options, " << name
        << "_model **model, char *why, size_t why_bytes);\n"
        << "/* Frees the model, whose sessions are freed by then. */\n"
        << "void " << name << "_close(" << name << "_model *model);\n"
        << "/* The variant that runs. */\n"
        << "const char *" << name << "_variant(const " << name << "_model *model);\n"
        << "dlc_status " << name << "_session_new(" << name << "_model *model, " << name << "_session **session);\n"
        << "void " << name << "_session_free(" << name << "_session *session);\n"
        << "/* Says what went wrong in the session's last call; empty if nothing did. Valid until its next call. */\n"
        << "const char *" << name << "_last_error(const " << name << "_session *session);\n"
        << "const char *" << name << "_status_text(dlc_status status);\n\n";
  }

  std::string shape(const ProgramFunction &function, const ProgramPort &port) {
    std::string result = dtypeName(port.dtype).str() + "[";
    for (auto [i, dim] : enumerate(port.dims)) {
      result += i ? "," : "";
      if (dim.symbol == ProgramDim::isLater)
        result += "?"; // not a name from the model, so not through inComment
      else
        result += dim.symbol >= 0 ? inComment(function.symbols[size_t(dim.symbol)].name) : std::to_string(dim.value);
    }
    return result + "]";
  }

  /// "" or what the name of a port was before it became a C identifier.
  std::string original(StringRef field, StringRef portName) {
    return field == portName ? "" : " \"" + inComment(portName) + "\"";
  }

  void function(const ProgramFunction &function, size_t index) {
    const IoFields fields = ioFields(function);
    const std::string type = function.name == "run" ? name + "_io" : name + "_" + function.name + "_io";
    out << "/* Inputs and outputs of " << name << "_" << function.name
        << ": row-major, without gaps, aligned as C aligns the element type.\n"
           "   An output that is NULL is lent by the session: the call writes the pointer, valid until the next call. */\n"
           "typedef struct " << type << " {\n";
    for (auto [port, field] : zip_equal(function.inputs, fields.inputs))
      out << "  const " << cType(port.dtype) << " *" << field << "; /* in" << original(field, port.name) << ": "
          << shape(function, port) << " */\n";
    for (auto [port, field] : zip_equal(function.outputs, fields.outputs))
      out << "  " << cType(port.dtype) << " *" << field << "; /* out" << original(field, port.name) << ": "
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
            << "  int64_t " << field << "_dims[" << port.dims.size() << "]; /* written by the call, also when "
            << field << " is too small */\n";
    if (function.inputs.empty() && function.outputs.empty() && function.symbols.empty())
      out << "  int64_t unused; /* C has no empty structs */\n";
    out << "} " << type << ";\n"
        << "dlc_status " << name << "_" << function.name << "(" << name << "_session *session, " << type << " *io);\n"
        << "#define " << macro << "_FUNCTION_" << StringRef(function.name).upper() << " " << index << "\n\n";
  }

  void generic() {
    out << "/* Runs the function of that number on tensors that say their own shapes, and checks them. */\n"
        << "dlc_status " << name << "_call(" << name << "_session *session, int32_t function, dlc_tensor *inputs, "
        << "int32_t n_inputs,\n    dlc_tensor *outputs, int32_t n_outputs);\n"
        << "/* Never fails. The same entry points for tools that know no particular model. */\n"
        << "const dlc_description *" << name << "_describe(void);\n"
        << "/* A pool for the options of this and of any other model; `threads` counts the caller, 0 is one for each CPU.\n"
        << "   Freed when no open model uses it any more. */\n"
        << "dlc_status " << name << "_pool_new(int32_t threads, dlc_pool **pool);\n"
        << "void " << name << "_pool_free(dlc_pool *pool);\n\n";
  }

  const Program &program;
  const std::string &name;
  std::string macro;
  raw_ostream &out;
};

} // namespace

std::string header(const Program &program) {
  std::string text;
  raw_string_ostream out(text);
  Writer(program, out).write();
  return text;
}

} // namespace dlc
