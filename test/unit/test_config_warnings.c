#include "config/setting.h"

#include "load_config.h"

static char *warnings_of(const struct config *c)
{
	struct buf all = BUF_MAX(10000);

	for (size_t i = 0; i < c->warnings.n; i++) {
		assert_true(c->warnings.fixes[i] && *c->warnings.fixes[i]);
		buf_printf(&all, "%s\n", c->warnings.lines[i]);
	}
	return buf_take(&all);
}

static void assert_warns(void **state, const char *file, const char *says)
{
	OWN_LOADED struct loaded l = load(state, file, 0);
	OWN_STR char *all = warnings_of(&l.c);

	assert_string_equal(l.all, NO_PROBLEM);
	if (says ? !strstr(all, says) : *all)
		fail_msg("%s in: %s", says ? says : "nothing", all);
}

static void a_variable_that_nothing_reads_is_reported(void **state)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
		{"PTP_WATCH_DIR",
		 "PTP_WATCH_DIR is not known, and does nothing; did you mean PTP_WATCH?"},
		{"PTP_INTERVALL", "did you mean PTP_INTERVAL?"},
		{"PTP_KEYFILE", "did you mean PTP_KEY_FILE?"},
		{"PTP_XYZZY", "PTP_XYZZY is not known, and does nothing; `ptp-archiver settings`"},
		{"PTP_WATCH_FILE", "did you mean PTP_WATCH?"},
		{"LOG_LEVL", "did you mean LOG_LEVEL?"},
		{"HC_URLS", "did you mean HC_URL?"},
		{"LOG_TARGET", NULL},
		{"PTP_IMAGE", NULL},
		{"PATH", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		clearenv();
		setenv(rows[i].name, "x", 1);
		assert_warns(state, NULL, rows[i].says);
	}
	for (size_t i = 0; i < config_n_settings; i++) {
		const struct setting *s = &config_settings[i];
		clearenv();
		if (!s->variable)
			continue;
		setenv(s->variable, s->example ? s->example : s->fallback ? s->fallback : "", 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		OWN_STR char *all = warnings_of(&l.c);
		assert_null(strstr(all, "is not known"));
	}
}

static void a_time_zone_that_is_none_is_reported(void **state)
{
	static const char *const good[] = {
		"UTC", "Europe/Berlin", ":Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", "<+01>-1",
		"GMT"};
	static const char *const bad[] = {"Europe/Berln", "Berlin", "MESZ", "+1", "CE1"};

	for (size_t i = 0; i < COUNT(good); i++) {
		setenv("TZ", good[i], 1);
		assert_warns(state, NULL, NULL);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		OWN_STR char *says = mem_printf("TZ is \"%s\", which is not a time zone", bad[i]);
		setenv("TZ", bad[i], 1);
		assert_warns(state, NULL, says);
	}
}

static void a_ping_url_without_tls_is_reported(void **state)
{
	setenv("HC_URL", "http://hc.lan/ping/key/slug", 1);
	assert_warns(state, NULL, "HealthchecksURL (HC_URL) begins with http://");
	setenv("HC_URL", "http://127.0.0.1:8000/ping/key/slug", 1);
	assert_warns(state, NULL, NULL);
	setenv("HC_URL", "https://hc.lan/ping/key/slug", 1);
	assert_warns(state, NULL, NULL);
}

static void a_folder_that_nobody_chose_is_reported(void **state)
{
	assert_warns(state, "{\"Containers\":{\"attic\":{}}}",
		     "attic: its watch folder is /tmp/attic, the official utility's default");
	assert_warns(state, "{\"Containers\":{\"attic\":{\"WatchDirectory\":\"/srv/w\"}}}", NULL);
	setenv("PTP_CONTAINERS", "attic:1T", 1);
	assert_warns(state, NULL, "attic: PTP_WATCH is not set, so torrents go to /watch");
	setenv("PTP_WATCH", "/watch", 1);
	assert_warns(state, NULL, NULL);
	unsetenv("PTP_WATCH");
}

static void names_that_differ_in_capitals_only_are_reported(void **state)
{
	setenv("PTP_CONTAINERS", "A:5T,a:1T", 1);
	setenv("PTP_WATCH", "/srv/w", 1);
	assert_warns(state, NULL, "the containers \"A\" and \"a\" differ in capitals only");
}

static void a_misspelt_key_of_a_container_gets_a_suggestion(void **state)
{
	static const char *const keys[] = {"WatchDir", "Watch", "WatchFolder", "watchdirectory",
					   "WatchDirectry"};

	for (size_t i = 0; i < COUNT(keys); i++) {
		OWN_STR char *file =
			mem_printf("{\"Containers\":{\"attic\":{\"%s\":\"/w\"}}}", keys[i]);
		OWN_LOADED struct loaded l = load(state, file, 0);
		assert_int_equal(l.problems.n, 1);
		assert_non_null(strstr(l.all, "did you mean WatchDirectory?"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, unit_remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_variable_that_nothing_reads_is_reported),
		TEST(a_time_zone_that_is_none_is_reported),
		TEST(a_ping_url_without_tls_is_reported),
		TEST(a_folder_that_nobody_chose_is_reported),
		TEST(names_that_differ_in_capitals_only_are_reported),
		TEST(a_misspelt_key_of_a_container_gets_a_suggestion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
