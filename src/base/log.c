#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES (64 * 1024)
#define STUCK_MS 500

static const char *const level_word[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};
static const char *const level_head[] = {
	[LOG_ERROR] = "ERROR", [LOG_WARN] = "WARN ", [LOG_INFO] = "INFO ", [LOG_DEBUG] = "DEBUG"};
static const char *const level_colour[] = {[LOG_ERROR] = "\033[31m",
					   [LOG_WARN] = "\033[33m",
					   [LOG_INFO] = "",
					   [LOG_DEBUG] = "\033[2m"};
static const char *const format_word[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json"};

/* Of all that follows. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
	enum log_level level;
	enum log_format format;
	bool terminal, colour, progress_shown;
	bool stuck; /* nobody read the last line in time */
} logger = {.level = LOG_INFO};

void log_setup(enum log_level level, enum log_format format)
{
	const char *no_color = getenv("NO_COLOR");

	pthread_mutex_lock(&lock);
	logger.level = level;
	logger.format = format;
	logger.terminal = isatty(STDERR_FILENO) == 1;
	logger.colour = logger.terminal && !(no_color && *no_color);
	pthread_mutex_unlock(&lock);
}

static bool parse_word(const char *word, const char *const words[], unsigned n, unsigned *found)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0) {
			*found = i;
			return true;
		}
	return false;
}

bool log_level_parse(const char *word, enum log_level *level)
{
	unsigned found;

	if (!parse_word(word, level_word, LOG_DEBUG + 1, &found))
		return false;
	*level = (enum log_level)found;
	return true;
}

bool log_format_parse(const char *word, enum log_format *format)
{
	unsigned found;

	if (!parse_word(word, format_word, LOG_JSON + 1, &found))
		return false;
	*format = (enum log_format)found;
	return true;
}

/* Where nobody reads the log, the rest of a line is dropped rather than the program held up. */
static void write_all(const struct buf *line)
{
	for (size_t at = 0; at < line->len;) {
		struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
		size_t left = line->len - at;
		logger.stuck = poll(&p, 1, logger.stuck ? 0 : STUCK_MS) <= 0;
		if (logger.stuck)
			return;
		ssize_t n =
			write(STDERR_FILENO, line->data + at, left < PIPE_BUF ? left : PIPE_BUF);
		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

static void wipe_progress(struct buf *line)
{
	if (logger.progress_shown)
		buf_puts(line, "\r\033[K");
	logger.progress_shown = false;
}

static void add_text(struct buf *line, enum log_level level, const char *container, const char *msg)
{
	char when[CLOCK_TEXT];
	bool colour = logger.colour && *level_colour[level];

	wipe_progress(line);
	clock_format(clock_now(), when);
	buf_printf(line, "%s %s%s%s %s%s%s\n", when, colour ? level_colour[level] : "",
		   level_head[level], colour ? "\033[0m" : "", container ? container : "",
		   container ? ": " : "", msg);
}

static void add_json(struct buf *line, enum log_level level, const char *container, const char *msg)
{
	char when[CLOCK_TEXT];
	int64_t now = clock_now();

	clock_format_utc(now, when);
	when[strlen(when) - 1] = '\0';
	json_t *event = json_object();
	json_object_set_new(event, "time", json_sprintf("%s.%03dZ", when, (int)(now % 1000)));
	json_object_set_new(event, "level", json_string(level_word[level]));
	if (container)
		json_object_set_new(event, "container", json_string(container));
	json_object_set_new(event, "msg", json_string(msg));
	OWN_STR char *text = json_dumps(event, JSON_COMPACT);
	json_decref(event);
	buf_printf(line, "%s\n", text ? text : "{}");
}

static void write_event(enum log_level level, const char *container, const char *msg)
{
	OWN_BUF struct buf line = BUF_MAX(2 * LINE_MAX_BYTES);

	if (level > logger.level)
		return;
	if (logger.format == LOG_JSON)
		add_json(&line, level, container, msg);
	else
		add_text(&line, level, container, msg);
	write_all(&line);
}

static void vlog(enum log_level level, const char *container, const char *fmt, va_list ap)
	PRINTF_LIKE(3, 0);
static void vlog(enum log_level level, const char *container, const char *fmt, va_list ap)
{
	OWN_STR char *raw = NULL;

	if (vasprintf(&raw, fmt, ap) < 0)
		return;
	OWN_STR char *msg = text_printable(raw, strlen(raw), LINE_MAX_BYTES);
	OWN_STR char *name = container ? text_printable(container, strlen(container), 256) : NULL;
	pthread_mutex_lock(&lock);
	write_event(level, name, msg);
	pthread_mutex_unlock(&lock);
}

#define LOG_FUNCTION(function, level)                              \
	void function(const char *container, const char *fmt, ...) \
	{                                                          \
		va_list ap;                                        \
		va_start(ap, fmt);                                 \
		vlog(level, container, fmt, ap);                   \
		va_end(ap);                                        \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)

bool log_shows_progress(void)
{
	return logger.terminal && logger.format == LOG_TEXT && logger.level >= LOG_INFO;
}

void log_progress_end(void)
{
	OWN_BUF struct buf line = BUF_MAX(16);

	pthread_mutex_lock(&lock);
	wipe_progress(&line);
	write_all(&line);
	pthread_mutex_unlock(&lock);
}

void log_progress(const char *container, const char *fmt, ...)
{
	OWN_BUF struct buf line = BUF_MAX(1024);
	OWN_STR char *raw = NULL;
	va_list ap;

	if (!log_shows_progress())
		return;
	va_start(ap, fmt);
	int n = vasprintf(&raw, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	OWN_STR char *msg = text_printable(raw, strlen(raw), 200);
	buf_printf(&line, "\r\033[K%s%s%s", container ? container : "", container ? ": " : "", msg);
	pthread_mutex_lock(&lock);
	write_all(&line);
	logger.progress_shown = true;
	pthread_mutex_unlock(&lock);
}
