#include "core/hook.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#include "unit.h"

#define PATH "/srv/watch/Some Film [x] && rm $name.torrent"
#define NAME "Some Film [x] && rm $name.torrent"

/* A program that writes its arguments, a line each, into the file that the first one names. */
static char *recorder(const char *folder)
{
	static const char script[] = "#!/bin/sh\n"
				     "file=$1; shift\n"
				     "for word; do printf '%s\\n' \"$word\"; done >>\"$file\"\n";
	struct err err;
	char *path = fs_join(folder, "record");

	MUST(fs_write(path, script, strlen(script), 0700, &err));
	return path;
}

static void expect(const char *folder, const char *commands, const char *recorded)
{
	OWN_STR char *program = recorder(folder);
	OWN_STR char *file = fs_join(folder, "recorded");
	OWN_BUF struct buf got = BUF_MAX(100000);
	OWN_BUF struct buf text = BUF_MAX(100000);
	struct err err;

	/* % stands for the program and its file. */
	for (const char *c = commands; *c; c++)
		if (*c == '%')
			buf_printf(&text, "%s %s", program, file);
		else
			buf_add(&text, c, 1);
	MUST(fs_remove(file, &err));
	MUST(hook_run(buf_text(&text), "attic", PATH, NULL, &err));
	if (*recorded)
		MUST(fs_read(file, &got, &err));
	assert_string_equal(buf_text(&got), recorded);
}

static void path_and_name_are_replaced(void **state)
{
	expect(*state, "% $path $name", PATH "\n" NAME "\n");
	expect(*state, "% a$path-$name.b$pat", "a" PATH "-" NAME ".b$pat\n");
}

static void a_name_adds_neither_words_nor_commands(void **state)
{
	/* The path has spaces, && and $name in it, and still is one word. */
	expect(*state, "% 1 && % $path 2", "1\n" PATH "\n2\n");
}

static void words_are_split_at_white_space_without_a_shell(void **state)
{
	expect(*state, "  %\t'a  b'\n$HOME ; * ", "'a\nb'\n$HOME\n;\n*\n");
}

static void commands_run_in_order_and_empty_ones_count_as_none(void **state)
{
	expect(*state, "% 1&&% 2 && && % 3 &&", "1\n2\n3\n");
	expect(*state, " ", "");
	expect(*state, "", "");
}

static void a_failure_ends_the_sequence(void **state)
{
	OWN_STR char *program = recorder(*state);
	OWN_STR char *file = fs_join(*state, "recorded");
	OWN_STR char *commands = mem_printf("false && %s %s 1", program, file);
	struct err err = {0};

	assert_false(hook_run(commands, "attic", PATH, NULL, &err));
	assert_string_equal(err.msg, "AfterFetchExec: false ended with status 1");
	assert_true(err.kind != ERR_FATAL);
	assert_false(fs_exists(file));
}

static void a_program_that_is_not_there_is_named(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(hook_run("ptp-no-such-program $path", "attic", PATH, NULL, &err));
	assert_int_equal(err.code, WORD_CONFIG);
	assert_non_null(strstr(err.msg, "ptp-no-such-program"));
	assert_null(strstr(err.msg, PATH));
}

static void the_secrets_are_not_in_its_environment(void **state)
{
	OWN_STR char *script = fs_join(*state, "see");
	OWN_STR char *file = fs_join(*state, "seen");
	OWN_STR char *commands = mem_printf("%s %s", script, file);
	static const char text[] =
		"#!/bin/sh\necho \"$PTP_USER$PTP_KEY$HC_URL-$PTP_WATCH\" >\"$1\"\n";
	OWN_BUF struct buf got = BUF_MAX(1000);
	struct err err;

	setenv("PTP_USER", "u", 1);
	setenv("PTP_KEY", "k", 1);
	setenv("HC_URL", "h", 1);
	setenv("PTP_WATCH", "/watch", 1);
	MUST(fs_write(script, text, strlen(text), 0700, &err));
	MUST(hook_run(commands, "attic", PATH, NULL, &err));
	MUST(fs_read(file, &got, &err));
	assert_string_equal(buf_text(&got), "-/watch\n");
}

static void too_many_words_are_an_error(void **state)
{
	OWN_BUF struct buf many = BUF_MAX(10000);
	struct err err = {0};

	(void)state;
	buf_puts(&many, "true");
	for (int i = 0; i < 255; i++)
		buf_puts(&many, " x");
	MUST(hook_run(buf_text(&many), "attic", PATH, NULL, &err));
	buf_puts(&many, " x");
	assert_false(hook_run(buf_text(&many), "attic", PATH, NULL, &err));
	assert_non_null(strstr(err.msg, "over 256 words"));
}

static void only_words_of_the_commands_fit(void **state)
{
	(void)state;
	static const char commands[] = "chmod 644 $path && notify  --file=$name! $path";
	static char *const fitting[][5] = {
		{"chmod", "644", "/a b/c"}, {"chmod", "644", ""}, {"notify", "--file=a!b!", "/x"}};
	static char *const others[][5] = {{NULL},
					  {"chmod"},
					  {"chmod", "644"},
					  {"chmod", "777", "/a"},
					  {"chmod", "644", "/a", "/b"},
					  {"chmodx", "644", "/a"},
					  {"notify", "--file=a", "/x"},
					  {"notify", "--file=a!"},
					  {"sh", "-c", "true"}};

	for (size_t i = 0; i < sizeof fitting / sizeof *fitting; i++)
		assert_true(hook_fits(commands, fitting[i]));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(hook_fits(commands, others[i]));
	assert_false(hook_fits("", others[0]));
	assert_false(hook_fits(" && ", others[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(path_and_name_are_replaced),
		TEST_IN_FOLDER(a_name_adds_neither_words_nor_commands),
		TEST_IN_FOLDER(words_are_split_at_white_space_without_a_shell),
		TEST_IN_FOLDER(commands_run_in_order_and_empty_ones_count_as_none),
		TEST_IN_FOLDER(a_failure_ends_the_sequence),
		cmocka_unit_test(a_program_that_is_not_there_is_named),
		TEST_IN_FOLDER(the_secrets_are_not_in_its_environment),
		cmocka_unit_test(too_many_words_are_an_error),
		cmocka_unit_test(only_words_of_the_commands_fit),
	};

	log_setup(LOG_ERROR, LOG_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
