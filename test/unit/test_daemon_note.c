#include "daemon/daemon_note.h"
#include "config/wire.h"

#include "fake_log.h"
#include "load_config.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTAINERS "\"Containers\":{\"attic\":{\"Size\":\"1T\",\"WatchDirectory\":\"/w\"}}"
#define PING "https://hc-ping.com/11111111-2222-4333-8444-555555555555"

/* The lock of the daemon. */
static int hold(const struct config *c)
{
	OWN_STR char *path = wire_run_lock_path(c);
	struct err err;
	bool held;

	MUST(wire_state(c, &err));
	int fd = fs_lock(path, &held, &err);
	assert_true(fd >= 0);
	return fd;
}

/* A daemon that has what is set now, and the file; it lives until the descriptor is closed. */
static int daemon_with(void **state, const char *file)
{
	OWN_LOADED struct loaded l = load(state, file, 0);
	struct err err;

	assert_string_equal(l.all, NO_PROBLEM);
	int fd = hold(&l.c);
	MUST(daemon_note_write(&l.c, &err));
	return fd;
}

static void assert_differences(void **state, const char *file, const char *wanted)
{
	OWN_LOADED struct loaded l = load(state, file, 0);
	OWN_STR char *found = daemon_note_differences(&l.c);

	assert_string_equal(found ? found : "", wanted);
}

static void the_same_settings_make_no_difference(void **state)
{
	setenv("HC_URL", PING, 1);
	setenv("PTP_CONTAINERS", "attic:1T", 1);
	OWN_FD int daemon = daemon_with(state, "{\"Interval\":\"7h\"}");

	assert_true(daemon >= 0);
	assert_differences(state, "{\"Interval\":\"7h\"}", "");
	setenv("LOG_LEVEL", "debug", 1);
	setenv("NO_COLOR", "1", 1);
	assert_differences(state, "{\"Interval\":\"7h\"}", "");
}

static void each_kind_of_difference_is_named(void **state)
{
	setenv("HC_URL", PING, 1);
	setenv("PTP_LISTEN", "127.0.0.1:9980", 1);
	setenv("PTP_INTERVAL", "7h", 1);
	setenv("HTTPS_PROXY", "http://bob:secret@proxy:3128", 1);
	OWN_FD int daemon = daemon_with(state, "{}");

	assert_true(daemon >= 0);
	unsetenv("HC_URL");
	unsetenv("PTP_LISTEN");
	unsetenv("HTTPS_PROXY");
	setenv("PTP_INTERVAL", "8h", 1);
	setenv("PTP_VAULT", "no", 1);
	assert_differences(state, "{}",
			   "HC_URL, PTP_LISTEN, HTTPS_PROXY (set there, not here); PTP_VAULT (set "
			   "here, not there); PTP_INTERVAL (another value)");
}

static void a_variable_that_says_what_config_ptp_says_makes_no_difference(void **state)
{
	setenv("PTP_KEY", KEY, 1);
	setenv("PTP_CONTAINERS", "attic:1T", 1);
	setenv("PTP_WATCH", "/w", 1);
	OWN_FD int daemon = daemon_with(state, "{}");

	assert_true(daemon >= 0);
	clearenv();
	assert_differences(state, "{\"ApiKey\":\"" KEY "\"," CONTAINERS "}", "");
	assert_differences(state, "{\"ApiKey\":\"" KEY "\",\"Containers\":{}}",
			   "PTP_CONTAINERS, PTP_WATCH (set there, not here)");
	assert_differences(state, "{" CONTAINERS "}", "PTP_KEY (set there, not here)");
}

static void a_variable_against_the_daemons_config_ptp_is_a_difference(void **state)
{
	OWN_FD int daemon = daemon_with(state, "{\"Interval\":\"7h\"," CONTAINERS "}");

	assert_true(daemon >= 0);
	setenv("PTP_INTERVAL", "7h", 1);
	assert_differences(state, "{\"Interval\":\"7h\"," CONTAINERS "}", "");
	setenv("PTP_INTERVAL", "8h", 1);
	setenv("PTP_CATEGORY", "rel", 1);
	assert_differences(state, "{\"Interval\":\"7h\"," CONTAINERS "}",
			   "PTP_INTERVAL, PTP_CATEGORY (set here, not there)");
}

static void any_of_the_containers_may_differ(void **state)
{
	static const struct {
		const char *second, *folder, *differs;
	} rows[] = {{"cellar", "/w", ""},
		    {"cellar", "/elsewhere", "PTP_CONTAINERS, PTP_WATCH (set there, not here)"},
		    {"barn", "/w", "PTP_CONTAINERS, PTP_WATCH (set there, not here)"}};

	setenv("PTP_CONTAINERS", "attic:1T, cellar:1T", 1);
	setenv("PTP_WATCH", "/w", 1);
	OWN_FD int daemon = daemon_with(state, "{}");
	assert_true(daemon >= 0);
	clearenv();
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *file = mem_printf(
			"{\"Containers\":{\"attic\":{\"Size\":\"1T\",\"WatchDirectory\":\"/w\"},"
			"\"%s\":{\"Size\":\"1T\",\"WatchDirectory\":\"%s\"}}}",
			rows[i].second, rows[i].folder);
		assert_differences(state, file, rows[i].differs);
	}
}

static void what_config_ptp_alone_says_is_not_compared(void **state)
{
	OWN_FD int daemon = daemon_with(state, "{\"Interval\":\"7h\"}");

	assert_true(daemon >= 0);
	assert_differences(state, "{\"Interval\":\"8h\"," CONTAINERS "}", "");
}

static void a_secret_file_counts_by_what_it_holds(void **state)
{
	OWN_STR char *path = fs_join(*state, "key");
	struct err err;

	MUST(fs_write(path, KEY "\n", strlen(KEY) + 1, 0600, &err));
	setenv("PTP_KEY_FILE", path, 1);
	OWN_FD int daemon = daemon_with(state, "{}");

	assert_true(daemon >= 0);
	clearenv();
	assert_differences(state, "{}", "PTP_KEY (set there, not here)");
	setenv("PTP_KEY", KEY, 1);
	assert_differences(state, "{}", "");
}

static void without_a_daemon_a_note_is_not_believed(void **state)
{
	setenv("HC_URL", PING, 1);
	int daemon = daemon_with(state, "{}");

	unsetenv("HC_URL");
	assert_differences(state, "{}", "HC_URL (set there, not here)");
	close(daemon);
	assert_differences(state, "{}", "");
}

static void a_note_that_is_none_says_nothing(void **state)
{
	static const char *const texts[] = {"",
					    "[]",
					    "{",
					    "{\"salt\":\"00\"}",
					    "{\"salt\":7,\"environment\":3}",
					    "{\"environment\":{\"HC_URL\":\"x\"}}"};
	OWN_STR char *path = mem_printf("%s/state/daemon.json", (char *)*state);
	OWN_FD int daemon = daemon_with(state, "{}");
	struct err err;

	assert_true(daemon >= 0);
	setenv("HC_URL", PING, 1);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		MUST(fs_write(path, texts[i], strlen(texts[i]), 0600, &err));
		assert_differences(state, "{}", "");
	}
	MUST(fs_remove(path, &err));
	assert_differences(state, "{}", "");
}

static void no_value_is_in_the_note(void **state)
{
	OWN_STR char *path = mem_printf("%s/state/daemon.json", (char *)*state);
	OWN_BUF struct buf first = BUF_MAX(100000), second = BUF_MAX(100000);
	struct stat st;
	struct err err;

	setenv("PTP_KEY", KEY, 1);
	setenv("HC_URL", PING, 1);
	setenv("PTP_CONTAINERS", "attic:1T", 1);
	close(daemon_with(state, "{}"));
	MUST(fs_read(path, &first, &err));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_non_null(strstr(buf_text(&first), "\"HC_URL\""));
	assert_null(strstr(buf_text(&first), KEY));
	assert_null(strstr(buf_text(&first), "hc-ping"));
	assert_null(strstr(buf_text(&first), "attic"));
	close(daemon_with(state, "{}"));
	MUST(fs_read(path, &second, &err));
	/* Each has a salt of its own. */
	assert_string_not_equal(buf_text(&first), buf_text(&second));
}

static void the_way_out_is_a_command(void **state)
{
	OWN_LOADED struct loaded l = load(state, "{}", 0);
	OWN_STR char *out = daemon_note_way_out(&l.c, "notify --test");
	OWN_STR char *end = mem_printf("WorkingDirectory=%s ptp-archiver --config %s/config.ptp "
				       "notify --test`",
				       (char *)*state, (char *)*state);

	assert_non_null(strstr(out, "EnvironmentFile=/etc/ptp-archiver.env"));
	assert_non_null(strstr(out, end));
	setenv("PTP_IMAGE", "native", 1);
	OWN_STR char *image = daemon_note_way_out(&l.c, "check");
	assert_non_null(strstr(image, "docker exec"));
}

static void it_is_run_as_whoever_owns_the_state_folder(void **state)
{
	OWN_LOADED struct loaded l = load(state, "{}", 0);
	const struct passwd *me = getpwuid(geteuid());

	OWN_STR char *without = daemon_note_way_out(&l.c, "check");
	assert_non_null(strstr(without, " -p User=ptp-archiver "));
	OWN_FD int daemon = hold(&l.c);
	assert_true(daemon >= 0);
	OWN_STR char *with = daemon_note_way_out(&l.c, "check");
	OWN_STR char *user = mem_printf(" -p User=%s ", me ? me->pw_name : "ptp-archiver");
	assert_non_null(strstr(with, user));
}

static void differences_are_a_warning(void **state)
{
	setenv("HC_URL", PING, 1);
	OWN_FD int daemon = daemon_with(state, "{}");
	OWN_LOADED struct loaded same = load(state, "{}", 0);

	assert_true(daemon >= 0);
	fake_log_reset();
	daemon_note_warn(&same.c, "check");
	assert_string_equal(fake_log(), "");
	unsetenv("HC_URL");
	OWN_LOADED struct loaded other = load(state, "{}", 0);
	daemon_note_warn(&other.c, "check");
	assert_true(fake_log_has("HC_URL (set there, not here); write them into config.ptp"));
}

#define TEST_WITH(name) cmocka_unit_test_setup_teardown(name, set_up, unit_remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH(the_same_settings_make_no_difference),
		TEST_WITH(each_kind_of_difference_is_named),
		TEST_WITH(a_variable_that_says_what_config_ptp_says_makes_no_difference),
		TEST_WITH(a_variable_against_the_daemons_config_ptp_is_a_difference),
		TEST_WITH(any_of_the_containers_may_differ),
		TEST_WITH(what_config_ptp_alone_says_is_not_compared),
		TEST_WITH(a_secret_file_counts_by_what_it_holds),
		TEST_WITH(without_a_daemon_a_note_is_not_believed),
		TEST_WITH(a_note_that_is_none_says_nothing),
		TEST_WITH(no_value_is_in_the_note),
		TEST_WITH(the_way_out_is_a_command),
		TEST_WITH(it_is_run_as_whoever_owns_the_state_folder),
		TEST_WITH(differences_are_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
