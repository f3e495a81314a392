//===- Session.cpp - Open a model, run its functions ----------------------===//
#include "runtime/Session.h"

#include "runtime/Profile.h"
#include "runtime/Threads.h"
#include "runtime/cpu/Features.h"
#include <algorithm>
#include <new>
#include <string.h>

using namespace dlc::runtime;

static_assert(offsetof(dlc_session, profile) == 0, "see dlc_context");

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

namespace {
/// The caller's options over the defaults; a caller built against a shorter struct has the defaults for the rest.
bool readOptions(const dlc_options *given, dlc_options &options, Text &why) {
  options = DLC_OPTIONS_INIT;
  if (!given)
    return true;
  if (given->struct_size < offsetof(dlc_options, variant)) {
    why << "options: struct_size is " << int64_t(given->struct_size) << "; start from DLC_OPTIONS_INIT";
    return false;
  }
  memcpy(&options, given, std::min(given->struct_size, sizeof options));
  if (!options.allocate != !options.deallocate) {
    why << "options: allocate and deallocate go together";
    return false;
  }
  if (options.threads < 0) {
    why << "options: expects threads of at least 0, got " << options.threads;
    return false;
  }
  if (options.pool && (options.pool->abi != DLC_ABI || !options.pool->parallel_for || options.pool->threads < 1)) {
    why << "options: pool is not a dlc_pool of ABI " << int32_t(DLC_ABI);
    return false;
  }
  return true;
}

/// The variant to run, or -1.
int32_t chooseVariant(const dlc_program &program, const char *wanted, Text &why) {
  const uint64_t offered = cpuFeatures();
  why << (wanted ? "no variant " : "this machine runs none of the variants:");
  if (wanted)
    why.quote(wanted) << " that this machine runs; the library has:";
  for (int32_t i = 0; i < program.n_variants; ++i) {
    const dlc_variant &variant = program.variants[i];
    const bool runs = (variant.features & ~offered) == 0;
    if (runs && (!wanted || !strcmp(wanted, variant.isa)) && requestFeatures(variant.features))
      return i;
    why << (i ? ", " : " ") << variant.isa << (runs ? "" : " (not supported here)");
  }
  return -1;
}

/// Gives every state its memory and first value.
bool startStates(dlc_model &model) {
  const dlc_program &program = *model.program;
  if (program.n_states == 0)
    return true;
  model.states = static_cast<Block *>(model.allocator.get(size_t(program.n_states) * sizeof(Block)));
  if (!model.states)
    return false;
  for (int32_t i = 0; i < program.n_states; ++i)
    new (&model.states[i]) Block();
  for (int32_t i = 0; i < program.n_states; ++i) {
    const dlc_state &state = program.states[i];
    if (!model.states[i].reserve(model.allocator, size_t(state.bytes)))
      return false;
    memcpy(model.states[i].data, state.initial, size_t(state.bytes));
  }
  return true;
}

/// The state called `name` if it has that many bytes, else null.
Block *findState(dlc_model *model, const char *name, size_t bytes) {
  for (int32_t i = 0; model && name && i < model->program->n_states; ++i)
    if (!strcmp(model->program->states[i].name, name))
      return bytes == size_t(model->program->states[i].bytes) ? &model->states[i] : nullptr;
  return nullptr;
}
} // namespace

bool dlc_model::lockState(int32_t access) {
  if (access == DLC_STATE_UNUSED)
    return true;
  int32_t users = stateUsers.load(std::memory_order_relaxed);
  do {
    if (users < 0 || (access == DLC_STATE_WRITTEN && users > 0))
      return false;
  } while (!stateUsers.compare_exchange_weak(users, access == DLC_STATE_WRITTEN ? -1 : users + 1,
                                             std::memory_order_acquire, std::memory_order_relaxed));
  return true;
}

void dlc_model::unlockState(int32_t access) {
  if (access == DLC_STATE_WRITTEN)
    stateUsers.store(0, std::memory_order_release);
  else if (access == DLC_STATE_READ)
    stateUsers.fetch_sub(1, std::memory_order_release);
}

extern "C" dlc_status dlc_rt_get_state(dlc_model *model, const char *name, void *data, size_t bytes) {
  const Block *state = findState(model, name, bytes);
  if (!state || (!data && bytes))
    return DLC_INVALID_ARGUMENT;
  if (!model->lockState(DLC_STATE_READ))
    return DLC_BUSY;
  if (bytes)
    memcpy(data, state->data, bytes);
  model->unlockState(DLC_STATE_READ);
  return DLC_OK;
}

extern "C" dlc_status dlc_rt_set_state(dlc_model *model, const char *name, const void *data, size_t bytes) {
  const Block *state = findState(model, name, bytes);
  if (!state || (!data && bytes))
    return DLC_INVALID_ARGUMENT;
  if (!model->lockState(DLC_STATE_WRITTEN))
    return DLC_BUSY;
  if (bytes)
    memcpy(state->data, data, bytes);
  model->unlockState(DLC_STATE_WRITTEN);
  return DLC_OK;
}

extern "C" void *dlc_rt_state(dlc_context *context, int32_t index) { return context->model->states[index].data; }

extern "C" dlc_status dlc_rt_open(const dlc_program *program, const dlc_options *given, dlc_model **result, char *why,
                                  size_t whyBytes) {
  Text text(why, whyBytes);
  if (!result) {
    text << "model: is null";
    return DLC_INVALID_ARGUMENT;
  }
  *result = nullptr;
  dlc_options options;
  if (!readOptions(given, options, text))
    return DLC_INVALID_ARGUMENT;
  Text reason(why, whyBytes);
  int32_t variant = chooseVariant(*program, options.variant, reason);
  if (variant < 0)
    return DLC_UNSUPPORTED_CPU;

  Text failure(why, whyBytes);
  Allocator allocator{options.allocator, options.allocate, options.deallocate};
  void *memory = allocator.get(sizeof(dlc_model));
  if (!memory) {
    failure << "out of memory";
    return DLC_OUT_OF_MEMORY;
  }
  auto *model = new (memory) dlc_model{program, variant, false, options.pool, allocator, nullptr, {0}};
  if (!startStates(*model)) {
    dlc_rt_close(model);
    failure << "out of memory";
    return DLC_OUT_OF_MEMORY;
  }
  if (!model->pool && options.threads != 1) {
    dlc_status status = startPool(options.threads, allocator, &model->pool);
    if (status != DLC_OK) {
      dlc_rt_close(model);
      failure << "the model's own threads: " << dlc_rt_status_text(status);
      return status;
    }
    model->ownsPool = true;
  }
  *result = model;
  return DLC_OK;
}

extern "C" void dlc_rt_close(dlc_model *model) {
  if (!model)
    return;
  if (model->ownsPool)
    dlc_rt_pool_free(model->pool);
  Allocator allocator = model->allocator;
  const int32_t states = model->program->n_states;
  for (int32_t i = 0; model->states && i < states; ++i)
    model->states[i].release(allocator);
  allocator.put(model->states, size_t(states) * sizeof(Block));
  allocator.put(model, sizeof(dlc_model));
}

extern "C" const char *dlc_rt_variant(const dlc_model *model) {
  return model ? model->program->variants[model->variant].isa : "";
}

//===----------------------------------------------------------------------===//
// Sessions
//===----------------------------------------------------------------------===//

namespace {
/// Lays arrays out behind the session, in one piece of memory.
struct Layout {
  size_t bytes = sizeof(dlc_session);

  template <typename T> size_t array(int32_t count) {
    size_t at = (bytes + alignof(T) - 1) / alignof(T) * alignof(T);
    bytes = at + size_t(count) * sizeof(T);
    return at;
  }
};

template <typename T> T *construct(char *memory, size_t at, int32_t count) {
  T *array = reinterpret_cast<T *>(memory + at);
  for (int32_t i = 0; i < count; ++i)
    new (&array[i]) T();
  return array;
}
} // namespace

extern "C" dlc_status dlc_rt_session_new(dlc_model *model, dlc_session **result) {
  if (!result)
    return DLC_INVALID_ARGUMENT;
  *result = nullptr;
  if (!model)
    return DLC_INVALID_ARGUMENT;
  int32_t segments = 0, outputs = 0, inputs = 0, symbols = 0;
  for (int32_t i = 0; i < model->program->n_functions; ++i) {
    const dlc_function &function = model->program->functions[i];
    segments = std::max(segments, function.n_segments);
    outputs = std::max(outputs, function.n_outputs);
    inputs = std::max(inputs, function.n_inputs);
    symbols = std::max(symbols, function.n_symbols);
  }
  Layout layout;
  const size_t segmentsAt = layout.array<Block>(segments), lentAt = layout.array<Block>(outputs),
               plansAt = layout.array<PlanCache>(segments), outputsAt = layout.array<Output>(outputs),
               inputsAt = layout.array<void *>(inputs), symbolsAt = layout.array<int64_t>(symbols),
               sourcesAt = layout.array<int32_t>(symbols);
  auto *memory = static_cast<char *>(model->allocator.get(layout.bytes));
  if (!memory)
    return DLC_OUT_OF_MEMORY;
  auto *session = new (memory) dlc_session();
  session->model = model;
  session->bytes = layout.bytes;
  session->segmentCount = segments;
  session->lentCount = outputs;
  session->segments = construct<Block>(memory, segmentsAt, segments);
  session->lent = construct<Block>(memory, lentAt, outputs);
  session->plans = construct<PlanCache>(memory, plansAt, segments);
  session->outputs = construct<Output>(memory, outputsAt, outputs);
  session->inputs = construct<void *>(memory, inputsAt, inputs);
  session->symbols = construct<int64_t>(memory, symbolsAt, symbols);
  session->symbolSources = construct<int32_t>(memory, sourcesAt, symbols);
  // What is known to be needed is taken now, so that runs of static shapes never allocate.
  for (int32_t i = 0; i < model->program->n_functions; ++i) {
    const dlc_function &function = model->program->functions[i];
    for (int32_t s = 0; function.segment_bytes && s < function.n_segments; ++s)
      if (function.segment_bytes[s] > 0 &&
          !session->segments[s].reserve(session->allocator(), size_t(function.segment_bytes[s]))) {
        dlc_rt_session_free(session);
        return DLC_OUT_OF_MEMORY;
      }
  }
  *result = session;
  return DLC_OK;
}

extern "C" void dlc_rt_session_free(dlc_session *session) {
  if (!session)
    return;
  const Allocator &allocator = session->allocator();
  for (int32_t i = 0; i < session->segmentCount; ++i) {
    session->segments[i].release(allocator);
    session->plans[i].release(allocator);
  }
  for (int32_t i = 0; i < session->lentCount; ++i)
    session->lent[i].release(allocator);
  session->planScratch.release(allocator);
  allocator.put(session, session->bytes);
}

bool dlc_session::fail(dlc_status code) {
  if (dlc_rt_status(this) != DLC_OK)
    return false;
  status = code;
  return true;
}

extern "C" const char *dlc_rt_last_error(const dlc_session *session) {
  if (!session)
    return "session: is null";
  // Reading the text of a run in progress would race with it; who asks was most likely just told DLC_BUSY.
  if (session->busy.load(std::memory_order_acquire))
    return dlc_rt_status_text(DLC_BUSY);
  return session->error;
}

//===----------------------------------------------------------------------===//
// What compiled code calls while it runs
//===----------------------------------------------------------------------===//

extern "C" int64_t *dlc_rt_status_word(dlc_context *context) { return &context->statusWord; }

extern "C" int32_t dlc_rt_status(dlc_context *context) {
  if (context->status != DLC_OK)
    return context->status;
  const int64_t word = __atomic_load_n(&context->statusWord, __ATOMIC_RELAXED);
  if (word == 0)
    return DLC_OK;
  context->status = dlc_status(word & 0xff);
  Text text = context->text();
  writeNodeError(text, *context->model->program, context->status, int32_t(word >> 8));
  return context->status;
}

extern "C" int32_t dlc_rt_fail(dlc_context *context, int32_t code, int32_t node) {
  if (context->fail(dlc_status(code))) {
    Text text = context->text();
    writeNodeError(text, *context->model->program, code, node);
  }
  return context->status;
}

extern "C" int32_t dlc_rt_mismatch(dlc_context *context, int32_t node, int32_t n, int64_t first, int64_t second) {
  if (context->fail(DLC_SHAPE_MISMATCH)) {
    Text text = context->text();
    writeMismatch(text, *context->model->program, node, n, first, second);
  }
  return context->status;
}

extern "C" int32_t dlc_rt_workers(dlc_context *context) {
  const dlc_pool *pool = context->model->pool;
  return pool ? pool->threads : 1;
}

extern "C" void dlc_rt_launch(dlc_context *context, const dlc_launch *launch, void *closure, int64_t tiles) {
  if (__builtin_expect(context->profile != nullptr, false))
    return launchProfiled(*context, *launch, closure, tiles);
  runTiles(context->model->pool, launch->task, closure, tiles, launch->grain);
}
