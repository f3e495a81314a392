/*===- program.h - What compiled code and the runtime know of each other ------===
 *
 * C, because compiler/package writes these tables as LLVM constants and compiler/host calls these functions. Nothing
 * here leaves a library: it is internal to each.
 */
#ifndef DLC_PROGRAM_H
#define DLC_PROGRAM_H

#include "runtime/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The session, as compiled code sees it: its first word is null while it has no profile. */
typedef struct dlc_session dlc_context;

enum {
  DLC_DIM_CONSTANT = -1, /* the dimension is `value` */
  DLC_DIM_LATER = -2     /* known only when the run says so in dlc_rt_output; outputs only */
};

typedef struct dlc_dim {
  int64_t value;
  int32_t symbol; /* index into the function's symbols, or one of the above */
  int32_t reserved;
} dlc_dim;

typedef struct dlc_port {
  const char *name;
  int32_t dtype; /* dlc_dtype */
  int32_t rank;
  const dlc_dim *dims;
} dlc_port;

/* A function of one variant. `inputs` holds one pointer per input, which may be null only where the input is empty;
   `symbols` one value per symbol, within its bounds. Returns a dlc_status (0, or what dlc_rt_fail or dlc_rt_status
   returned). */
typedef int32_t (*dlc_entry)(dlc_context *context, void *const *inputs, const int64_t *symbols);

/* A body of a branch or loop: as dlc_entry, with words that describe its results one after another, for each where it
   lies and its dims. Before the call the first of these holds the number of the segment that the result goes to. */
typedef int32_t (*dlc_body)(dlc_context *context, void *const *inputs, const int64_t *symbols, int64_t *results);

typedef struct dlc_function {
  const char *name;
  int32_t n_inputs, n_outputs, n_symbols, n_segments;
  const dlc_port *inputs, *outputs;
  const char *const *symbol_names;
  const int64_t *symbol_min, *symbol_max; /* inclusive */
  const dlc_entry *entries;               /* one per variant */
  const int64_t *segment_bytes; /* of each segment, where known when compiling, else 0; null: of none */
  int32_t state_access;         /* one of the below */
  int32_t reserved;
} dlc_function;

enum { DLC_STATE_UNUSED = 0, DLC_STATE_READ = 1, DLC_STATE_WRITTEN = 2 };

/* A named value that the model keeps from call to call, with fixed dims. */
typedef struct dlc_state {
  const char *name;
  int32_t dtype; /* dlc_dtype */
  int32_t rank;
  const int64_t *dims;
  int64_t bytes;
  const void *initial; /* what it is when the model is opened */
} dlc_state;

/* What a variant asks of the machine: bits of dlc_variant::features, the same as compiler/target's CpuFeature. */
#define DLC_CPU_SSE42 (1ull << 0)
#define DLC_CPU_POPCNT (1ull << 1)
#define DLC_CPU_AVX (1ull << 2)
#define DLC_CPU_AVX2 (1ull << 3)
#define DLC_CPU_FMA (1ull << 4)
#define DLC_CPU_F16C (1ull << 5)
#define DLC_CPU_BMI (1ull << 6)
#define DLC_CPU_BMI2 (1ull << 7)
#define DLC_CPU_LZCNT (1ull << 8)
#define DLC_CPU_MOVBE (1ull << 9)
#define DLC_CPU_AVX512F (1ull << 10)
#define DLC_CPU_AVX512CD (1ull << 11)
#define DLC_CPU_AVX512BW (1ull << 12)
#define DLC_CPU_AVX512DQ (1ull << 13)
#define DLC_CPU_AVX512VL (1ull << 14)
#define DLC_CPU_AVX512VNNI (1ull << 15)
#define DLC_CPU_AVX512BF16 (1ull << 16)
#define DLC_CPU_AVX512FP16 (1ull << 17)
#define DLC_CPU_AVX512VBMI (1ull << 18)
#define DLC_CPU_AVX512VBMI2 (1ull << 19)
#define DLC_CPU_AVX512IFMA (1ull << 20)
#define DLC_CPU_AVX512BITALG (1ull << 21)
#define DLC_CPU_AVX512VPOPCNTDQ (1ull << 22)
#define DLC_CPU_GFNI (1ull << 23)
#define DLC_CPU_AVXVNNI (1ull << 24)
#define DLC_CPU_AMX_TILE (1ull << 25)
#define DLC_CPU_AMX_INT8 (1ull << 26)
#define DLC_CPU_AMX_BF16 (1ull << 27)

typedef struct dlc_variant {
  const char *isa;
  uint64_t features; /* all of them must be there */
} dlc_variant;

typedef struct dlc_node {
  int32_t id; /* from 1: 0 in a status word means that nothing went wrong */
  int32_t reserved;
  const char *name; /* as in the model file */
  const char *op;
  const char *expects; /* what dlc_rt_mismatch says of dims that do not fit; empty or null where it is not called */
} dlc_node;

typedef struct dlc_program {
  uint32_t abi; /* DLC_ABI */
  int32_t n_functions, n_variants, n_nodes;
  int32_t n_states, reserved;
  const char *name;
  const dlc_function *functions;
  const dlc_variant *variants; /* best first */
  const dlc_node *nodes;       /* by rising id */
  const dlc_state *states;
} dlc_program;

/* One start of a kernel in the program. */
typedef struct dlc_launch {
  dlc_task task;
  int64_t grain;       /* tiles below which a second thread does not pay */
  int32_t node;        /* its number */
  int32_t n_sizes;     /* sizes that the kernel gets, */
  int32_t first_size;  /* in the 8-byte words of the closure from this one on */
  int32_t reserved;
} dlc_launch;

/* First and last step, both inclusive, at which a buffer holds a value. */
typedef struct dlc_interval {
  int32_t first, last;
} dlc_interval;

/* ---- called by compiled code, on the thread that runs the session ---- */

/* The session's memory of that segment: at least `bytes`, aligned to 64, its contents lost when it grows, the same
   pointer as before when it does not. Null when memory is out, with the status set. */
void *dlc_rt_block(dlc_context *context, int32_t segment, int64_t bytes);

/* Places n buffers of these sizes in one block: n offsets, all multiples of 64, then the block's size. Cached by the
   address of `live` and by the sizes, for each segment; the result is valid until the next plan of the segment. Null
   when a size is negative, the sum overflows or memory is out, with the status set. */
const int64_t *dlc_rt_plan(dlc_context *context, int32_t segment, int32_t n, const dlc_interval *live,
                           const int64_t *sizes);

/* Worker numbers that dlc_rt_launch may pass to a task: 0 to this, exclusive. */
int32_t dlc_rt_workers(dlc_context *context);

/* Runs the tiles [0, tiles) on the pool; on the calling thread alone, in one call, when tiles <= launch->grain. */
void dlc_rt_launch(dlc_context *context, const dlc_launch *launch, void *closure, int64_t tiles);

/* Where output `index` of the running function goes, given its dimensions: the caller's buffer, or one that the
   session lends. Null when it does not fit or memory is out, with the status set; never null for an empty output. */
void *dlc_rt_output(dlc_context *context, int32_t index, const int64_t *dims);

/* Where a body's result goes, given its dims: the segment that `result` names. Writes to `result` what a dlc_body must.
   Null when memory is out, with the status set. */
void *dlc_rt_result(dlc_context *context, int64_t *result, int32_t rank, const int64_t *dims, int64_t bytes);

/* Runs a body at most `trips` times, while the condition is not 0; returns a dlc_status.

   `table`: number of carried values, of stacks and of symbols; first segment; node; then for each carried value and stack
   its rank, for each its bytes an element, and for each symbol which of the carried values' dims it is, or -1.
   `inputs`: room for two pointers, then the carried values and what the body captures. `symbols`: as they are in the first
   turn. `results`: words as of a dlc_body for the carried values and stacks, with the dims as before the first turn; in
   the end it describes the results. `turn`: room for the words of one turn's results.
   The body gets the turn (i64), the condition (a byte) and `inputs`, and gives the condition, the carried values, and an
   element of each stack. Inputs and symbols are changed. */
int32_t dlc_rt_loop(dlc_context *context, dlc_body body, const int32_t *table, int64_t trips, int64_t condition,
                    void **inputs, int64_t *symbols, int64_t *results, int64_t *turn);

/* A body of a scan: as dlc_body, but each word of `results` says where a result goes. */

/* Runs a body `trips` times; returns a dlc_status.

   `table`: number of carried values, of step values, of stacks; then for each step value and stack whether its rows are
   taken from the last to the first. `inputs`: the carried values at the start, the step values, and what the body captures.
   `places`: for each carried value where it goes in the end, then for each a place of as many bytes, then the stacks.
   `bytes`: of each carried value, then of a row of each step value and stack. `results`: room for a word for each carried
   value and stack.
   The body gets `inputs` with the row of each step value, and gives the carried values and the rows of the stacks. The
   arrays are changed, as is `places`' memory. */
int32_t dlc_rt_scan(dlc_context *context, dlc_body body, const int32_t *table, int64_t trips, void **inputs,
                    const int64_t *symbols, void *const *places, const int64_t *bytes, int64_t *results);

/* Where state `index` of the model lies. Only in functions whose state_access says so. */
void *dlc_rt_state(dlc_context *context, int32_t index);

/* The word where kernels leave `node << 8 | dlc_status`: unsigned minimum of what is not zero. */
int64_t *dlc_rt_status_word(dlc_context *context);

/* What went wrong so far, the status word included; 0 if nothing did. */
int32_t dlc_rt_status(dlc_context *context);

/* Records that `code` happened at node `node` (0: at none), unless something was recorded before. Returns what the
   entry should return. */
int32_t dlc_rt_fail(dlc_context *context, int32_t code, int32_t node);

/* Records in the same way that the dims of node `node` do not fit: the `n` of them (1 or 2) that were got. */
int32_t dlc_rt_mismatch(dlc_context *context, int32_t node, int32_t n, int64_t first, int64_t second);

/* ---- called by the exported wrappers of compiler/package ---- */

dlc_status dlc_rt_open(const dlc_program *program, const dlc_options *options, dlc_model **model, char *why,
                       size_t why_bytes);
void dlc_rt_close(dlc_model *model);
const char *dlc_rt_variant(const dlc_model *model);
dlc_status dlc_rt_get_state(dlc_model *model, const char *name, void *data, size_t bytes);
dlc_status dlc_rt_set_state(dlc_model *model, const char *name, const void *data, size_t bytes);
dlc_status dlc_rt_session_new(dlc_model *model, dlc_session **session);
void dlc_rt_session_free(dlc_session *session);
dlc_status dlc_rt_call(dlc_session *session, int32_t function, dlc_tensor *inputs, int32_t n_inputs,
                       dlc_tensor *outputs, int32_t n_outputs);
const char *dlc_rt_last_error(const dlc_session *session);
const char *dlc_rt_status_text(dlc_status status);
dlc_status dlc_rt_set_profile(dlc_session *session, dlc_profile *profile);
dlc_status dlc_rt_pool_new(int32_t threads, dlc_pool **pool);
void dlc_rt_pool_free(dlc_pool *pool);

/* Runs a function on its typed io struct, an array of 8-byte words: one pointer per input, one per output, one value
   per symbol, then for each output with a DLC_DIM_LATER its capacity in elements and its dims. */
dlc_status dlc_rt_run(dlc_session *session, int32_t function, void *io);

#ifdef __cplusplus
}
#endif

#endif /* DLC_PROGRAM_H */
