/* setup: a first config.ptp. */
#include "cmd/command.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES 256
#define TRIES 3

struct answers {
	struct secret user, key;
};

static void answers_clear(struct answers *a)
{
	secret_clear(&a->user);
	secret_clear(&a->key);
}

static void interrupted(int signo)
{
	(void)signo;
}

/* If a signal interrupts a hidden line it returns false, and the terminal echoes again. */
static bool read_line(char line[LINE_BYTES], bool hidden)
{
	const struct sigaction ends_the_read = {.sa_handler = interrupted};
	struct termios before, quiet;
	bool terminal = hidden && tcgetattr(STDIN_FILENO, &before) == 0;

	if (terminal) {
		sigaction(SIGINT, &ends_the_read, NULL);
		sigaction(SIGTERM, &ends_the_read, NULL);
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	bool got = fgets(line, LINE_BYTES, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return got;
}

static bool right_form(const char *text, size_t len)
{
	if (strlen(text) != len)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

static bool ask(const char *what, size_t len, bool hidden, struct secret *out, struct err *err)
{
	char line[LINE_BYTES];

	for (int i = 0; i < TRIES; i++) {
		fprintf(stderr, "%s (%zu letters and digits%s): ", what, len,
			hidden ? ", not shown" : "");
		fflush(stderr);
		if (!read_line(line, hidden))
			return err_set(err, ERR_FATAL, WORD_CONFIG, "%s: nothing was entered",
				       what);
		char *text = text_strip(line);
		bool right = right_form(text, len);
		mask_learn(text);
		if (right)
			secret_set(out, text);
		secret_wipe(line, sizeof line);
		if (right)
			return true;
		fprintf(stderr, "That has not %zu letters and digits.%s\n", len,
			i < TRIES - 1 ? " Once more:" : "");
	}
	return err_set(err, ERR_FATAL, WORD_CONFIG, "%s: not of the right form", what);
}

static bool put(json_t *root, void *ctx, struct err *err)
{
	const struct answers *a = ctx;
	static const struct {
		const char *key, *value;
	} defaults[] = {{"BaseURL", "https://passthepopcorn.me"},
			{"FetchURL", "archive.php?action=fetch"},
			{"UpdateURL", "archive.php?action=script"},
			{"VersionURL", "archive.php?action=scriptver"},
			{"DownloadURL", "torrents.php?action=download"}};

	json_object_set_new(root, "ApiUser", json_string(secret_reveal(&a->user)));
	json_object_set_new(root, "ApiKey", json_string(secret_reveal(&a->key)));
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (!json_object_get(root, defaults[i].key))
			json_object_set_new(root, defaults[i].key, json_string(defaults[i].value));
	if (!json_object_get(root, "FetchSleep"))
		json_object_set_new(root, "FetchSleep", json_integer(5));
	json_object_set_new(root, "Default", config_container_defaults(root));
	return config_object(root, "Containers") ||
	       err_set(err, ERR_FATAL, WORD_CONFIG, "Containers in config.ptp is not an object");
}

int cmd_setup(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(answers_clear) struct answers a = {{0}, {0}};

	if (in->n_args)
		return command_usage(err, "setup takes no arguments; it asks");
	if (!config_places(&c, &in->config, err))
		return COMMAND_FAILED;
	fprintf(stderr, "Both are on your profile page at the tracker, under \"API\".\n");
	if (!ask("ApiUser", 16, false, &a.user, err) || !ask("ApiKey", 32, true, &a.key, err) ||
	    !config_edit(&c, put, &a, err))
		return COMMAND_FAILED;
	printf("Wrote %s. Next: ptp-archiver create NAME --size SIZE --watch DIR\n", c.path);
	return STATUS_DONE;
}
