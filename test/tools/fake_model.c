/* A library as `dlc compile` would make it, by hand: tests the tools without the compiler.
   run: y = 2 * x for x f32[N,2], and count = N as i64[]; x[0][0] < 0 is an error. */
#include "runtime/model.h"
#include <stdlib.h>
#include <string.h>

struct dlc_model { int unused; };
struct dlc_session {
  float *y;
  int64_t count;
  const char *error;
};

static dlc_status model_open(const dlc_options *options, dlc_model **model, char *why, size_t why_bytes) {
  if (options && options->threads == 99) {
    strncpy(why, "no such threads", why_bytes);
    return DLC_NO_THREADS;
  }
  *model = malloc(sizeof(dlc_model));
  return DLC_OK;
}
static void model_close(dlc_model *model) { free(model); }
static const char *model_variant(const dlc_model *model) { (void)model; return "by-hand"; }
static dlc_status session_new(dlc_model *model, dlc_session **session) {
  (void)model;
  *session = calloc(1, sizeof(dlc_session));
  (*session)->error = "";
  return DLC_OK;
}
static void session_free(dlc_session *session) {
  free(session->y);
  free(session);
}
static const char *last_error(const dlc_session *session) { return session->error; }
static const char *status_text(dlc_status status) { return status ? "failed" : "ok"; }

static dlc_status fail(dlc_session *session, dlc_status status, const char *message) {
  session->error = message;
  return status;
}

static dlc_status call(dlc_session *session, int32_t function, dlc_tensor *in, int32_t n_in, dlc_tensor *out,
                       int32_t n_out) {
  if (function != 0 || n_in != 1 || n_out != 2)
    return fail(session, DLC_INVALID_ARGUMENT, "run takes 1 input and 2 outputs");
  if (in[0].dtype != DLC_F32)
    return fail(session, DLC_WRONG_TYPE, "input x is f32");
  if (in[0].rank != 2 || in[0].dims[1] != 2)
    return fail(session, DLC_WRONG_SHAPE, "input x is f32[N,2]");
  int64_t n = in[0].dims[0];
  const float *x = in[0].data;
  if (n && x[0] < -1)
    return fail(session, DLC_INVALID_VALUE, "node \"first\" (Double): bad value");
  session->y = realloc(session->y, (size_t)(2 * n + 1) * sizeof(float));
  for (int64_t i = 0; i < 2 * n; ++i)
    session->y[i] = 2 * x[i];
  session->count = n;
  out[0].data = session->y;
  out[0].dtype = DLC_F32;
  out[0].rank = 2;
  out[0].dims[0] = n;
  out[0].dims[1] = 2;
  out[1].data = &session->count;
  out[1].dtype = DLC_I64;
  out[1].rank = 0;
  return DLC_OK;
}

static dlc_status pool_new(int32_t threads, dlc_pool **pool) {
  (void)threads;
  *pool = NULL;
  return DLC_NO_THREADS;
}
static void pool_free(dlc_pool *pool) { (void)pool; }

static const char *const names[] = {"run"};
static const dlc_description description = {
    sizeof(dlc_description), DLC_ABI, 1, "fake",
    "{\"name\":\"fake\",\"functions\":[{\"name\":\"run\","
    "\"inputs\":[{\"name\":\"x:0\",\"dtype\":\"f32\",\"dims\":[\"N\",2]}],"
    "\"outputs\":[{\"name\":\"y:0\",\"dtype\":\"f32\",\"dims\":[\"N\",2]},"
    "{\"name\":\"count\",\"dtype\":\"i64\",\"dims\":[]}],\"flops\":[[2,\"N\"]]}]}",
    names, model_open, model_close, model_variant, session_new, session_free, call, last_error, status_text, pool_new, pool_free};

__attribute__((visibility("default"))) const dlc_description *fake_describe(void) { return &description; }
