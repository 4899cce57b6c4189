#include "config/setting.h"

#include "load_config.h"

#include <stdio.h>

#define IN_THE_FILE "config.ptp:"

/* Puts `text` at its place; false: this source has none. */
static bool put(const struct setting *s, bool in_file, const char *text, char **file)
{
	OWN_STR char *escaped = mem_printf("\"%s\":%s", s->key ? s->key : "", text);

	if (!in_file)
		return s->variable && s->type != SETTING_SECRET_FILE;
	static const char *const frames[] = {
		[SETTING_TOP] = "{%s}",
		[SETTING_CONTAINER] = "{\"Containers\":{\"attic\":{%s}}}",
		[SETTING_CLIENT] = "{\"Clients\":{\"box\":{%s}}}",
		[SETTING_NOTIFY] = "{\"Notify\":[{%s}]}",
	};
	const char *frame = frames[s->level], *at = strstr(frame, "%s");
	*file = mem_printf("%.*s%s%s", (int)(at - frame), frame, escaped, at + 2);
	return s->key != NULL;
}

/* As JSON. */
static char *quoted(const char *text)
{
	json_t *value = json_string(text);
	char *out = json_dumps(value, JSON_ENCODE_ANY);

	json_decref(value);
	return out;
}

static const struct {
	const char *text, *says; /* of what is put in a value */
	bool list, words, command, password;
} rows[] = {
	/* What a form lets pass is false. */
	{"/srv/x\r", "carriage return (CR) at its end; save the file", false, true, true, true},
	{"/srv/\rx", "carriage return (CR); save the file", false, true, true, true},
	{"/srv/x\n", "line feed (LF) at its end; remove it", false, true, true, true},
	{"/srv/\tx", "a tab; remove it", false, true, false, true},
	{"/srv/\033[0mx", "an escape character (ESC); remove it", true, true, true, true},
	{"/srv/\177x", "a delete character (DEL)", true, true, true, true},
	{"/srv/\302\205x", "U+0085", true, true, true, true},
	{"/srv/x ", "ends with a space; remove it", false, false, false, true},
	{" /srv/x", "begins with a space; remove it", false, false, false, true},
	{"/srv/x\302\240", "ends with a no-break space (U+00A0)", false, false, false, true},
	{"\357\273\277/srv/x", "begins with a byte order mark", false, false, false, true},
	{"\"/srv/x\"", "begins with a double quote (\"); write the value without quotes", true,
	 true, false, true},
	{"'/srv/x'", "begins with a single quote (')", true, true, false, true},
	{"\"/srv/x", "begins with a double quote", true, true, false, false},
	{"~/x", "begins with a tilde (~), which only a shell replaces", true, true, false, false},
	{"/srv/x # of mine", "holds \" #\"; remove the comment", true, true, false, false},
};

static bool is_refused(size_t row, const struct setting *s)
{
	switch (s->type == SETTING_SECRET_FILE ? SETTING_PLAIN : s->form) {
	case SETTING_LIST:
		return rows[row].list;
	case SETTING_WORDS:
		return rows[row].words;
	case SETTING_COMMAND:
		return rows[row].command;
	case SETTING_PASSWORD:
		return rows[row].password;
	default:
		return true;
	}
}

static void check(void **state, const struct setting *s, size_t row, bool in_file)
{
	OWN_STR char *value = quoted(rows[row].text);
	OWN_STR char *file = NULL;

	if (!put(s, in_file, value, &file))
		return;
	clearenv();
	if (s->level == SETTING_CONTAINER && !in_file)
		setenv("PTP_CONTAINERS", "attic:1T", 1);
	if (!in_file)
		setenv(s->variable, rows[row].text, 1);
	OWN_LOADED struct loaded l = load(state, in_file ? file : "{}", 0);
	bool said = strstr(l.all, rows[row].says) != NULL;
	if (said != is_refused(row, s))
		fail_msg("%s %s, row %zu: %s", in_file ? s->key : s->variable,
			 said ? "is refused" : "passes", row, l.all);
	assert_true(!said || strstr(l.all, in_file ? s->key : s->variable));
	if (s->type == SETTING_SECRET)
		assert_null(strstr(l.all, "/srv"));
}

static bool is_text(const struct setting *s)
{
	/* These are objects, which have texts of their own; NO_COLOR may be anything. */
	return !(s->key && (strcmp(s->key, "Default") == 0 || strcmp(s->key, "Clients") == 0 ||
			    strcmp(s->key, "Containers") == 0)) &&
	       !(s->variable && strcmp(s->variable, "NO_COLOR") == 0);
}

static void no_setting_holds_what_it_does_not_mean(void **state)
{
	for (size_t i = 0; i < config_n_settings; i++)
		for (size_t row = 0; is_text(&config_settings[i]) && row < COUNT(rows); row++) {
			const struct setting *s = &config_settings[i];
			/* load() names config.ptp by an option. */
			if (!s->variable || strcmp(s->variable, "PTP_CONFIG") != 0)
				check(state, s, row, false);
			check(state, s, row, true);
		}
}

static void names_are_checked_as_well(void **state)
{
	static const char *const names[] = {"\\\"attic\\\"", "~attic", "attic #1", "'attic"};

	for (size_t i = 0; i < COUNT(names); i++) {
		OWN_STR char *container = mem_printf(
			"{\"Containers\":{\"%s\":{\"WatchDirectory\":\"/w\"}}}", names[i]);
		OWN_STR char *client = mem_printf(
			"{\"Clients\":{\"%s\":{\"Type\":\"watch\",\"WatchDirectory\":\"/w\"}}}",
			names[i]);
		OWN_LOADED struct loaded c = load(state, container, 0);
		OWN_LOADED struct loaded b = load(state, client, 0);
		if (c.problems.n != 1 || b.problems.n != 1)
			fail_msg("%s: %s%s", names[i], c.all, b.all);
	}
	setenv("PTP_CONTAINERS", "attic:1T,\"loft:2T\"", 1);
	OWN_LOADED struct loaded second = load(state, "{}", 0);
	assert_non_null(strstr(second.all, "begins with a double quote"));
	setenv("PTP_CONTAINERS", "\"attic:1T,loft:2T\"", 1);
	OWN_LOADED struct loaded all = load(state, "{}", 0);
	assert_non_null(strstr(all.all, "begins with a double quote"));
	setenv("PTP_CONTAINERS", "attic:1T # the first", 1);
	OWN_LOADED struct loaded comment = load(state, "{}", 0);
	assert_non_null(strstr(comment.all, "holds \" #\""));
	setenv("PTP_CONTAINERS", "attic:1T\r", 1);
	OWN_LOADED struct loaded windows = load(state, "{}", 0);
	assert_string_equal(windows.all, NO_PROBLEM);
	assert_string_equal(windows.c.containers[0].size, "1T");
}

static void the_content_of_a_file_is_checked(void **state)
{
	OWN_STR char *path = fs_join(*state, "secret");
	OWN_STR char *client = mem_printf("{\"Clients\":{\"box\":{\"Type\":\"deluge\",\"URL\":"
					  "\"http://h\",\"PasswordFile\":\"%s\"}}}",
					  path);
	static const struct {
		const char *content;
		size_t len;
		const char *key_says, *password_says;
	} files[] = {
		{"\"" KEY "\"\n", 35, "begins with a double quote", "begins with a double quote"},
		{KEY "\n" KEY "\n", 66, "a line feed (LF)", "a line feed (LF)"},
		{KEY " # mine\n", 40, "holds \" #\"", NULL},
		{KEY "\0\n", 34, "NUL", "NUL"},
		{"'" KEY "\r\n", 35, "begins with a single quote", NULL},
	};
	struct err err;

	for (size_t i = 0; i < COUNT(files); i++) {
		MUST(fs_write(path, files[i].content, files[i].len, 0600, &err));
		setenv("PTP_KEY_FILE", path, 1);
		OWN_LOADED struct loaded key = load(state, "{}", 0);
		unsetenv("PTP_KEY_FILE");
		OWN_LOADED struct loaded password = load(state, client, 0);
		if (!strstr(key.all, files[i].key_says))
			fail_msg("row %zu: %s", i, key.all);
		if (files[i].password_says ? !strstr(password.all, files[i].password_says)
					   : password.problems.n > 0)
			fail_msg("row %zu: %s", i, password.all);
		assert_null(strstr(key.all, KEY));
		assert_null(strstr(password.all, KEY));
	}
}

static void where_things_are_is_checked_too(void **state)
{
	struct config c = {0};
	struct problems p = {0};
	const struct config_options quoted_path = {.path = "\"/x\"", .state = "~/state"};
	struct err err;

	(void)state;
	assert_false(config_places(&c, &quoted_path, &err));
	assert_non_null(strstr(err.msg, "--config begins with a double quote"));
	config_clear(&c);
	setenv("PTP_STATE", "/srv/state\r", 1);
	config_load(&c, &(struct config_options){.path = "/nonexistent/config.ptp"}, 0, &p);
	assert_int_equal(p.n, 1);
	assert_non_null(strstr(p.lines[0], "PTP_STATE holds a control character: a carriage"));
	problems_clear(&p);
	config_clear(&c);
}

static void folders_are_absolute_and_only_name_is_replaced(void **state)
{
	static const struct {
		const char *value, *says; /* NULL: it passes */
	} folders[] = {
		{"watch", "is not an absolute path"},
		{"./watch", "is not an absolute path"},
		{"$name", "is not an absolute path"},
		{"/srv/${name}", "write $name"},
		{"$HOME/watch", "begins with a variable"},
		{"/srv/$name", NULL},
		{"/srv/it's a $HOME", NULL},
		{"/", NULL},
	};
	static const char *const variables[] = {"PTP_WATCH", "PTP_DATA"};

	for (size_t i = 0; i < COUNT(folders); i++)
		for (size_t j = 0; j < COUNT(variables); j++) {
			clearenv();
			setenv("PTP_CONTAINERS", "attic:1T", 1);
			setenv(variables[j], folders[i].value, 1);
			OWN_LOADED struct loaded l = load(state, NULL, 0);
			if (folders[i].says ? !strstr(l.all, folders[i].says) : l.problems.n > 0)
				fail_msg("%s=%s: %s", variables[j], folders[i].value, l.all);
		}
}

static void a_ping_url_names_no_event(void **state)
{
#define PING "https://hc.example/ping/0b0b0b0b-1111-2222-3333-444444444444"
#define SLUG "https://hc.example/ping/0123456789012345678901/"
	static const struct {
		const char *url, *says;
	} urls[] = {
		{PING "/start", "ends in /start"},
		{PING "/fail", "ends in /fail"},
		{PING "/fail/", "ends in /fail"},
		{PING "/fail?a=b", "ends in /fail"},
		{PING "/log", "ends in /log"},
		{PING "/0", "ends in an exit status"},
		{PING "/255", "ends in an exit status"},
		{PING, NULL},
		{SLUG "2024", NULL},
		{SLUG "20", NULL},
		{SLUG "a/1", "ends in an exit status"},
		{SLUG "failing", NULL},
		{"https://u:p%40ss@hc.example/ping/key/slug", NULL},
		{"https://hc-ping.com/UUID", "is the placeholder"},
		{"https://hc-ping.com/your-uuid-here", "is the placeholder"},
	};

	for (size_t i = 0; i < COUNT(urls); i++) {
		setenv("HC_URL", urls[i].url, 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		if (urls[i].says ? !strstr(l.all, urls[i].says) : l.problems.n > 0)
			fail_msg("%s: %s", urls[i].url, l.all);
		assert_null(strstr(l.all, "0b0b0b0b"));
	}
}

static void placeholders_are_no_secrets(void **state)
{
	static const struct {
		const char *variable, *value;
	} all[] = {{"PTP_USER", "YOUR_PTP_USER_ID"},
		   {"PTP_KEY", "YOUR_PTP_API_KEY"},
		   {"PTP_LISTEN_TOKEN", "changeme-changeme"},
		   {"PTP_NOTIFY", "ntfy+https://ntfy.sh/TOPIC"}};

	for (size_t i = 0; i < COUNT(all); i++) {
		clearenv();
		setenv(all[i].variable, all[i].value, 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		if (l.problems.n != 1 || !strstr(l.all, "placeholder"))
			fail_msg("%s: %s", all[i].variable, l.all);
	}
}

static void a_size_that_is_nearly_right_gets_a_suggestion(void **state)
{
	static const struct {
		const char *size, *meant;
	} sizes[] = {{"5TB", "did you mean 5T?"},   {"800g", "did you mean 800G?"},
		     {"500", "did you mean 500G?"}, {"1,5T", "write a point, such as 1.5T"},
		     {"5 T", "did you mean 5T?"},   {"5TiB", "did you mean 5T?"}};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		OWN_STR char *list = mem_printf("attic:%s", sizes[i].size);
		setenv("PTP_CONTAINERS", list, 1);
		OWN_LOADED struct loaded l = load(state, NULL, 0);
		if (!strstr(l.all, sizes[i].meant))
			fail_msg("%s: %s", sizes[i].size, l.all);
	}
	clearenv();
	OWN_LOADED struct loaded comma = load(
		state, "{\"Containers\":{\"attic\":{\"Size\":\"1,5T\",\"WatchDirectory\":\"/w\"}}}",
		0);
	assert_non_null(strstr(comma.all, "did you mean 1.5T?"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, unit_remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_setting_holds_what_it_does_not_mean),
		TEST(names_are_checked_as_well),
		TEST(the_content_of_a_file_is_checked),
		TEST(where_things_are_is_checked_too),
		TEST(folders_are_absolute_and_only_name_is_replaced),
		TEST(a_ping_url_names_no_event),
		TEST(placeholders_are_no_secrets),
		TEST(a_size_that_is_nearly_right_gets_a_suggestion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
