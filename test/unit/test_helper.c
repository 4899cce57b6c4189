/* The process that runs programs for the one in the sandbox. */
#include "base/clock.h"
#include "system/helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_BYTES 4096

static bool looks(const void *ctx)
{
	return *(const bool *)ctx;
}

/* "echo" and one word more. */
static bool fits(const char *commands, char *const *argv)
{
	return strcmp(commands, "echo $name") == 0 && strcmp(argv[0], "echo") == 0 && argv[1] &&
	       !argv[2];
}

static bool answer;

static int start(void **state)
{
	(void)state;
	helper_start(&(struct helper_duty){looks, &answer, fits});
	helper_permit("echo $name");
	helper_seal();
	return helper_is_there() ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	helper_end();
	return helper_is_there() ? -1 : 0;
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static bool run(const struct proc_spec *spec, struct buf *output, struct err *err)
{
	struct proc_end how = {0};
	const struct proc_stop stop = {-1, never, NULL};

	return helper_run(spec, &stop, output, &how, err) && how.status == 0;
}

/* What does it say to these words, with these variables (NULL: this process's)? */
static bool says(char *const *argv, char *const *env, const char *text, struct err *err)
{
	OWN_BUF struct buf output = BUF_MAX(OUTPUT_BYTES);
	const struct proc_spec spec = {.argv = argv, .env = env, .timeout_ms = 10000};

	return run(&spec, &output, err) && strcmp(buf_text(&output), text) == 0;
}

static void a_permitted_command_is_run(void **state)
{
	(void)state;
	char *argv[] = {"echo", "a name", NULL}, *none[] = {NULL};
	struct err err;

	assert_true(says(argv, NULL, "a name\n", &err));
	assert_true(says(argv, none, "a name\n", &err));
}

static void another_command_is_refused(void **state)
{
	(void)state;
	static char *const others[][4] = {{"sh", "-c", "echo a"}, {"echo"}, {"echo", "a", "b"}};
	struct err err;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_false(says(others[i], NULL, "a\n", &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_int_equal(err.code, WORD_CONFIG);
	}
	char *argv[] = {"echo", "still there", NULL};
	assert_true(says(argv, NULL, "still there\n", &err));
}

static void other_variables_are_refused(void **state)
{
	(void)state;
	char *argv[] = {"echo", "a", NULL}, *env[] = {"LD_PRELOAD=/tmp/evil.so", NULL};
	struct err err;

	assert_false(says(argv, env, "a\n", &err));
	assert_int_equal(err.kind, ERR_TARGET);
}

static void another_folder_is_refused(void **state)
{
	(void)state;
	char *argv[] = {"echo", "a", NULL};
	const struct proc_spec spec = {.argv = argv, .folder = "/tmp", .timeout_ms = 10000};
	OWN_BUF struct buf output = BUF_MAX(OUTPUT_BYTES);
	struct err err;

	assert_false(run(&spec, &output, &err));
	assert_int_equal(err.kind, ERR_TARGET);
}

static void nothing_is_permitted_behind_the_seal(void **state)
{
	(void)state;
	char *argv[] = {"sh", "-c", "echo a", NULL};
	struct err err;

	helper_permit_program("sh");
	assert_false(says(argv, NULL, "a\n", &err));
	assert_int_equal(err.kind, ERR_RETRY);
}

static void a_permitted_program_is_run_with_any_words(void **state)
{
	(void)state;
	char *argv[] = {"sh", "-c", "echo $A; pwd", NULL}, *env[] = {"A=b", NULL};
	const struct proc_spec spec = {
		.argv = argv, .env = env, .folder = "/usr", .timeout_ms = 10000};
	OWN_BUF struct buf output = BUF_MAX(OUTPUT_BYTES);
	struct err err;

	helper_start(&(struct helper_duty){looks, &answer, fits});
	helper_permit_program("sh");
	helper_seal();
	assert_true(run(&spec, &output, &err));
	assert_string_equal(buf_text(&output), "b\n/usr\n");
	helper_end();
}

static void it_looks(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		answer = i;
		helper_start(&(struct helper_duty){looks, &answer, fits});
		assert_int_equal(helper_look(), i);
		helper_end();
	}
}

int main(void)
{
#define WITH_ONE(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		WITH_ONE(a_permitted_command_is_run),
		WITH_ONE(another_command_is_refused),
		WITH_ONE(other_variables_are_refused),
		WITH_ONE(another_folder_is_refused),
		WITH_ONE(nothing_is_permitted_behind_the_seal),
		cmocka_unit_test(a_permitted_program_is_run_with_any_words),
		cmocka_unit_test(it_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
