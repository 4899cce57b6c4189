/*
 * test/unit/fake_log.h - what was logged, kept for the test.
 *
 * In place of log_error(), log_warn() and log_info(), for the executables that link with fake_log.c
 * (see test/meson.build).  One line each: "error|warn|info [container: ]text".
 */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

#include <stdbool.h>

void fake_log_reset(void);

/* All lines since the reset, borrowed until the next one. */
const char *fake_log(void);

bool fake_log_has(const char *text);

#endif
