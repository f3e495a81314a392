/*===- model.h - What every library made by dlc shares ------------------------===
 *
 * The public C99 ABI. Its text stands in every generated header, behind one guard, so that the headers of several
 * models can be included together. Anything here that changes changes DLC_ABI.
 */
#ifndef DLC_MODEL_H
#define DLC_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_ABI 1

/* What every call returns. Zero is success; the message is in PREFIX_last_error or the `why` of PREFIX_open. */
typedef enum dlc_status {
  DLC_OK = 0,
  DLC_INVALID_ARGUMENT = 1, /* a null pointer, an unknown function, a struct that was not initialised */
  DLC_WRONG_TYPE = 2,       /* a tensor of another element type */
  DLC_WRONG_SHAPE = 3,      /* a tensor of another rank or with other dimensions */
  DLC_BUSY = 4,             /* another thread is running this session */
  DLC_OUT_OF_MEMORY = 5,
  DLC_NO_THREADS = 6,         /* the system refused to start a thread */
  DLC_UNSUPPORTED_CPU = 7,    /* this machine runs none of the library's variants */
  DLC_BUFFER_TOO_SMALL = 8,   /* an output does not fit its buffer; its dimensions are written all the same */
  DLC_INDEX_OUT_OF_RANGE = 9, /* an index in the data, e.g. of Gather */
  DLC_DIVISION_BY_ZERO = 10,  /* of integers */
  DLC_INVALID_VALUE = 11,     /* a value in the data that the operator does not allow */
  DLC_SHAPE_MISMATCH = 12,    /* shapes known only while running do not fit together */
  DLC_LIMIT_EXCEEDED = 13     /* a loop or a result beyond the bound it was compiled for */
} dlc_status;

/* Element types, numbered as in ONNX. f16 and bf16 are passed as their bits (uint16_t), bool as a byte of 0 or 1. What is
   narrower lies one element a byte, not packed as in ONNX files: floats as their bits, integers as their values. */
typedef enum dlc_dtype {
  DLC_F32 = 1,
  DLC_U8 = 2,
  DLC_I8 = 3,
  DLC_U16 = 4,
  DLC_I16 = 5,
  DLC_I32 = 6,
  DLC_I64 = 7,
  DLC_BOOL = 9,
  DLC_F16 = 10,
  DLC_F64 = 11,
  DLC_U32 = 12,
  DLC_U64 = 13,
  DLC_BF16 = 16,
  DLC_F8E4M3FN = 17,
  DLC_F8E4M3FNUZ = 18,
  DLC_F8E5M2 = 19,
  DLC_F8E5M2FNUZ = 20,
  DLC_U4 = 21,
  DLC_I4 = 22,
  DLC_F4E2M1FN = 23,
  DLC_F8E8M0FNU = 24,
  DLC_U2 = 25,
  DLC_I2 = 26
} dlc_dtype;

/* A row-major tensor without gaps, for PREFIX_call. */
typedef struct dlc_tensor {
  void *data;       /* an output's may be NULL, or lent before: the session lends it, valid until its next call */
  int32_t dtype;    /* dlc_dtype; an output's may be 0: filled in by the call */
  int32_t rank;     /* an output's: the room in dims; the call writes the rank */
  int64_t *dims;    /* an input's are read, an output's written; may be NULL if rank is 0 */
  int64_t capacity; /* bytes at data; an input's may be 0: not checked */
} dlc_tensor;

/* Does the tiles [begin, end) of some work. `worker` is below the pool's `threads`, and no two tasks of one
   parallel_for run with the same number at the same time. */
typedef void (*dlc_task)(void *closure, int64_t begin, int64_t end, int32_t worker);

/* Threads that run work for any number of sessions of any dlc library. PREFIX_pool_new makes one; a program may as
   well fill the struct itself to lend its own threads. */
typedef struct dlc_pool {
  uint32_t abi;    /* DLC_ABI */
  int32_t threads; /* worker numbers, the caller's included */
  void *context;
  /* Covers [0, tiles) exactly once with calls of `task` of about `grain` tiles or more and returns when all are done.
     The caller takes part. May be called by several threads at once. */
  void (*parallel_for)(void *context, int64_t tiles, int64_t grain, dlc_task task, void *closure);
  void (*release)(struct dlc_pool *pool); /* what PREFIX_pool_free calls; may be NULL */
} dlc_pool;

/* Options of PREFIX_open. Start from DLC_OPTIONS_INIT (or PREFIX_OPTIONS_INIT). */
typedef struct dlc_options {
  size_t struct_size;
  dlc_pool *pool;      /* NULL: the model starts threads of its own; else it must outlive the model */
  int32_t threads;     /* of the model's own pool: 0 is one for each CPU of the process, 1 is none but the caller */
  int32_t reserved;    /* 0 */
  const char *variant; /* NULL: the best that this machine runs; else exactly this one, e.g. "x86-64-v3" */
  void *allocator;     /* passed to the two functions below */
  /* Both or none. `alignment` is a power of two of at least 64; NULL means that memory is out. */
  void *(*allocate)(void *allocator, size_t bytes, size_t alignment);
  void (*deallocate)(void *allocator, void *memory, size_t bytes);
} dlc_options;

#define DLC_OPTIONS_INIT                                                                                               \
  { sizeof(dlc_options), NULL, 0, 0, NULL, NULL, NULL, NULL }

typedef struct dlc_model dlc_model;
typedef struct dlc_session dlc_session;

/* What a session did and when, in nanoseconds of CLOCK_MONOTONIC. A call of a function is one DLC_EVENT_RUN. In it, each
   start of a kernel is one DLC_EVENT_LAUNCH, and each part of it that a thread did in one go one DLC_EVENT_TILES. */
typedef enum dlc_event_kind { DLC_EVENT_RUN = 1, DLC_EVENT_LAUNCH = 2, DLC_EVENT_TILES = 3 } dlc_event_kind;

#define DLC_EVENT_SIZES 8

typedef struct dlc_event {
  int64_t begin, end;
  int32_t kind;        /* dlc_event_kind */
  int32_t node;        /* of a run: number of the function; else of the launch, as "launches" of the description has it */
  int32_t worker;      /* of tiles: who did them; else 0, the thread that called */
  int32_t reserved;    /* 0 */
  int64_t first, last; /* tiles, `last` exclusive; of a run 0 */
  int64_t sizes[DLC_EVENT_SIZES]; /* of a launch: d0, d1, ... of its kernel, as many as there are; else 0 */
} dlc_event;

/* Where a session writes its events. It stays the caller's, who sets all members. Events come in the order in which
   things begin: a run, a launch, its tiles, the next launch. They are complete when the call of the function returns,
   and may be read, and `count` set to 0 again, until the next. No more are kept than there is room for; `count` goes on,
   and tells by how much there are too few. */
typedef struct dlc_profile {
  size_t struct_size; /* sizeof(dlc_profile) */
  size_t event_bytes; /* sizeof(dlc_event): from one event to the next */
  dlc_event *events;
  int64_t capacity; /* events that fit */
  int64_t count;    /* events so far; 0 to begin with */
} dlc_profile;

/* What a library says of itself, and its entry points for tools that drive any model. `json` is an object with the
   name, functions, their inputs, outputs and dimensions, the variants, and what each launch of a kernel is. */
typedef struct dlc_description {
  size_t struct_size;
  uint32_t abi;
  int32_t n_functions;
  const char *name;
  const char *json;
  const char *const *functions; /* their names; the index is PREFIX_call's */
  dlc_status (*open)(const dlc_options *options, dlc_model **model, char *why, size_t why_bytes);
  void (*close)(dlc_model *model);
  const char *(*variant)(const dlc_model *model);
  dlc_status (*session_new)(dlc_model *model, dlc_session **session);
  void (*session_free)(dlc_session *session);
  dlc_status (*call)(dlc_session *session, int32_t function, dlc_tensor *inputs, int32_t n_inputs, dlc_tensor *outputs,
                     int32_t n_outputs);
  const char *(*last_error)(const dlc_session *session);
  const char *(*status_text)(dlc_status status);
  dlc_status (*pool_new)(int32_t threads, dlc_pool **pool);
  void (*pool_free)(dlc_pool *pool);
  dlc_status (*get_state)(dlc_model *model, const char *name, void *data, size_t bytes);
  dlc_status (*set_state)(dlc_model *model, const char *name, const void *data, size_t bytes);
  /* From here on only if struct_size says so. Has the session write its events to `profile`, from its next call on and
     until another is set; NULL for none. `profile` must stay until then. Fails while the session runs. */
  dlc_status (*set_profile)(dlc_session *session, dlc_profile *profile);
} dlc_description;

#ifdef __cplusplus
}
#endif

#endif /* DLC_MODEL_H */
