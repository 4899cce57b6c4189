#include "config/json_line.h"
#include "config/setting.h"

#include "load_config.h"

#include <sys/stat.h>
#include <unistd.h>

static void without_anything_the_defaults_hold(void **state)
{
	OWN_LOADED struct loaded l = load(state, NULL, 0);
	OWN_STR char *ledgers = fs_join(*state, "state");

	assert_string_equal(l.all, NO_PROBLEM);
	assert_string_equal(l.c.base_url, "https://passthepopcorn.me");
	assert_string_equal(l.c.fetch_url, "archive.php?action=fetch");
	assert_string_equal(l.c.download_url, "torrents.php?action=download");
	assert_string_equal(l.c.version_url, "archive.php?action=scriptver");
	assert_string_equal(l.c.update_url, "archive.php?action=script");
	assert_int_equal(l.c.fetch_sleep_ms, 5000);
	assert_int_equal(l.c.interval_ms, 6 * 3600 * 1000);
	assert_int_equal(l.c.per_cycle, 1);
	assert_int_equal(l.c.mask, 007);
	assert_int_equal(l.c.log_level, LOG_INFO);
	assert_int_equal(l.c.log_format, LOG_TEXT);
	assert_string_equal(l.c.state, ledgers);
	assert_false(l.c.loopback);
	assert_false(secret_is_set(&l.c.user));
	assert_int_equal(l.c.n_containers, 0);
}

static void the_official_file_is_read(void **state)
{
	OWN_LOADED struct loaded l =
		load(state,
		     "{\"ApiUser\":\"" USER "\",\"ApiKey\":\"" KEY "\",\"FetchSleep\":12.5,"
		     "\"Default\":{\"MaxStalled\":3,\"WatchDirectory\":\"/srv/$name\","
		     "\"Size\":\"500G\",\"AfterFetchExec\":\"touch $path\"},"
		     "\"Containers\":{\"hetzner\":{\"Size\":\"1.5T\",\"ContainerID\":12,"
		     "\"AfterFetchExec\":null,\"MaxStalled\":0,\"WatchDirectory\":\"/w\"},"
		     "\"attic\":{}}}",
		     CONFIG_CREDENTIALS | CONFIG_CONTAINERS);

	assert_string_equal(l.all, NO_PROBLEM);
	assert_string_equal(secret_reveal(&l.c.user), USER);
	assert_string_equal(secret_reveal(&l.c.key), KEY);
	assert_int_equal(l.c.fetch_sleep_ms, 12500);
	assert_int_equal(l.c.n_containers, 2);
	const struct container *attic = &l.c.containers[0], *hetzner = &l.c.containers[1];
	assert_string_equal(attic->name, "attic");
	assert_string_equal(attic->size, "500G");
	assert_string_equal(attic->watch_folder, "/srv/attic");
	assert_string_equal(attic->after_fetch_exec, "touch $path");
	assert_int_equal(attic->max_stalled, 3);
	assert_string_equal(attic->id, "");
	assert_string_equal(hetzner->size, "1.5T");
	assert_string_equal(hetzner->watch_folder, "/w");
	assert_int_equal(hetzner->max_stalled, 0);
	assert_string_equal(hetzner->id, "12");
}

static void the_environment_goes_before_the_file(void **state)
{
	setenv("PTP_USER", "fedcba9876543210", 1);
	setenv("PTP_INTERVAL", "90m", 1);
	setenv("PTP_PER_CYCLE", "", 1);
	setenv("UMASK", "027", 1);
	OWN_LOADED struct loaded l = load(state,
					  "{\"ApiUser\":\"" USER "\",\"Interval\":\"1d\","
					  "\"PerCycle\":4,\"Umask\":\"077\"}",
					  0);

	assert_string_equal(l.all, NO_PROBLEM);
	assert_string_equal(secret_reveal(&l.c.user), "fedcba9876543210");
	assert_int_equal(l.c.interval_ms, 90 * 60 * 1000);
	assert_int_equal(l.c.per_cycle, 4);
	assert_int_equal(l.c.mask, 027);
}

static void options_go_before_everything(void **state)
{
	struct config c = {0};
	struct problems problems = {0};
	OWN_STR char *path = fs_join(*state, "other.ptp");
	const struct config_options options = {
		.path = path, .state = "/srv/state", .log_level = "debug", .log_format = "json"};

	setenv("PTP_CONFIG", "/nonexistent", 1);
	setenv("PTP_STATE", "/nonexistent", 1);
	setenv("LOG_LEVEL", "error", 1);
	config_load(&c, &options, 0, &problems);
	assert_int_equal(problems.n, 0);
	assert_string_equal(c.path, path);
	assert_string_equal(c.state, "/srv/state");
	assert_int_equal(c.log_level, LOG_DEBUG);
	assert_int_equal(c.log_format, LOG_JSON);
	config_clear(&c);
}

static void secrets_come_from_files(void **state)
{
	OWN_STR char *path = fs_join(*state, "key");
	struct err err;

	MUST(fs_write(path, "\n " KEY " \r\n", strlen(KEY) + 5, 0600, &err));
	setenv("PTP_KEY_FILE", path, 1);
	setenv("PTP_KEY", "not looked at", 1);
	OWN_LOADED struct loaded l = load(state, NULL, 0);
	assert_string_equal(l.all, NO_PROBLEM);
	assert_string_equal(secret_reveal(&l.c.key), KEY);
}

static void a_secret_file_that_is_no_use_is_a_problem(void **state)
{
	OWN_STR char *empty = fs_join(*state, "empty");
	OWN_STR char *large = fs_join(*state, "large");
	OWN_STR char *zeros = mem_alloc(CONFIG_SECRET_MAX_BYTES + 1);
	struct err err;

	MUST(fs_write(empty, " \n", 2, 0600, &err));
	MUST(fs_write(large, zeros, CONFIG_SECRET_MAX_BYTES + 1, 0600, &err));
	setenv("PTP_USER_FILE", "/nonexistent/user", 1);
	setenv("PTP_KEY_FILE", empty, 1);
	setenv("HC_URL_FILE", large, 1);
	OWN_LOADED struct loaded l = load(state, "{\"ApiUser\":\"" USER "\"}", 0);
	assert_int_equal(l.problems.n, 3);
	assert_non_null(strstr(l.all, "PTP_USER_FILE names a file that cannot be read: cannot open "
				      "/nonexistent/user: No such"));
	assert_non_null(strstr(l.all, "PTP_KEY_FILE names a file that is empty: /"));
	assert_non_null(strstr(l.all, "HC_URL_FILE names a file that cannot be read: "));
	/* The next source is not taken in its place. */
	assert_false(secret_is_set(&l.c.user));
}

static void values_are_checked_and_secrets_not_quoted(void **state)
{
	static const struct {
		const char *variable, *value, *says;
	} rows[] = {
		{"PTP_USER", "tooshort", "PTP_USER is not 16 letters and digits"},
		{"PTP_USER", "0123456789abcde!", "PTP_USER is not 16 letters and digits"},
		{"PTP_KEY", USER, "PTP_KEY is not 32 letters and digits"},
		{"HC_URL", "hc-ping.com/secretword", "HC_URL is not a complete URL"},
		{"HC_URL", "https:/hc-ping.com/secretword", "HC_URL is not a complete URL"},
		{"HC_URL", "https://hc-ping.com", "HC_URL has no path"},
		{"PTP_BASE_URL", "passthepopcorn.me", "PTP_BASE_URL is not a complete URL"},
		{"PTP_BASE_URL", "ftp://passthepopcorn.me", "PTP_BASE_URL is not a complete URL"},
		{"PTP_BASE_URL", "http://passthepopcorn.me", "PTP_BASE_URL is plain http"},
		{"PTP_BASE_URL", "http://127.0.0.1.evil.org", "PTP_BASE_URL is plain http"},
		{"PTP_FETCH_SLEEP", "-1", "PTP_FETCH_SLEEP is not a number of seconds"},
		{"PTP_FETCH_SLEEP", "86401", "PTP_FETCH_SLEEP is not a number of seconds"},
		{"PTP_INTERVAL", "6", "PTP_INTERVAL is not a duration"},
		{"PTP_INTERVAL", "31d", "PTP_INTERVAL is not a duration"},
		{"PTP_INTERVAL", "9m", "PTP_INTERVAL is shorter than 10m"},
		{"PTP_PER_CYCLE", "0", "PTP_PER_CYCLE is not a whole number from 1"},
		{"PTP_PER_CYCLE", "1001", "PTP_PER_CYCLE is not a whole number from 1"},
		{"PTP_PUBLIC_URL", "ptp.example.org", "PTP_PUBLIC_URL is not an http or https URL"},
		{"PTP_PUBLIC_URL", "ftp://h/", "PTP_PUBLIC_URL is not an http or https URL"},
		{"PTP_PUBLIC_URL", "https://u:secretword@h/",
		 "PTP_PUBLIC_URL holds a user name or password"},
		{"PTP_PUBLIC_URL", "https://secretword@h?a", "PTP_PUBLIC_URL holds a user name"},
		{"PTP_PUBLIC_URL", "https://h/\x1b", "PTP_PUBLIC_URL holds a control character"},
		{"PTP_TIMEOUT", "2h", "PTP_TIMEOUT is not a duration of at most 1h"},
		{"PTP_CA_FILE", "/nonexistent/ca.pem", "PTP_CA_FILE is not there"},
		{"LOG_LEVEL", "loud", "LOG_LEVEL is not one of error, warn, info, debug\n"},
		{"LOG_FORMAT", "txt", "LOG_FORMAT is not one of text, json; did you mean text?\n"},
		{"UMASK", "8", "UMASK is not an octal number"},
		{"UMASK", "1777", "UMASK is not an octal number"},
		{"UMASK", "-7", "UMASK is not an octal number"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		setenv(rows[i].variable, rows[i].value, 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		unsetenv(rows[i].variable);
		if (l.problems.n != 1 || !text_starts(l.all, rows[i].says))
			fail_msg("%s=%s: %s", rows[i].variable, rows[i].value, l.all);
		assert_null(strstr(l.all, "secretword"));
		assert_string_equal(l.c.base_url, "https://passthepopcorn.me");
		assert_true(l.c.interval_ms > 0 && l.c.per_cycle > 0 && l.c.timeout_ms > 0);
	}
}

static void good_values_are_taken(void **state)
{
	static const struct {
		const char *variable, *value;
	} rows[] = {
		{"PTP_BASE_URL", "http://127.0.0.1:8080"},
		{"PTP_BASE_URL", "http://[::1]:8080/"},
		{"PTP_BASE_URL", "http://localhost/"},
		{"PTP_BASE_URL", "https://example.org"},
		{"HC_URL", "https://hc-ping.com/0b0b0b0b-1111-2222-3333-444444444444"},
		{"HC_URL", "http://hc.lan:8000/ping/key/slug"},
		{"UMASK", "000"},
		{"UMASK", "0022"},
		{"PTP_PUBLIC_URL", "http://nas:9980"},
		{"PTP_PUBLIC_URL", "https://h/u@h?x=@#@"},
		{"PTP_INTERVAL", "10m"},
		{"PTP_INTERVAL", "30d"},
		{"PTP_FETCH_SLEEP", "0"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		setenv(rows[i].variable, rows[i].value, 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		unsetenv(rows[i].variable);
		assert_string_equal(l.all, NO_PROBLEM);
	}
}

static void a_public_url_has_at_most_500_bytes(void **state)
{
	for (int len = 500; len <= 501; len++) {
		OWN_STR char *url = mem_printf("https://h/%0*d", len - 10, 0);
		setenv("PTP_PUBLIC_URL", url, 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		assert_int_equal(l.problems.n, len > 500);
		assert_true(len > 500 ? !l.c.public_url : strcmp(l.c.public_url, url) == 0);
	}
}

static void all_problems_are_reported_with_their_line(void **state)
{
	OWN_LOADED struct loaded l = load(state,
					  "{\n"
					  "  \"ApiUser\": \"short\",\n"
					  "  \"FetchSlep\": 5,\n"
					  "  \"Interval\": {},\n"
					  "  \"Umask\": \"\",\n"
					  "  \"Containers\": {\n"
					  "    \"attic\": {\n"
					  "      \"Size\": \"5TB\"\n"
					  "    },\n"
					  "    \"bad\\u0007\": {},\n"
					  "    \"list\": [],\n"
					  "    \"nowhere\": {\"WatchDirectory\": \"\"},\n"
					  "    \"plain\": {\"Size\": 500, \"MaxStaled\": 1},\n"
					  "    \"stalled\": {\"MaxStalled\": -1}\n"
					  "  }\n"
					  "}\n",
					  0);
	static const char *const lines[] = {
		"config.ptp:2: ApiUser is not 16 letters and digits",
		"config.ptp:3: FetchSlep is not known; did you mean FetchSleep?",
		"config.ptp:4: Interval is neither a text nor a number",
		"config.ptp:5: Umask is not an octal number",
		"config.ptp:8: Containers: attic: Size: \"5TB\" is not a size: a number above 0 "
		"and one of B K M G T P, such as 500G or 1.5T; did you mean 5T?",
		"holds a control character",
		"config.ptp:11: Containers: list is not an object",
		"config.ptp:12: Containers: nowhere: WatchDirectory is empty",
		"config.ptp:13: Containers: plain: Size: \"500\" is not a size",
		"did you mean 500G?",
		"config.ptp:13: Containers: plain: MaxStaled is not known; did you mean "
		"MaxStalled?",
		"config.ptp:14: Containers: stalled: MaxStalled is not a whole number",
	};

	for (size_t i = 0; i < COUNT(lines); i++)
		if (!strstr(l.all, lines[i]))
			fail_msg("%s is not in:\n%s", lines[i], l.all);
	assert_int_equal(l.problems.n, 11);
}

static void files_that_do_not_parse_are_told_where(void **state)
{
	static const struct {
		const char *file, *says;
	} rows[] = {
		{"{\n\"ApiKey\": \"" KEY "\n}", "config.ptp:2: not valid JSON"},
		{"", "config.ptp:1: not valid JSON"},
		{"{\"a\":1,\n\"a\":2}", "a key stands twice"},
		{"[]", "config.ptp: it is JSON, but no object"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_LOADED struct loaded l = load(state, rows[i].file, 0);
		assert_int_equal(l.problems.n, 1);
		assert_non_null(strstr(l.all, rows[i].says));
		assert_null(strstr(l.all, KEY));
	}
}

static void what_is_needed_must_be_there(void **state)
{
	OWN_LOADED struct loaded l = load(state, "{}", CONFIG_CREDENTIALS | CONFIG_CONTAINERS);

	assert_int_equal(l.problems.n, 3);
	assert_non_null(strstr(l.all, "no ApiUser: set PTP_USER"));
	assert_non_null(strstr(l.all, "no ApiKey: set PTP_KEY"));
	assert_non_null(strstr(l.all, "no containers: set PTP_CONTAINERS"));
}

/* ---- PTP_CONTAINERS ---- */

static void the_variable_names_the_containers(void **state)
{
	setenv("PTP_CONTAINERS", " hetzner : 5T,attic:800G, a:b:1.5P ,", 1);
	setenv("PTP_MAX_STALLED", "7", 1);
	OWN_LOADED struct loaded l = load(state,
					  "{\"Containers\":{\"gone\":{},\"attic\":{\"Size\":\"1G\","
					  "\"ContainerID\":9,\"AfterFetchExec\":\"x\"}}}",
					  CONFIG_CONTAINERS);

	assert_string_equal(l.all, NO_PROBLEM);
	assert_true(l.c.named_by_environment);
	assert_int_equal(l.c.n_containers, 3);
	assert_string_equal(l.c.containers[0].name, "a:b");
	assert_string_equal(l.c.containers[0].size, "1.5P");
	assert_string_equal(l.c.containers[1].name, "attic");
	assert_string_equal(l.c.containers[1].size, "800G");
	assert_string_equal(l.c.containers[1].watch_folder, "/watch");
	assert_string_equal(l.c.containers[1].id, "9");
	assert_string_equal(l.c.containers[1].after_fetch_exec, "x");
	assert_int_equal(l.c.containers[1].max_stalled, 7);
	assert_string_equal(l.c.containers[2].name, "hetzner");
}

static void the_watch_folder_takes_the_name(void **state)
{
	setenv("PTP_CONTAINERS", "attic:1G", 1);
	setenv("PTP_WATCH", "/srv/$name/in", 1);
	OWN_LOADED struct loaded l = load(state, NULL, 0);

	assert_string_equal(l.c.containers[0].watch_folder, "/srv/attic/in");
}

static void bad_entries_are_all_reported(void **state)
{
	static const struct {
		const char *list, *says;
	} rows[] = {
		{"attic", "PTP_CONTAINERS: \"attic\" has no size"},
		{"attic:500", "PTP_CONTAINERS: \"500\" is not a size: a number above 0 and one of "
			      "B K M G T P, such as 500G or 1.5T; did you mean 500G?"},
		{"attic:5TB", "did you mean 5T?"},
		{"attic:5t", "did you mean 5T?"},
		{"attic:", "PTP_CONTAINERS: \"\" is not a size"},
		{":1G", "PTP_CONTAINERS: the container name \"\" is empty"},
		{"a\033b:1G", "the container name \"a?b\" holds a control character"},
		{"12345678901234567890123456789012345678901:1G", "is longer than 40 characters"},
		{"a:1G,a:2G", "PTP_CONTAINERS: the container \"a\" is named twice"},
		{"a:1G,,b:1G", "PTP_CONTAINERS: \"\" has no size"},
		{",", "PTP_CONTAINERS: \"\" has no size"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		setenv("PTP_CONTAINERS", rows[i].list, 1);
		OWN_LOADED struct loaded l = load(state, NULL, CONFIG_CONTAINERS);
		if (l.problems.n != 1 || !strstr(l.all, rows[i].says))
			fail_msg("%s: %s", rows[i].list, l.all);
	}
	setenv("PTP_CONTAINERS", "a:0G,:1G,b", 1);
	OWN_LOADED struct loaded l = load(state, NULL, CONFIG_CONTAINERS);
	assert_int_equal(l.problems.n, 3);
}

/* ---- writing ---- */

static void writing_keeps_unknown_keys_and_drops_containers_not_named(void **state)
{
	struct err err;

	setenv("PTP_CONTAINERS", "attic:800G", 1);
	OWN_LOADED struct loaded l =
		load(state,
		     "{\"Zebra\":{\"x\":[1]},\"FetchSleep\":0.5,\"Containers\":{\"gone\":{\"Size\":"
		     "\"1G\"},\"attic\":{\"Size\":\"1G\",\"ContainerID\":9,\"Mine\":true}}}",
		     0);
	MUST(config_write(&l.c, &err));
	OWN_BUF struct buf text = BUF_MAX(100000);
	MUST(fs_read(l.path, &text, &err));
	assert_string_equal(text.data, "{\n"
				       "  \"ApiKey\": null,\n"
				       "  \"ApiUser\": null,\n"
				       "  \"BaseURL\": \"https://passthepopcorn.me\",\n"
				       "  \"Containers\": {\n"
				       "    \"attic\": {\n"
				       "      \"AfterFetchExec\": null,\n"
				       "      \"ContainerID\": 9,\n"
				       "      \"MaxStalled\": 0,\n"
				       "      \"Mine\": true,\n"
				       "      \"Size\": \"800G\",\n"
				       "      \"WatchDirectory\": \"/watch\"\n"
				       "    }\n"
				       "  },\n"
				       "  \"Default\": {\n"
				       "    \"AfterFetchExec\": null,\n"
				       "    \"MaxStalled\": 0,\n"
				       "    \"Size\": \"500G\",\n"
				       "    \"WatchDirectory\": \"/tmp/$name\"\n"
				       "  },\n"
				       "  \"DownloadURL\": \"torrents.php?action=download\",\n"
				       "  \"FetchSleep\": 0.5,\n"
				       "  \"FetchURL\": \"archive.php?action=fetch\",\n"
				       "  \"UpdateURL\": \"archive.php?action=script\",\n"
				       "  \"VersionURL\": \"archive.php?action=scriptver\",\n"
				       "  \"Zebra\": {\n"
				       "    \"x\": [\n"
				       "      1\n"
				       "    ]\n"
				       "  }\n"
				       "}\n");
	struct stat st;
	assert_int_equal(stat(l.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static bool add_key(json_t *root, void *ctx, struct err *err)
{
	if (!ctx)
		return err_set(err, ERR_ITEM, WORD_CONFIG, "no");
	json_object_set_new(root, ctx, json_true());
	return true;
}

static void an_edit_that_fails_leaves_the_file_alone(void **state)
{
	OWN_LOADED struct loaded l = load(state, "{\"Mine\":1}", 0);
	OWN_BUF struct buf text = BUF_MAX(1000);
	struct err err;

	assert_false(config_edit(&l.c, add_key, NULL, &err));
	MUST(fs_read(l.path, &text, &err));
	assert_string_equal(text.data, "{\"Mine\":1}");
	MUST(config_edit(&l.c, add_key, (char[]){"New"}, &err));
	MUST(fs_read(l.path, &text, &err));
	assert_string_equal(text.data, "{\n  \"Mine\": 1,\n  \"New\": true\n}\n");
}

static void a_file_that_does_not_parse_is_not_edited(void **state)
{
	OWN_LOADED struct loaded l = load(state, "{\"Mine\":", 0);
	OWN_BUF struct buf text = BUF_MAX(1000);
	struct err err = {0};

	assert_false(config_edit(&l.c, add_key, (char[]){"New"}, &err));
	assert_int_equal(err.code, WORD_CONFIG);
	MUST(fs_read(l.path, &text, &err));
	assert_string_equal(text.data, "{\"Mine\":");
}

static void the_container_id_is_kept_as_a_number(void **state)
{
	OWN_LOADED struct loaded l = load(state, "{\"Containers\":{\"attic\":{}}}", 0);
	OWN_BUF struct buf text = BUF_MAX(1000);
	struct err err;

	assert_false(config_keep_container_id(&l.c, "other", "12", &err));
	assert_false(config_keep_container_id(&l.c, "attic", "x", &err));
	MUST(config_keep_container_id(&l.c, "attic", "12", &err));
	MUST(fs_read(l.path, &text, &err));
	assert_non_null(strstr(text.data, "\"ContainerID\": 12\n"));
}

/* ---- the rows ---- */

static void each_setting_has_its_own_name_and_says_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_n_settings; i++) {
		const struct setting *s = &config_settings[i];
		const char *name = s->key ? s->key : s->variable;
		if (!s->help || !text_ends(s->help, ".") || strlen(s->help) > 250)
			fail_msg("%s: %s", name, s->help);
		for (size_t j = 0; j < i; j++) {
			const struct setting *o = &config_settings[j];
			if ((s->key && o->key && s->level == o->level &&
			     strcmp(s->key, o->key) == 0) ||
			    (s->variable && o->variable && strcmp(s->variable, o->variable) == 0))
				fail_msg("%s stands twice", name);
		}
		assert_true(!s->key || setting_find(s->level, s->key) == s);
		assert_false(s->in_file && !s->variable);
	}
}

static void each_setting_takes_its_own_default_and_example(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_n_settings; i++) {
		const struct setting *s = &config_settings[i];
		const char *texts[] = {s->fallback, s->example};
		if (s->level != SETTING_TOP && s->level != SETTING_CLIENT)
			continue;
		for (size_t j = 0; j < COUNT(texts); j++) {
			OWN(config_clear) struct config c = {0};
			struct config_client client = {0};
			char why[SETTING_WHY];
			void *to = s->level == SETTING_TOP ? (void *)&c : &client;
			/* UUID and TOPIC in an example are the reader's to replace. */
			if (texts[j] && s->type != SETTING_SECRET_FILE &&
			    !setting_take(s, &c, to, texts[j], why) &&
			    !text_starts(why, "is the placeholder of an example"))
				fail_msg("%s: %s %s", s->key, texts[j], why);
			setting_clear(SETTING_CLIENT, &client);
		}
	}
}

/* ---- json_line ---- */

static void keys_are_found_on_their_line(void **state)
{
	(void)state;
	static const char text[] = "{\n"
				   "  \"a\": \"b\",\n"
				   "  \"x\": {\"b\": {\"c\": 1}},\n"
				   "  \"b\":\n"
				   "    { \"\\\"c\": [ {\"c\": 1}, \"c\" ],\n"
				   "      \"c\" :\n"
				   "      {\"d\": 1}},\n"
				   "  \"e\": \"\\\\\", \"f\":\n"
				   "  [1]\n"
				   "}\n";
	static const struct {
		const char *path[3];
		size_t depth;
		int line;
	} rows[] = {
		{{"a"}, 1, 2},           {{"b"}, 1, 4},           {{"b", "c"}, 2, 6},
		{{"b", "c", "d"}, 3, 7}, {{"x", "b", "c"}, 3, 3}, {{"f"}, 1, 8},
		{{"none"}, 1, 1},        {{"b", "none"}, 2, 4},   {{"b", "c", "none"}, 3, 6},
		{{"a", "b"}, 2, 2},      {{"a", "f"}, 2, 2},      {{"f", "x"}, 2, 8},
		{{NULL}, 0, 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(json_line_of(text, rows[i].path, rows[i].depth), rows[i].line);
	assert_int_equal(json_line_of("", rows[0].path, 1), 1);
}

static void a_neighbours_value_is_not_looked_into(void **state)
{
	(void)state;
	static const char text[] = "{\n\"Containers\": null,\n\"Default\": {\n\"attic\": 1}}";
	const char *const path[] = {"Containers", "attic"};

	assert_int_equal(json_line_of(text, path, 2), 2);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, unit_remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_anything_the_defaults_hold),
		TEST(the_official_file_is_read),
		TEST(the_environment_goes_before_the_file),
		TEST(options_go_before_everything),
		TEST(secrets_come_from_files),
		TEST(a_secret_file_that_is_no_use_is_a_problem),
		TEST(values_are_checked_and_secrets_not_quoted),
		TEST(good_values_are_taken),
		TEST(a_public_url_has_at_most_500_bytes),
		TEST(all_problems_are_reported_with_their_line),
		TEST(files_that_do_not_parse_are_told_where),
		TEST(what_is_needed_must_be_there),
		TEST(the_variable_names_the_containers),
		TEST(the_watch_folder_takes_the_name),
		TEST(bad_entries_are_all_reported),
		TEST(writing_keeps_unknown_keys_and_drops_containers_not_named),
		TEST(an_edit_that_fails_leaves_the_file_alone),
		TEST(a_file_that_does_not_parse_is_not_edited),
		TEST(the_container_id_is_kept_as_a_number),
		TEST(each_setting_has_its_own_name_and_says_what_it_is),
		TEST(each_setting_takes_its_own_default_and_example),
		TEST(keys_are_found_on_their_line),
		TEST(a_neighbours_value_is_not_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
