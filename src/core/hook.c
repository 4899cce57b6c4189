#include "core/hook.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "system/proc.h"
#include "base/secret.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

/* Limits: words of one command, its time, its output in the log. */
#define MAX_WORDS 256
#define TIMEOUT_MS (5 * 60 * 1000)
#define OUTPUT_MAX_BYTES (16 * 1024)
#define WORD_MAX_BYTES (64 * 1024)

#define SPACES " \t\r\n\v\f"

static const char *const variables[] = {"$path", "$name"};

enum variable { PATH, NAME, NONE };

static enum variable variable_at(const char *text)
{
	for (enum variable v = PATH; v < NONE; v++)
		if (text_starts(text, variables[v]))
			return v;
	return NONE;
}

static char *replaced(const char *word, const char *path)
{
	OWN_BUF struct buf out = BUF_MAX(WORD_MAX_BYTES);

	while (*word) {
		enum variable v = variable_at(word);
		if (v == NONE) {
			buf_add(&out, word++, 1);
			continue;
		}
		buf_puts(&out, v == PATH ? path : fs_base_name(path));
		word += strlen(variables[v]);
	}
	return buf_take(&out);
}

static void log_output(const char *container, const struct buf *output)
{
	OWN_STR char *text = mem_dup(buf_text(output));
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		/* What it says of a torrent may hold the passkey. */
		OWN_STR char *shown = secret_mask(line, strlen(line), OUTPUT_MAX_BYTES);
		if (*shown)
			log_info(container, "AfterFetchExec: %s", shown);
	}
	if (output->full)
		log_info(container, "AfterFetchExec: (more output was left out)");
}

static bool judge(const char *program, const struct proc_end *end, struct err *err)
{
	if (end->timed_out)
		return err_set(err, ERR_RETRY, WORD_TIMEOUT,
			       "AfterFetchExec: %s took longer than %d minutes and was ended",
			       program, TIMEOUT_MS / 60000);
	if (end->status)
		return err_set(err, ERR_RETRY, WORD_CONFIG,
			       "AfterFetchExec: %s ended with status %d", program, end->status);
	return true;
}

/* Our environment without the secrets in it; the caller's, the strings are not. */
static char **plain_environment(void)
{
	static const char *const secret[] = {
		"PTP_USER=", "PTP_KEY=", "HC_URL=", "PTP_NOTIFY=", "PTP_LISTEN_TOKEN="};
	size_t n = 0, kept = 0;

	while (environ[n])
		n++;
	char **copy = mem_alloc((n + 1) * sizeof *copy);
	for (size_t i = 0; i < n; i++) {
		bool hide = false;
		for (size_t k = 0; k < sizeof secret / sizeof *secret; k++)
			hide |= text_starts(environ[i], secret[k]);
		if (!hide)
			copy[kept++] = environ[i];
	}
	return copy;
}

static bool run_words(char **argv, const char *container, struct wake *wake, struct err *err)
{
	OWN_STR char **env = plain_environment();
	const struct proc_spec spec = {
		.argv = argv, .env = env, .timeout_ms = TIMEOUT_MS, .wake = wake};
	OWN_BUF struct buf output = BUF_MAX(OUTPUT_MAX_BYTES);
	struct proc_end end;

	if (!proc_run(&spec, &output, &end, err))
		return err_wrap(err, "AfterFetchExec");
	log_output(container, &output);
	return judge(argv[0], &end, err);
}

static bool run_command(char *command, const char *container, const char *path, struct wake *wake,
			struct err *err)
{
	char *argv[MAX_WORDS + 1] = {NULL};
	size_t n = 0;
	char *save = NULL;

	for (char *word = strtok_r(command, SPACES, &save); word;
	     word = strtok_r(NULL, SPACES, &save)) {
		if (n < MAX_WORDS)
			argv[n] = replaced(word, path);
		n++;
	}
	bool ok = n == 0 || (n <= MAX_WORDS ? run_words(argv, container, wake, err)
					    : err_set(err, ERR_RETRY, WORD_CONFIG,
						      "AfterFetchExec: a command of over %d words",
						      MAX_WORDS));
	for (size_t i = 0; i < n && i < MAX_WORDS; i++)
		free(argv[i]);
	return ok;
}

/* Ends the first command; the rest, or NULL. */
static char *cut_off(char *commands)
{
	char *next = strstr(commands, "&&");

	if (!next)
		return NULL;
	*next = '\0';
	return next + 2;
}

bool hook_run(const char *commands, const char *container, const char *path, struct wake *wake,
	      struct err *err)
{
	OWN_STR char *text = mem_dup(commands);

	for (char *command = text; command;) {
		char *next = cut_off(command);
		if (!run_command(command, container, path, wake, err))
			return false;
		command = next;
	}
	return true;
}

/* ---- which words can be run ---- */

/* A variable can be anything. */
static bool fits_word(const char *pattern, const char *word)
{
	enum variable v = variable_at(pattern);

	if (v == NONE)
		return *pattern == *word && (!*word || fits_word(pattern + 1, word + 1));
	do {
		if (fits_word(pattern + strlen(variables[v]), word))
			return true;
	} while (*word++);
	return false;
}

static bool fits_command(char *command, char *const *argv)
{
	char *save = NULL;

	for (char *word = strtok_r(command, SPACES, &save); word;
	     word = strtok_r(NULL, SPACES, &save), argv++)
		if (!*argv || !fits_word(word, *argv))
			return false;
	return !*argv;
}

bool hook_fits(const char *commands, char *const *argv)
{
	OWN_STR char *text = mem_dup(commands);
	bool fits = false;

	for (char *command = text; command && !fits;) {
		char *next = cut_off(command);
		fits = *argv && fits_command(command, argv);
		command = next;
	}
	return fits;
}
