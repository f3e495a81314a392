/* Two different models in one program, on two threads that share a pool. */
#include "first.h"
#include "second.h"
#include <pthread.h>
#include <stdio.h>

static dlc_pool *pool;

#define WORK(model, scale)                                                                                             \
  static void *model##_work(void *unused) {                                                                            \
    model##_options o = DLC_OPTIONS_INIT;                                                                              \
    model##_model *m = NULL;                                                                                           \
    model##_session *s = NULL;                                                                                         \
    static float x[400], y[400];                                                                                       \
    long bad = 0;                                                                                                      \
    int round, i;                                                                                                      \
    o.pool = pool;                                                                                                     \
    bad += model##_open(&o, &m, NULL, 0) != DLC_OK || model##_session_new(m, &s) != DLC_OK;                            \
    for (round = 0; round < 2000 && !bad; ++round) {                                                                   \
      model##_io io = {x, y, 100};                                                                                     \
      bad += model##_run(s, &io) != DLC_OK;                                                                            \
      for (i = 0; i < 400; ++i)                                                                                        \
        bad += y[i] != (float)(scale * (i % 4 + 1));                                                                   \
    }                                                                                                                  \
    model##_session_free(s);                                                                                           \
    model##_close(m);                                                                                                  \
    (void)unused;                                                                                                      \
    return (void *)bad;                                                                                                \
  }

WORK(first, 1)
WORK(second, 7)

int main(void) {
  pthread_t one, other;
  void *bad[2];
  if (second_pool_new(2, &pool) != DLC_OK)
    return 1;
  pthread_create(&one, NULL, first_work, NULL);
  pthread_create(&other, NULL, second_work, NULL);
  pthread_join(one, &bad[0]);
  pthread_join(other, &bad[1]);
  first_pool_free(pool); /* any library frees any pool */
  puts(bad[0] || bad[1] ? "bad" : "good");
  return bad[0] || bad[1];
}
