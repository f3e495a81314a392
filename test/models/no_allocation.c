/* Counts what is allocated while a model runs. The allocator's own functions are replaced in the whole program, so that
   nothing the library calls escapes. Argument: number of threads. */
#include "lstm.h"
#include "mlp.h"
#include "norm.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static atomic_int watching, allocations;

static void count(void) {
  if (atomic_load(&watching))
    atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t bytes) { return count(), __libc_malloc(bytes); }
void *calloc(size_t n, size_t bytes) { return count(), __libc_calloc(n, bytes); }
void *realloc(void *old, size_t bytes) { return count(), __libc_realloc(old, bytes); }
void *memalign(size_t alignment, size_t bytes) { return count(), __libc_memalign(alignment, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return count(), __libc_memalign(alignment, bytes); }
int posix_memalign(void **out, size_t alignment, size_t bytes) {
  count();
  return (*out = __libc_memalign(alignment, bytes)) ? 0 : 12;
}
void free(void *p) { __libc_free(p); }

static int allocated(const char *what) {
  int n = atomic_exchange(&allocations, 0);
  if (n)
    fprintf(stderr, "%s: %d allocations\n", what, n);
  return n != 0;
}

static float x[128 * 64], probs[128 * 10], a[48 * 200], b[48 * 200], y[48 * 200], total[48];
static float steps[9 * 24], hidden[9 * 40];

/* Static shapes: not even the first run allocates. */
static int check_norm(int threads) {
  norm_options options = NORM_OPTIONS_INIT;
  options.threads = threads;
  norm_model *model;
  norm_session *session;
  char why[256];
  if (norm_open(&options, &model, why, sizeof why) || norm_session_new(model, &session))
    return 1;
  int bad = 0;
  atomic_store(&watching, 1);
  for (int i = 0; i < 20 && !bad; ++i)
    bad = norm_run(session, &(norm_io){.a = a, .b = b, .y = y, .total = total}) || allocated("norm");
  atomic_store(&watching, 0);
  norm_session_free(session);
  norm_close(model);
  return bad;
}

/* The same of a body that runs for each step. */
static int check_lstm(int threads) {
  lstm_options options = LSTM_OPTIONS_INIT;
  options.threads = threads;
  lstm_model *model;
  lstm_session *session;
  char why[256];
  if (lstm_open(&options, &model, why, sizeof why) || lstm_session_new(model, &session))
    return 1;
  int bad = 0;
  atomic_store(&watching, 1);
  for (int i = 0; i < 20 && !bad; ++i)
    bad = lstm_run(session, &(lstm_io){.x = steps, .y = hidden}) || allocated("lstm");
  atomic_store(&watching, 0);
  lstm_session_free(session);
  lstm_close(model);
  return bad;
}

/* A symbolic batch: memory grows with the largest batch so far, and is there for all smaller ones. */
static int check_mlp(int threads) {
  mlp_options options = MLP_OPTIONS_INIT;
  options.threads = threads;
  mlp_model *model;
  mlp_session *session;
  char why[256];
  if (mlp_open(&options, &model, why, sizeof why) || mlp_session_new(model, &session))
    return 1;
  int bad = mlp_run(session, &(mlp_io){.x = x, .probs = probs, .N = 128}) != 0;
  atomic_store(&watching, 1);
  for (int64_t n = 128; n >= 0 && !bad; n -= 8)
    bad = mlp_run(session, &(mlp_io){.x = x, .probs = probs, .N = n}) || allocated("mlp");
  atomic_store(&watching, 0);
  mlp_session_free(session);
  mlp_close(model);
  return bad;
}

int main(int argc, char **argv) {
  int threads = argc == 2 ? atoi(argv[1]) : 1;
  atomic_store(&watching, 1);
  free(malloc(1));
  atomic_store(&watching, 0);
  if (!atomic_exchange(&allocations, 0)) {
    fprintf(stderr, "the hook does not see malloc\n");
    return 1;
  }
  if (check_norm(threads) || check_lstm(threads) || check_mlp(threads))
    return 1;
  printf("no allocation in run on %d threads\n", threads);
  return 0;
}
