/*
 * base/log.h - one line for each event, on stderr.
 *
 * Human:  2026-11-23T19:40:00Z WARN  hetzner: ask tracker: HTTP 503
 * JSON:   {"time":"2026-11-23T19:40:00.123Z","level":"warn","container":"hetzner","msg":"..."}
 *
 * The container may be NULL.  Texts are made printable, so an event is always one line.  Secrets
 * have a type that these functions do not accept.  Any thread may log events; only one may show
 * progress.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/* Before the first call: level info, human lines.  Colours: on a terminal, unless NO_COLOR is set
 * and not empty (no-color.org). */
void log_setup(enum log_level level, enum log_format format);

/* "error", "warn", "info", "debug"; "text", "json".  false: another word. */
bool log_level_parse(const char *word, enum log_level *level);
bool log_format_parse(const char *word, enum log_format *format);

void log_error(const char *container, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_warn(const char *container, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_info(const char *container, const char *fmt, ...) PRINTF_LIKE(2, 3);
void log_debug(const char *container, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * A passing line on a terminal, such as a countdown: it is overwritten by the next one and wiped
 * before the next event.  Nothing is written if stderr is not a terminal, or in JSON.
 */
void log_progress(const char *container, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool log_shows_progress(void);

/* Wipes it, before a result is printed. */
void log_progress_end(void);

#endif
