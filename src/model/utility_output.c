#include "model/utility_output.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exceptions that speak of the connection or of the tracker's health, not of our question. */
static const char *const of_connection[] = {"Connection", "Timeout",         "timeout",
					    "SSLError",   "ProxyError",      "ChunkedEncodingError",
					    "MaxRetry",   "JSONDecodeError", "IncompleteRead"};
/* In an exception: the question did not leave this machine, or no tracker was there to get it. */
static const char *const never_asked[] = {
	"Connection refused", "Failed to establish a new connection", "Name or service not known",
	"Temporary failure in name resolution", "ConnectTimeout"};
/* These come before anything was asked, if the utility had called no function yet. */
static const char *const never_began[] = {"ModuleNotFoundError", "ImportError", "SyntaxError",
					  "IndentationError"};
/* In a trace: what follows the question had begun. */
static const char *const downloading[] = {"DownloadURL", "action=download", "IncompleteRead"};

struct line {
	const char *at; /* at[len] is '\n' or '\0' */
	size_t len;
};

/* The line at *rest; false at the end. */
static bool next_line(const char **rest, struct line *line)
{
	if (!**rest)
		return false;
	line->at = *rest;
	line->len = strcspn(*rest, "\n");
	*rest += line->len + ((*rest)[line->len] == '\n');
	return true;
}

static bool holds_any(const char *output, const char *const needles[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(output, needles[i]))
			return true;
	return false;
}

/* Not the lines of source that a trace shows, which are indented. */
static bool raises_any(const char *output, const char *const needles[], size_t n)
{
	struct line line;

	while (next_line(&output, &line)) {
		OWN_STR char *text = mem_dupn(line.at, line.len);
		if (*text != ' ' && holds_any(text, needles, n))
			return true;
	}
	return false;
}

static void copy(char *to, size_t cap, const char *from, size_t len)
{
	if (len >= cap)
		len = text_cut(from, len, cap - 1);
	memcpy(to, from, len);
	to[len] = '\0';
}

/* The word at the start of a line, such as "requests.exceptions.HTTPError"; its length. */
static size_t first_word(struct line line)
{
	size_t n = 0;

	while (isalnum((unsigned char)line.at[n]) || line.at[n] == '_' || line.at[n] == '.')
		n++;
	return n;
}

static bool ends_in_error(struct line line, size_t word)
{
	return word >= 5 && memcmp(line.at + word - 5, "Error", 5) == 0;
}

static void take_exception(struct utility_output *out, struct line line, size_t word)
{
	const char *dot = memrchr(line.at, '.', word);
	const char *name = dot ? dot + 1 : line.at;

	copy(out->type, sizeof out->type, name, (size_t)(line.at + word - name));
	copy(out->message, sizeof out->message, line.at, line.len);
}

/* The reply stands behind the exception, as a dict. */
static void add_reply(struct utility_output *out, struct line line)
{
	size_t len = strlen(out->message);

	if (len + 3 < sizeof out->message) {
		memcpy(out->message + len, ": ", 3);
		copy(out->message + len + 2, sizeof out->message - len - 2, line.at, line.len);
	}
}

static void read_exceptions(const char *output, struct utility_output *out)
{
	struct line line, last = {"", 0};
	bool found = false;

	while (next_line(&output, &line)) {
		size_t word = first_word(line);
		if (ends_in_error(line, word)) {
			take_exception(out, line, word);
			found = true;
		} else if (found && *line.at == '{') {
			add_reply(out, line);
		}
		if (line.len)
			last = line;
	}
	if (found)
		return;
	text_copy(out->type, sizeof out->type, "Unknown");
	if (out->signal)
		snprintf(out->message, sizeof out->message, "ended by signal %d%s", out->signal,
			 out->signal == SIGKILL ? "; out of memory?" : "");
	else
		copy(out->message, sizeof out->message, last.at, last.len);
}

/* Only in the reply, which is printed as a dict: paths and names may hold the word as well. */
static bool speaks_of_stalling(const char *output)
{
	struct line line;

	while (next_line(&output, &line)) {
		if (*line.at != '{')
			continue;
		OWN_STR char *reply = mem_dupn(line.at, line.len);
		if (text_has_word_nocase(reply, "stall"))
			return true;
	}
	return false;
}

static void copy_digits(char *to, size_t cap, const char *from)
{
	size_t n = strspn(from, "0123456789");

	if (n < cap)
		copy(to, cap, from, n);
}

/* The URL of a download that failed tells what had been assigned. */
static void read_ids(const char *output, struct utility_output *out)
{
	struct line line;

	while (next_line(&output, &line)) {
		const char *archive = memmem(line.at, line.len, "&ArchiveID=", 11);
		const char *torrent = memmem(line.at, line.len, "&id=", 4);
		if (!archive || !torrent || isspace((unsigned char)*line.at))
			continue;
		copy_digits(out->torrent_id, sizeof out->torrent_id, torrent + 4);
		copy_digits(out->archive_id, sizeof out->archive_id, archive + 11);
	}
	if (!out->torrent_id[0] || !out->archive_id[0])
		out->torrent_id[0] = out->archive_id[0] = '\0';
}

/* "...HTTPError: 403 Client Error: Forbidden for url: ..." */
static long http_status(const struct utility_output *out)
{
	const char *colon = strstr(out->message, "HTTPError: ");

	if (!colon)
		return 0;
	long status = strtol(colon + strlen("HTTPError: "), NULL, 10);
	return status >= 100 && status <= 599 ? status : 0;
}

static bool tracker_is_unwell(const char *output, const struct utility_output *out)
{
	long s = out->status;

	/* Of a download, 404 and its like say nothing of the tracker's health. */
	if (strcmp(out->type, "HTTPError") == 0)
		return !out->torrent_id[0] || s == 0 || s == 401 || s == 403 || s == 429 ||
		       s >= 500;
	/* The trace of a refusal holds neither; one of a bug may hold anything in its source lines,
	 * and then patience does no harm. */
	return holds_any(output, of_connection, sizeof of_connection / sizeof *of_connection);
}

/* A trace names the functions that were at work: `File "archiver.py", line 1, in fetch`. */
static bool called_a_function(const char *output)
{
	struct line line;

	while (next_line(&output, &line)) {
		const char *in = memmem(line.at, line.len, ", in ", 5);
		if (in && strncmp(in, ", in <module>", strlen(", in <module>")) != 0)
			return true;
	}
	return false;
}

static bool began(const char *output)
{
	return called_a_function(output) ||
	       !raises_any(output, never_began, sizeof never_began / sizeof *never_began);
}

/* 401, 403 and 429 are the statuses that prove it (model/proof.h). */
static bool may_have_assigned(const char *output, const struct utility_output *out)
{
	if (out->has_assigned)
		return true;
	if (out->status)
		return out->status != 401 && out->status != 403 && out->status != 429;
	return began(output) &&
	       !raises_any(output, never_asked, sizeof never_asked / sizeof *never_asked);
}

static void read_module(const char *output, struct utility_output *out)
{
	static const char text[] = "ModuleNotFoundError: No module named '";
	const char *at = strstr(output, text);

	if (at)
		copy(out->module, sizeof out->module, at + strlen(text),
		     strcspn(at + strlen(text), "'\n"));
}

void utility_output_read(int status, const char *output, struct utility_output *out)
{
	*out = (struct utility_output){.verdict = UTILITY_OK};
	if (status == 0)
		return;
	if (strstr(output, "No space left in container")) {
		out->verdict = UTILITY_FULL;
		return;
	}
	if (speaks_of_stalling(output)) {
		out->verdict = UTILITY_STALLED;
		return;
	}
	out->verdict = UTILITY_FAILED;
	out->signal = status > 128 && status <= 128 + SIGRTMAX ? status - 128 : 0;
	read_exceptions(output, out);
	read_module(output, out);
	read_ids(output, out);
	out->status = http_status(out);
	out->back_off = tracker_is_unwell(output, out);
	out->has_assigned =
		holds_any(output, downloading, sizeof downloading / sizeof *downloading);
	out->may_have_assigned = may_have_assigned(output, out);
}

bool utility_output_lists(const char *output, const char *container)
{
	size_t n = strlen(container);
	struct line line;

	while (next_line(&output, &line))
		if (line.len > n + 3 && line.at[0] == '\t' &&
		    memcmp(line.at + 1, container, n) == 0 && memcmp(line.at + 1 + n, " (", 2) == 0)
			return true;
	return false;
}

bool utility_output_is_list(const char *output)
{
	struct line line;

	while (next_line(&output, &line))
		if (line.len >= 11 && memcmp(line.at, "Containers:", 11) == 0)
			return true;
	return false;
}

/* ---- the version in the source ---- */

static size_t skip(struct line line, size_t at, const char *set)
{
	while (at < line.len && strchr(set, line.at[at]))
		at++;
	return at;
}

static bool names_version(const char *name, size_t len)
{
	while (len && name[len - 1] == '_')
		len--;
	return len >= 7 && strncasecmp(name + len - 7, "version", 7) == 0;
}

static bool assigned_version(struct line line, char version[REPLY_VERSION_SIZE])
{
	size_t begin = skip(line, 0, " \t");
	struct line rest = {line.at + begin, line.len - begin};
	size_t name = first_word(rest);

	if (!names_version(rest.at, name))
		return false;
	size_t at = skip(rest, name, " \t");
	if (rest.at[at] != '=')
		return false;
	at = skip(rest, at + 1, " \t'\"");
	size_t end = skip(rest, at, "0123456789.");
	if (!isdigit((unsigned char)rest.at[at]) || end - at >= REPLY_VERSION_SIZE)
		return false;
	copy(version, REPLY_VERSION_SIZE, rest.at + at, end - at);
	return true;
}

bool utility_output_version(const char *source, char version[REPLY_VERSION_SIZE])
{
	struct line line;

	while (next_line(&source, &line))
		if (assigned_version(line, version))
			return true;
	return false;
}
