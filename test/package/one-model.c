/* Uses every entry point of one library, the way its users would. */
#include "first.h"
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      printf("line %d: %s: %s\n", __LINE__, #condition, s ? first_last_error(s) : why);                                \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

static int check(const char *variant) {
  first_options o = FIRST_OPTIONS_INIT;
  first_model *m = NULL;
  first_session *s = NULL;
  char why[256] = "";
  float x[20], y[20];
  int64_t ids[2] = {-5, 0}, found[1];
  uint16_t half = 0x4500, halved = 0; /* 5 */
  int i;
  for (i = 0; i < 20; ++i)
    x[i] = (float)i;

  o.threads = 2;
  o.variant = variant;
  CHECK(first_open(&o, &m, why, sizeof why) == DLC_OK);
  CHECK(!variant || strcmp(first_variant(m), variant) == 0);
  CHECK(first_session_new(m, &s) == DLC_OK);

  CHECK(first_run(s, &(first_io){.X = x, .probs_out = y, .N = 5}) == DLC_OK);
  for (i = 0; i < 20; ++i)
    CHECK(y[i] == x[i] + (float)(i % 4 + 1));
  {
    first_io lent = {.X = x, .N = 5};
    CHECK(first_run(s, &lent) == DLC_OK && lent.probs_out[19] == 23);
  }
  CHECK(first_run(s, &(first_io){.X = x, .probs_out = y, .N = -1}) == DLC_WRONG_SHAPE);
  CHECK(strcmp(first_last_error(s), "io: expects N from 0 to 1000, got -1") == 0);
  {
    first_find_io io = {.X = ids, .I = found, .N = 1, .I_capacity = 1};
    CHECK(first_find(s, &io) == DLC_OK && io.I_dims[0] == 1 && found[0] == 41);
    io.I_capacity = 0;
    CHECK(first_find(s, &io) == DLC_BUFFER_TOO_SMALL);
  }
  CHECK(first_halves(s, &(first_halves_io){.X = &half, .H = &halved, .batch_size = 1}) == DLC_OK);
  CHECK(halved == 0x4100); /* 2.5 */
  CHECK(first_pick(s, &(first_pick_io){.X = ids}) == DLC_INDEX_OUT_OF_RANGE);
  CHECK(strcmp(first_last_error(s), "node \"/layer/Gather\" (Gather): index out of range") == 0);

  first_session_free(s);
  first_close(m);
  return 0;
}

static int generic(const dlc_description *d) {
  const char *s = NULL, *why = "generic";
  dlc_options o = DLC_OPTIONS_INIT;
  dlc_model *model = NULL;
  dlc_session *session = NULL;
  float x[8] = {0};
  int64_t dims[2] = {2, 4}, out[2];
  dlc_tensor in, result;
  (void)s;
  in.data = x;
  in.dtype = DLC_F32;
  in.rank = 2;
  in.dims = dims;
  in.capacity = sizeof x;
  memset(&result, 0, sizeof result);
  result.rank = 2;
  result.dims = out;
#define first_last_error(x) "generic"
  CHECK(d->struct_size == sizeof(dlc_description) && d->abi == DLC_ABI && d->n_functions == 4);
  CHECK(strcmp(d->name, "first") == 0 && strcmp(d->functions[FIRST_FUNCTION_FIND], "find") == 0);
  CHECK(strstr(d->json, "\"flops\":8") != NULL);
  CHECK(d->open(&o, &model, NULL, 0) == DLC_OK && d->session_new(model, &session) == DLC_OK);
  CHECK(d->call(session, FIRST_FUNCTION_RUN, &in, 1, &result, 1) == DLC_OK);
  CHECK(result.rank == 2 && out[0] == 2 && out[1] == 4 && ((float *)result.data)[7] == 4);
  dims[1] = 3;
  CHECK(d->call(session, FIRST_FUNCTION_RUN, &in, 1, &result, 1) == DLC_WRONG_SHAPE);
  CHECK(strcmp(d->last_error(session), "input \"X\": expects f32[N,4], got f32[2,3]") == 0);
  CHECK(strcmp(d->status_text(DLC_BUSY), "the session is running on another thread") == 0);
  d->session_free(session);
  d->close(model);
  return 0;
}

int main(void) {
  int failed = check(NULL) || check("x86-64") || generic(first_describe());
  if (!failed)
    puts("good");
  return failed;
}
