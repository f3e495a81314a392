/* Links two models as archives and runs both, each from its own thread, on one shared pool.
   Arguments: a folder with x, probs, a, b, y, total as raw floats (reference outputs among them). */
#define _POSIX_C_SOURCE 200809L
#include "mlp.h"
#include "norm.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 300, N = 37 };

static const char *folder;
static dlc_pool *pool;

static float *load(const char *name, size_t count) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  float *data = malloc(count * sizeof(float));
  if (!file || fread(data, sizeof(float), count, file) != count) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  return data;
}

static int differs(const char *name, const float *actual, const float *expected, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (!(fabsf(actual[i] - expected[i]) <= 1e-5f + 1e-4f * fabsf(expected[i]))) {
      fprintf(stderr, "%s[%zu] is %g, expected %g\n", name, i, actual[i], expected[i]);
      return 1;
    }
  return 0;
}

static void *run_mlp(void *unused) {
  (void)unused;
  float *x = load("x", N * 64), *expected = load("probs", N * 10), *probs = malloc(N * 10 * sizeof(float));
  mlp_options options = MLP_OPTIONS_INIT;
  options.pool = pool;
  mlp_model *model;
  mlp_session *session;
  char why[256];
  if (mlp_open(&options, &model, why, sizeof why)) {
    fprintf(stderr, "mlp: %s\n", why);
    return "failed";
  }
  int bad = mlp_session_new(model, &session) != 0;
  for (int i = 0; i < RUNS && !bad; ++i) {
    mlp_io io = {.x = x, .probs = probs, .N = 1 + i % N};
    if (mlp_run(session, &io)) {
      fprintf(stderr, "mlp: %s\n", mlp_last_error(session));
      bad = 1;
    } else {
      bad = differs("probs", probs, expected, (size_t)io.N * 10);
    }
  }
  mlp_session_free(session);
  mlp_close(model);
  free(x), free(expected), free(probs);
  return bad ? "failed" : NULL;
}

static void *run_norm(void *unused) {
  (void)unused;
  float *a = load("a", 48 * 200), *b = load("b", 48 * 200), *y0 = load("y", 48 * 200), *total0 = load("total", 48);
  float *y = malloc(48 * 200 * sizeof(float)), *total = malloc(48 * sizeof(float));
  norm_options options = NORM_OPTIONS_INIT;
  options.pool = pool;
  norm_model *model;
  norm_session *session;
  char why[256];
  if (norm_open(&options, &model, why, sizeof why)) {
    fprintf(stderr, "norm: %s\n", why);
    return "failed";
  }
  int bad = norm_session_new(model, &session) != 0;
  for (int i = 0; i < RUNS && !bad; ++i) {
    norm_io io = {.a = a, .b = b, .y = y, .total = total};
    if (norm_run(session, &io)) {
      fprintf(stderr, "norm: %s\n", norm_last_error(session));
      bad = 1;
    } else {
      bad = differs("y", y, y0, 48 * 200) || differs("total", total, total0, 48);
    }
  }
  norm_session_free(session);
  norm_close(model);
  free(a), free(b), free(y0), free(total0), free(y), free(total);
  return bad ? "failed" : NULL;
}

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  folder = argv[1];
  /* Any model's library makes a pool that every other accepts. */
  if (mlp_pool_new(2, &pool))
    return 1;
  pthread_t one, two;
  void *first, *second;
  if (pthread_create(&one, NULL, run_mlp, NULL) || pthread_create(&two, NULL, run_norm, NULL))
    return 1;
  pthread_join(one, &first);
  pthread_join(two, &second);
  mlp_pool_free(pool);
  if (first || second)
    return 1;
  printf("two models, %d runs each, one pool: as expected\n", RUNS);
  return 0;
}
