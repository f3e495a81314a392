/* What a library does with bad arguments and bad data: a status and a message, never a signal. */
#include "product.h"
#include "values.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static int failures;

/* Status `want` (-1: any but 0), and a message that contains `text`. */
static void expect(const char *what, int status, int want, const char *message, const char *text) {
  int ok = (want < 0 ? status != 0 : status == want) && message && strstr(message, text);
  if (!ok) {
    printf("%s: status %d, expected %d; message \"%s\", expected \"...%s...\"\n", what, status, want,
           message ? message : "(null)", text);
    ++failures;
  }
}

static int32_t table[10] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, picked[4], quotient[4];

static int run_values(values_session *s, const int64_t *index, const int32_t *p, const int32_t *q) {
  return values_run(s, &(values_io){.table = table, .index = index, .p = p, .q = q, .picked = picked, .quotient = quotient});
}

static void check_data(values_session *s) {
  int64_t index[4] = {0, 9, -1, -10}, high[4] = {0, 1, 2, 10}, low[4] = {0, 1, 2, -11}, huge[4] = {INT64_MAX, 0, INT64_MIN, 0};
  int32_t p[4] = {7, -7, 9, INT_MIN}, q[4] = {2, 2, -3, 2}, zero[4] = {1, 0, 1, 1}, minus[4] = {1, 1, 1, -1};
  expect("good values", run_values(s, index, p, q), DLC_OK, "", "");
  if (picked[2] != 19 || picked[3] != 10 || quotient[1] != -3 || quotient[2] != -3)
    printf("wrong results: %d %d %d %d\n", picked[2], picked[3], quotient[1], quotient[2]), ++failures;
  expect("index too high", run_values(s, high, p, q), DLC_INDEX_OUT_OF_RANGE, values_last_error(s), "pick");
  expect("index too low", run_values(s, low, p, q), DLC_INDEX_OUT_OF_RANGE, values_last_error(s), "pick");
  expect("index huge", run_values(s, huge, p, q), DLC_INDEX_OUT_OF_RANGE, values_last_error(s), "pick");
  expect("division by zero", run_values(s, index, p, zero), DLC_DIVISION_BY_ZERO, values_last_error(s), "divide");
  expect("INT_MIN / -1", run_values(s, index, p, minus), -1, values_last_error(s), "divide");
  expect("good values again", run_values(s, index, p, q), DLC_OK, "", "");
}

static void check_pointers(values_session *s) {
  int64_t index[4] = {0};
  int32_t p[4] = {1, 1, 1, 1};
  expect("null input", run_values(s, NULL, p, p), DLC_INVALID_ARGUMENT, values_last_error(s), "index");
  expect("null io", values_run(s, NULL), DLC_INVALID_ARGUMENT, values_last_error(s), "");
  expect("null session", values_run(NULL, &(values_io){0}), DLC_INVALID_ARGUMENT, "", "");
  (void)index;
}

static void check_tensors(values_session *s) {
  int64_t index[4] = {0}, four = 4, five = 5, ten = 10, pair[2] = {2, 2}, room[4];
  int32_t p[4] = {1, 1, 1, 1};
  dlc_tensor good[4] = {{table, DLC_I32, 1, &ten, 0}, {index, DLC_I64, 1, &four, 0}, {p, DLC_I32, 1, &four, 0}, {p, DLC_I32, 1, &four, 0}};
  dlc_tensor in[4], out[2] = {{NULL, 0, 4, room, 0}, {NULL, 0, 4, room, 0}};
#define CALL(change)                                                                                                   \
  (memcpy(in, good, sizeof in), (void)(change), out[0].rank = out[1].rank = 4, values_call(s, 0, in, 4, out, 2))
  expect("good tensors", CALL(0), DLC_OK, "", "");
  expect("wrong type", CALL(in[1].dtype = DLC_I32), DLC_WRONG_TYPE, values_last_error(s), "index");
  expect("wrong rank", CALL((in[2].rank = 2, in[2].dims = pair)), DLC_WRONG_SHAPE, values_last_error(s), "p");
  expect("wrong size", CALL(in[3].dims = &five), DLC_WRONG_SHAPE, values_last_error(s), "q");
  expect("null data", CALL(in[0].data = NULL), DLC_INVALID_ARGUMENT, values_last_error(s), "table");
  expect("null dims", CALL(in[0].dims = NULL), DLC_INVALID_ARGUMENT, values_last_error(s), "table");
  expect("short data", CALL(in[0].capacity = 8), -1, values_last_error(s), "table");
  expect("too few inputs", values_call(s, 0, good, 3, out, 2), DLC_INVALID_ARGUMENT, values_last_error(s), "");
  expect("no such function", values_call(s, 7, good, 4, out, 2), DLC_INVALID_ARGUMENT, values_last_error(s), "");
  out[0].data = picked, out[0].capacity = 4;
  expect("short output", CALL(0), DLC_BUFFER_TOO_SMALL, values_last_error(s), "picked");
}

/* ---- a second caller on a busy session ---- */

static float a[512 * 512], b[512 * 512], c[512 * 512], other[512 * 512];
static atomic_int stop;

static void *keep_busy(void *session) {
  while (!atomic_load(&stop))
    product_run(session, &(product_io){.a = a, .b = b, .c = c});
  return NULL;
}

static void check_busy(void) {
  product_model *model;
  product_session *session;
  char why[256];
  if (product_open(NULL, &model, why, sizeof why) || product_session_new(model, &session)) {
    printf("product: %s\n", why), ++failures;
    return;
  }
  pthread_t thread;
  pthread_create(&thread, NULL, keep_busy, session);
  int busy = 0;
  for (int i = 0; i < 100000 && !busy; ++i)
    busy = product_run(session, &(product_io){.a = a, .b = b, .c = other}) == DLC_BUSY;
  atomic_store(&stop, 1);
  pthread_join(thread, NULL);
  if (!busy)
    printf("two threads shared a session, and none was told DLC_BUSY\n"), ++failures;
  expect("after that", product_run(session, &(product_io){.a = a, .b = b, .c = c}), DLC_OK, "", "");
  product_session_free(session);
  product_close(model);
}

int main(void) {
  values_model *model;
  values_session *session;
  char why[256] = "";
  values_options options = VALUES_OPTIONS_INIT;
  options.variant = "no-such-cpu";
  expect("unknown variant", values_open(&options, &model, why, sizeof why), -1, why, "no-such-cpu");
  options.variant = NULL;
  options.struct_size = 0;
  expect("struct not initialised", values_open(&options, &model, why, sizeof why), DLC_INVALID_ARGUMENT, why, "");
  if (values_open(NULL, &model, why, sizeof why) || values_session_new(model, &session)) {
    printf("values: %s\n", why);
    return 1;
  }
  check_data(session);
  check_pointers(session);
  check_tensors(session);
  values_session_free(session);
  values_close(model);
  check_busy();
  if (!failures)
    printf("bad arguments and bad values: a status each\n");
  return failures != 0;
}
