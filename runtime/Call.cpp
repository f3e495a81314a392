//===- Call.cpp - Check the arguments of a function and run it ------------===//
//
// Two doors: dlc_rt_run takes the typed struct of the generated header, whose symbols the caller states; dlc_rt_call
// takes tensors that say their own shapes, from which the symbols follow.
//
//===----------------------------------------------------------------------===//
#include "runtime/Profile.h"
#include "runtime/Session.h"

#include "runtime/cpu/Features.h"

using namespace dlc::runtime;

namespace {

/// Holds the session for one run.
class Running {
public:
  Running(dlc_session *session, int32_t function) : session(session) {
    owned = !session->busy.exchange(true, std::memory_order_acquire);
    if (!owned)
      return;
    session->status = DLC_OK;
    session->statusWord = 0;
    session->error[0] = 0;
    const dlc_program &program = *session->model->program;
    known = function >= 0 && function < program.n_functions;
    if (known)
      session->function = &program.functions[function];
    else if (session->fail(DLC_INVALID_ARGUMENT))
      session->text() << "function " << function << ": the model has " << program.n_functions;
  }
  ~Running() {
    if (owned)
      session->busy.store(false, std::memory_order_release);
  }
  Running(const Running &) = delete;

  bool owned, known = false;

private:
  dlc_session *session;
};

/// Starts a message about one input or output: `input "X": `.
Text about(dlc_session &session, const char *kind, const char *name) {
  Text text = session.text();
  (text << kind << " ").quote(name) << ": ";
  return text;
}

int64_t dimOf(const dlc_dim &dim, const int64_t *symbols) { return dim.symbol >= 0 ? symbols[dim.symbol] : dim.value; }

/// Bytes of a port whose symbols are known; -1 if that overflows.
int64_t bytesOf(const dlc_port &port, const int64_t *symbols) {
  int64_t bytes = dtypeBytes(port.dtype);
  for (int32_t i = 0; i < port.rank; ++i)
    if (dimOf(port.dims[i], symbols) == 0)
      return 0;
  for (int32_t i = 0; i < port.rank; ++i)
    if (__builtin_mul_overflow(bytes, dimOf(port.dims[i], symbols), &bytes))
      return -1;
  return bytes;
}

void writeBounds(Text &text, const dlc_function &function, int32_t symbol) {
  text << function.symbol_names[symbol];
  if (function.symbol_max[symbol] == INT64_MAX)
    text << " of at least " << function.symbol_min[symbol];
  else
    text << " from " << function.symbol_min[symbol] << " to " << function.symbol_max[symbol];
}

bool outOfBounds(const dlc_function &function, int32_t symbol, int64_t value) {
  return value < function.symbol_min[symbol] || value > function.symbol_max[symbol];
}

/// Inputs must have data unless they are empty, and sizes must fit. `symbols` are within their bounds.
bool checkInputs(dlc_session &session, void *const *inputs, const int64_t *symbols) {
  const dlc_function &function = *session.function;
  for (int32_t i = 0; i < function.n_inputs; ++i) {
    const dlc_port &port = function.inputs[i];
    if (inputs[i] && function.n_symbols == 0)
      continue;
    const int64_t bytes = bytesOf(port, symbols);
    if (bytes < 0 && session.fail(DLC_WRONG_SHAPE)) {
      Text text = about(session, "input", port.name);
      writePort(text << "the size of ", function, port);
      text << " overflows";
      return false;
    }
    if (!inputs[i] && bytes > 0 && session.fail(DLC_INVALID_ARGUMENT)) {
      about(session, "input", port.name) << "data is null";
      return false;
    }
  }
  return true;
}

void execute(dlc_session &session, void *const *inputs, const int64_t *symbols) {
  const int32_t access = session.function->state_access;
  if (!session.model->lockState(access)) {
    if (session.fail(DLC_BUSY))
      session.text() << session.function->name << ": another session is "
                     << (access == DLC_STATE_WRITTEN ? "using" : "changing") << " the model's state";
    return;
  }
  DefaultFloatMode mode;
  RunEvent event(session);
  const int32_t returned = session.function->entries[session.model->variant](&session, inputs, symbols);
  if (returned != DLC_OK)
    dlc_rt_fail(&session, returned, 0);
  dlc_rt_status(&session); // decodes what kernels left in the status word
  session.model->unlockState(access);
}

/// Says where output `index` shall go. What the session lent before is not the caller's: struct and pointer may come
/// back from an earlier call, with other dims, and the buffer must be able to grow.
void bind(dlc_session &session, int32_t index, void *data, int64_t capacity, int64_t *dims) {
  const bool lent = data == session.lent[index].data;
  session.outputs[index] = {lent ? nullptr : data, capacity, dims, nullptr};
}

/// The pointer to hand back for an output given as `data`.
void *result(const dlc_session &session, int32_t index, void *data) {
  const Output &output = session.outputs[index];
  return output.lent ? output.lent : data;
}

/// Dims of `port` that only the run tells.
int32_t laterDims(const dlc_port &port) {
  int32_t count = 0;
  for (int32_t i = 0; i < port.rank; ++i)
    count += port.dims[i].symbol == DLC_DIM_LATER;
  return count;
}

} // namespace

extern "C" dlc_status dlc_rt_run(dlc_session *session, int32_t index, void *io) {
  if (!session)
    return DLC_INVALID_ARGUMENT;
  Running running(session, index);
  if (!running.owned)
    return DLC_BUSY;
  if (!running.known)
    return session->status;
  const dlc_function &function = *session->function;
  if (!io) {
    session->fail(DLC_INVALID_ARGUMENT);
    session->text() << "io: is null";
    return session->status;
  }
  auto **inputs = static_cast<void **>(io);
  auto **outputs = inputs + function.n_inputs;
  auto *symbols = reinterpret_cast<int64_t *>(outputs + function.n_outputs);
  for (int32_t i = 0; i < function.n_symbols; ++i)
    if (outOfBounds(function, i, symbols[i])) {
      session->fail(DLC_WRONG_SHAPE);
      Text text = session->text();
      writeBounds(text << "io: expects ", function, i);
      text << ", got " << symbols[i];
      return session->status;
    }
  if (!checkInputs(*session, inputs, symbols))
    return session->status;
  int64_t *later = symbols + function.n_symbols;
  for (int32_t i = 0; i < function.n_outputs; ++i) {
    const dlc_port &port = function.outputs[i];
    if (!laterDims(port)) {
      bind(*session, i, outputs[i], INT64_MAX, nullptr);
      continue;
    }
    int64_t capacity;
    if (__builtin_mul_overflow(later[0] < 0 ? 0 : later[0], dtypeBytes(port.dtype), &capacity))
      capacity = INT64_MAX;
    bind(*session, i, outputs[i], capacity, later + 1);
    later += 1 + port.rank;
  }
  execute(*session, inputs, symbols);
  if (session->status == DLC_OK)
    for (int32_t i = 0; i < function.n_outputs; ++i)
      outputs[i] = result(*session, i, outputs[i]);
  return session->status;
}

//===----------------------------------------------------------------------===//
// Tensors that say their own shapes
//===----------------------------------------------------------------------===//

namespace {

bool checkCount(dlc_session &session, const char *kind, int32_t expected, int32_t got, const dlc_tensor *tensors) {
  if (got == expected && (tensors || !expected))
    return true;
  session.fail(DLC_INVALID_ARGUMENT);
  session.text() << session.function->name << ": expects " << expected << " " << kind << (expected == 1 ? "" : "s")
                 << ", got " << (tensors || !got ? got : 0);
  return false;
}

/// Records `expects f32[N,64] with N = 3 (from input "A"), got f32[4,64]`. `symbol` is -1 where the dims alone say it.
bool mismatch(dlc_session &session, dlc_status status, const dlc_port &port, const dlc_tensor &tensor, int32_t symbol) {
  const dlc_function &function = *session.function;
  session.fail(status);
  Text text = about(session, "input", port.name);
  writePort(text << "expects ", function, port);
  if (symbol >= 0 && session.symbolSources[symbol] >= 0) {
    text << " with " << function.symbol_names[symbol] << " = " << session.symbols[symbol] << " (from input ";
    text.quote(function.inputs[session.symbolSources[symbol]].name) << ")";
  } else if (symbol >= 0) {
    writeBounds(text << " with ", function, symbol);
  }
  writeShape(text << ", got ", tensor.dtype, tensor.rank, tensor.dims);
  return false;
}

/// Checks an input against its port and gives its symbols their values.
bool resolveInput(dlc_session &session, int32_t index, const dlc_tensor &tensor) {
  const dlc_function &function = *session.function;
  const dlc_port &port = function.inputs[index];
  if (tensor.rank < 0 || (tensor.rank > 0 && !tensor.dims)) {
    session.fail(DLC_INVALID_ARGUMENT);
    about(session, "input", port.name) << (tensor.rank < 0 ? "rank is negative" : "dims is null");
    return false;
  }
  if (tensor.dtype != port.dtype)
    return mismatch(session, DLC_WRONG_TYPE, port, tensor, -1);
  if (tensor.rank != port.rank)
    return mismatch(session, DLC_WRONG_SHAPE, port, tensor, -1);
  for (int32_t i = 0; i < port.rank; ++i) {
    const int32_t symbol = port.dims[i].symbol;
    const int64_t got = tensor.dims[i];
    if (symbol < 0) {
      if (got != port.dims[i].value)
        return mismatch(session, DLC_WRONG_SHAPE, port, tensor, -1);
    } else if (session.symbolSources[symbol] >= 0) {
      if (got != session.symbols[symbol])
        return mismatch(session, DLC_WRONG_SHAPE, port, tensor, symbol);
    } else if (got < 0 || outOfBounds(function, symbol, got)) {
      return mismatch(session, DLC_WRONG_SHAPE, port, tensor, symbol);
    } else {
      session.symbols[symbol] = got;
      session.symbolSources[symbol] = index;
    }
  }
  const int64_t bytes = bytesOf(port, session.symbols);
  if (tensor.capacity && bytes > tensor.capacity) {
    session.fail(DLC_WRONG_SHAPE);
    Text text = about(session, "input", port.name);
    writeShape(text, tensor.dtype, tensor.rank, tensor.dims);
    text << " needs " << bytes << " bytes, the buffer has " << tensor.capacity;
    return false;
  }
  // Kernels may read where the first element would be, and look at it no further.
  alignas(64) static constexpr char nothing[64] = {};
  session.inputs[index] = bytes ? tensor.data : const_cast<char *>(nothing);
  return true;
}

bool bindOutput(dlc_session &session, int32_t index, dlc_tensor &tensor) {
  const dlc_port &port = session.function->outputs[index];
  if (tensor.dtype && tensor.dtype != port.dtype) {
    session.fail(DLC_WRONG_TYPE);
    about(session, "output", port.name) << "expects dtype 0 or " << port.dtype << " (" << dtypeName(port.dtype)
                                        << "), got " << tensor.dtype;
    return false;
  }
  if (port.rank > 0 && (!tensor.dims || tensor.rank < port.rank)) {
    session.fail(DLC_INVALID_ARGUMENT);
    about(session, "output", port.name) << "needs room for " << port.rank << " dims, got "
                                        << (tensor.dims ? tensor.rank : 0);
    return false;
  }
  bind(session, index, tensor.data, tensor.capacity, tensor.dims);
  return true;
}

bool resolve(dlc_session &session, dlc_tensor *inputs, int32_t nInputs, dlc_tensor *outputs, int32_t nOutputs) {
  const dlc_function &function = *session.function;
  if (!checkCount(session, "input", function.n_inputs, nInputs, inputs) ||
      !checkCount(session, "output", function.n_outputs, nOutputs, outputs))
    return false;
  for (int32_t i = 0; i < function.n_symbols; ++i)
    session.symbolSources[i] = -1;
  for (int32_t i = 0; i < function.n_inputs; ++i)
    if (!resolveInput(session, i, inputs[i]))
      return false;
  for (int32_t i = 0; i < function.n_symbols; ++i)
    if (session.symbolSources[i] < 0) {
      session.fail(DLC_INVALID_ARGUMENT);
      session.text() << function.name << ": no input tells " << function.symbol_names[i];
      return false;
    }
  for (int32_t i = 0; i < function.n_outputs; ++i)
    if (!bindOutput(session, i, outputs[i]))
      return false;
  return checkInputs(session, session.inputs, session.symbols);
}

} // namespace

extern "C" dlc_status dlc_rt_call(dlc_session *session, int32_t index, dlc_tensor *inputs, int32_t nInputs,
                                  dlc_tensor *outputs, int32_t nOutputs) {
  if (!session)
    return DLC_INVALID_ARGUMENT;
  Running running(session, index);
  if (!running.owned)
    return DLC_BUSY;
  if (!running.known || !resolve(*session, inputs, nInputs, outputs, nOutputs))
    return session->status;
  execute(*session, session->inputs, session->symbols);
  const dlc_function &function = *session->function;
  for (int32_t i = 0; i < function.n_outputs; ++i) {
    outputs[i].rank = function.outputs[i].rank;
    outputs[i].dtype = function.outputs[i].dtype;
    if (session->status == DLC_OK)
      outputs[i].data = result(*session, i, outputs[i].data);
  }
  return session->status;
}
