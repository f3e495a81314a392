/* Prints y = x w of two libraries made of the same model: one takes any N, the other two rows. */
#include "shared_net.h"
#include "static_net.h"
#include <stdio.h>

int main(void) {
  const float x[2][2] = {{1, 0}, {0, 1}};
  float first[2][2], second[2][2];
  shared_net_model *shared;
  static_net_model *fixed;
  shared_net_session *shared_session;
  static_net_session *fixed_session;
  if (shared_net_open(NULL, &shared, NULL, 0) || shared_net_session_new(shared, &shared_session) ||
      static_net_open(NULL, &fixed, NULL, 0) || static_net_session_new(fixed, &fixed_session))
    return 1;
  if (shared_net_run(shared_session, &(shared_net_io){.x = x[0], .y = first[0], .N = 2}) ||
      static_net_run(fixed_session, &(static_net_io){.x = x[0], .y = second[0]}))
    return 1;
  for (int i = 0; i < 4; ++i)
    printf("%g %g\n", first[i / 2][i % 2], second[i / 2][i % 2]);
  shared_net_session_free(shared_session);
  static_net_session_free(fixed_session);
  shared_net_close(shared);
  static_net_close(fixed);
  return 0;
}
