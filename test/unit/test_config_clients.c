#include "load_config.h"

/* ---- Clients ---- */

#define CLIENTS(inner) "{\"Clients\":{" inner "}}"
#define BOX(inner) CLIENTS("\n\"box\":{" inner "}")
#define PATH_OF_BOX "config.ptp:2: Clients: box"

static void a_client_has_all_that_is_said_of_it(void **state)
{
	OWN_LOADED struct loaded l = load(
		state,
		BOX("\"Type\":\"qbittorrent\",\"URL\":\"https://h:1/qb\",\"Socket\":\"/run/qb\","
		    "\"Username\":\"u\",\"Password\":\"p\",\"ProxyUsername\":\"pu\","
		    "\"ProxyPassword\":\"pp\",\"CAFile\":\"/dev/null\",\"Timeout\":\"9s\","
		    "\"Theirs\":[1]"),
		0);
	const struct config_client *c = config_client_find(&l.c, "box");

	assert_string_equal(l.all, NO_PROBLEM);
	assert_int_equal(l.c.n_clients, 1);
	assert_string_equal(c->type->name, "qbittorrent");
	assert_string_equal(c->url, "https://h:1/qb");
	assert_string_equal(c->socket, "/run/qb");
	assert_string_equal(c->user, "u");
	assert_string_equal(secret_reveal(&c->password), "p");
	assert_string_equal(c->proxy_user, "pu");
	assert_string_equal(secret_reveal(&c->proxy_password), "pp");
	assert_string_equal(c->ca_file, "/dev/null");
	assert_int_equal(c->timeout_ms, 9000);
	assert_null(config_client_find(&l.c, "Box"));
	assert_null(config_client_find(&l.c, NULL));
}

static void what_is_not_said_has_its_default(void **state)
{
	OWN_LOADED struct loaded l = load(
		state,
		CLIENTS("\"q\":{\"Type\":\"qbittorrent\",\"URL\":\"http://h\",\"Username\":\"\","
			"\"Password\":null},"
			"\"t\":{\"Type\":\"transmission\",\"Socket\":\"/run/t\"},"
			"\"r\":{\"Type\":\"rtorrent\",\"Socket\":\"/run/r\"}"),
		0);

	assert_string_equal(l.all, NO_PROBLEM);
	const struct config_client *q = config_client_find(&l.c, "q");
	assert_null(q->user);
	assert_false(secret_is_set(&q->password));
	assert_int_equal(q->timeout_ms, 30000);
	/* HTTP over a socket needs a URL all the same; SCGI does not. */
	assert_string_equal(config_client_find(&l.c, "t")->url, "http://localhost/");
	assert_null(config_client_find(&l.c, "r")->url);
}

static void a_password_may_be_the_first_line_of_a_file(void **state)
{
	OWN_STR char *path = fs_join(*state, "word");
	OWN_STR char *file = mem_printf(BOX("\"Type\":\"qbittorrent\",\"URL\":\"http://h\","
					    "\"Password\":\"x\",\"PasswordFile\":\"%s\","
					    "\"ProxyPasswordFile\":\"%s\""),
					path, path);
	struct err err;

	MUST(fs_write(path, " s3cret \n", 9, 0600, &err));
	OWN_LOADED struct loaded l = load(state, file, 0);
	assert_string_equal(l.all, NO_PROBLEM);
	assert_string_equal(secret_reveal(&l.c.clients[0].password), "s3cret");
	assert_string_equal(secret_reveal(&l.c.clients[0].proxy_password), "s3cret");
	MUST(fs_write(path, " \n", 2, 0600, &err));
	OWN_LOADED struct loaded empty = load(state, file, 0);
	assert_non_null(strstr(empty.all, "ProxyPasswordFile names a file that is empty: /"));
}

#define TYPE(name) "\"Type\":\"" name "\","
#define QB TYPE("qbittorrent") "\"URL\":\"http://h\","
#define NO_TYPE "is not one of qbittorrent, transmission, rtorrent, deluge, watch"

static void what_is_wrong_with_a_client_is_said_with_its_place(void **state)
{
	static const struct {
		const char *client, *problem;
	} rows[] = {
		{"7", " is not an object\n"},
		{"{}", ": it needs a Type\n"},
		{"{\"Type\":null}", ": it needs a Type\n"},
		{"{\"Type\":\"\"}", ": it needs a Type\n"},
		{"{\"Type\":[]}", ": Type is neither a text nor a number\n"},
		{"{" TYPE("qbitorrent") "\"URL\":\"http://h\"}",
		 ": Type " NO_TYPE "; did you mean qbittorrent?\n"},
		{"{" TYPE("emule") "\"URL\":\"http://h\"}", ": Type " NO_TYPE "\n"},
		{"{\"Type\":\"qbittorrent\"}", ": it needs a URL\n"},
		{"{\"Type\":\"watch\"}", ": a client of Type watch needs a WatchDirectory\n"},
		{"{" TYPE("qbittorrent") "\"URL\":\"h:1\"}",
		 ": URL is not a complete URL that begins with https:// or http://\n"},
		{"{" TYPE("qbittorrent") "\"URL\":[]}", ": URL is neither a text nor a number\n"},
		{"{" TYPE("deluge") "\"URL\":\"http://u:secretword@h\"}",
		 ": URL holds a user name or password; write them as Username and PasswordFile\n"},
		{"{" TYPE("deluge") "\"URL\":\"scgi://h:1\"}",
		 ": only rtorrent can be reached by scgi://\n"},
		{"{" TYPE("rtorrent") "\"URL\":\"scgi://h\"}",
		 ": URL is not of the form scgi://host:port; for a unix socket give its path as "
		 "Socket\n"},
		{"{" TYPE("rtorrent") "\"URL\":\"http://h\",\"Socket\":\"/s\"}",
		 ": give a URL or a Socket, not both\n"},
		{"{" QB "\"Socket\":\"run/s\"}",
		 ": Socket is not the absolute path, of at most 107 bytes, of a unix socket\n"},
		{"{" QB "\"Username\":\"a\\nb\"}",
		 ": Username holds a control character: a line feed (LF); remove it\n"},
		{"{" QB "\"ProxyUsername\":\"\\u001b\"}",
		 ": ProxyUsername holds a control character: an escape character (ESC) at its "
		 "end; remove it\n"},
		{"{" QB "\"PasswordFile\":\"/no/such\"}",
		 ": PasswordFile names a file that cannot be read: cannot open /"},
		{"{" QB "\"CAFile\":\"/no/such\"}",
		 ": CAFile is not there; name a PEM file with the CA's certificate\n"},
		{"{" QB "\"Timeout\":\"0s\"}",
		 ": Timeout is not a duration of at most 1h, such as 30s\n"},
		{"{" QB "\"Timeout\":\"61m\"}",
		 ": Timeout is not a duration of at most 1h, such as 30s\n"},
		{"{" QB "\"Pasword\":\"secretword\"}",
		 ": Pasword is not known; did you mean Password?\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *file = mem_printf(CLIENTS("\n\"box\":%s"), rows[i].client);
		OWN_STR char *expected = mem_printf(PATH_OF_BOX "%s", rows[i].problem);
		OWN_LOADED struct loaded l = load(state, file, 0);
		if (!text_starts(l.all, expected))
			fail_msg("%s\nis not\n%s", l.all, expected);
		assert_int_equal(l.problems.n, 1);
	}
}

static void longest(char *text, size_t len)
{
	memset(text, 'x', len);
	text[len] = '\0';
}

static void texts_have_a_longest_length(void **state)
{
	char text[CONFIG_CLIENT_TEXT_MAX + 2];

	for (size_t more = 0; more < 2; more++) {
		longest(text, CONFIG_CLIENT_TEXT_MAX + more);
		OWN_STR char *file = mem_printf(BOX(QB "\"Username\":\"%s\""), text);
		OWN_LOADED struct loaded l = load(state, file, 0);
		assert_string_equal(l.all, more ? PATH_OF_BOX
						   ": Username is longer than 1024 bytes\n"
						: NO_PROBLEM);
		longest(text, 106 + more);
		OWN_STR char *other = mem_printf(BOX(TYPE("rtorrent") "\"Socket\":\"/%s\""), text);
		OWN_LOADED struct loaded m = load(state, other, 0);
		assert_int_equal(m.problems.n > 0, more);
	}
}

static void clients_have_a_name_and_are_not_too_many(void **state)
{
	OWN_BUF struct buf file = BUF_MAX(1 << 20);

	OWN_LOADED struct loaded unnamed = load(state, CLIENTS("\"\":{}"), 0);
	assert_string_equal(unnamed.all, "config.ptp:1: Clients:  has no name\n");
	OWN_LOADED struct loaded odd = load(state, CLIENTS("\"a\\tb\":{}"), 0);
	assert_non_null(strstr(odd.all, "holds a control character"));
	OWN_LOADED struct loaded list = load(state, "{\"Clients\":[]}", 0);
	assert_string_equal(list.all, "config.ptp:1: Clients is not an object\n");
	buf_puts(&file, "{\"Clients\":{");
	for (int i = 0; i < CONFIG_CLIENTS_MAX; i++)
		buf_printf(&file, "\"%d\":{\"Type\":\"deluge\",\"URL\":\"http://h\"},", i);
	OWN_STR char *most = mem_printf("%.*s}}", (int)file.len - 1, file.data);
	OWN_LOADED struct loaded all = load(state, most, 0);
	assert_string_equal(all.all, NO_PROBLEM);
	assert_int_equal(all.c.n_clients, CONFIG_CLIENTS_MAX);
	OWN_STR char *more = mem_printf("%s\"x\":{}}}", buf_text(&file));
	OWN_LOADED struct loaded over = load(state, more, 0);
	assert_string_equal(over.all, "config.ptp:1: Clients names more than 1000 clients\n");
}

static void a_password_is_any_text_and_a_name_is_not(void **state)
{
	OWN_LOADED struct loaded any = load(
		state, BOX(QB "\"Username\":\"\xc3\xa9\",\"Password\":\"~any \'#\\\" #thing\""), 0);
	assert_string_equal(any.all, NO_PROBLEM);
	OWN_LOADED struct loaded name = load(state, BOX(QB "\"Username\":\"\\u007f\""), 0);
	assert_non_null(strstr(name.all, "Username holds a control character"));
}

/* ---- what a container says of its client ---- */

#define ALL_KINDS                                                                                      \
	"\"Clients\":{"                                                                                \
	"\"q\":{" TYPE(                                                                                \
		"qbittorrent") "\"URL\":\"http://h\"},"                                                \
			       "\"t\":{" TYPE(                                                         \
				       "transmission") "\"URL\":\"http://h\"},"                        \
						       "\"r\":{" TYPE(                                 \
							       "rtorrent") "\"URL\":\"scgi://"         \
									   "h:1\"},"                   \
									   "\"d\":{" TYPE(             \
										   "deluge") "\"U"     \
											     "RL"      \
											     "\":"     \
											     "\"h"     \
											     "ttp"     \
											     "://"     \
											     "h\""     \
											     "},"      \
											     "\"w"     \
											     "\":"     \
											     "{" TYPE( \
												     "watch") "\"WatchDirectory\":\"/w/$name\"}}"
#define CONTAINER(inner) "{" ALL_KINDS ",\n\"Containers\":{\"attic\":{\"Size\":\"1T\"," inner "}}}"

static struct loaded container(void **state, const char *inner)
{
	OWN_STR char *file = mem_printf(CONTAINER("%s"), inner);

	return load(state, file, 0);
}

static void a_container_has_all_that_is_said_of_it(void **state)
{
	OWN_LOADED struct loaded l = container(
		state, "\"Client\":\"q\",\"Category\":\"rel\",\"Tags\":\" a, b c \","
		       "\"SavePath\":\"/data\",\"Paused\":true,\"MaxActive\":4,\"MaxPending\":0,"
		       "\"Reserve\":\"50G\",\"DataDirectory\":\"/d/$name\",\"AuditClient\":\"t\","
		       "\"PickUpWithin\":\"2h\"");
	const struct container *c = l.c.containers;

	assert_string_equal(l.all, NO_PROBLEM);
	assert_string_equal(c->client, "q");
	assert_string_equal(container_place(c), "q");
	assert_string_equal(c->audit_client, "t");
	assert_string_equal(c->placement.category, "rel");
	assert_string_equal(c->placement.tags, "a,b c");
	assert_string_equal(c->placement.save_path, "/data");
	assert_true(c->placement.paused);
	assert_int_equal(c->max_active, 4);
	assert_int_equal(c->max_pending, 0);
	assert_int_equal(c->reserve.bytes, 50LL << 30);
	assert_int_equal(c->reserve.percent, 0);
	assert_string_equal(c->data_folder, "/d/attic");
	assert_int_equal(c->pick_up_ms, 2 * 3600 * 1000);
}

static void what_a_container_does_not_say_has_its_default(void **state)
{
	OWN_LOADED struct loaded l = container(state, "\"WatchDirectory\":\"/srv\"");
	const struct container *c = l.c.containers;

	assert_string_equal(l.all, NO_PROBLEM);
	assert_null(c->client);
	assert_null(c->audit_client);
	assert_null(c->placement.category);
	assert_null(c->placement.tags);
	assert_null(c->placement.save_path);
	assert_null(c->data_folder);
	assert_false(c->placement.paused);
	assert_int_equal(c->max_active, 0);
	assert_int_equal(c->max_pending, CONTAINER_PENDING);
	assert_int_equal(c->pick_up_ms, CONTAINER_PICK_UP_MS);
	assert_int_equal(c->reserve.bytes + c->reserve.percent, 0);
	assert_string_equal(container_place(c), "/srv");
}

static void a_client_of_type_watch_is_a_folder(void **state)
{
	OWN_LOADED struct loaded l =
		container(state, "\"Client\":\"w\",\"WatchDirectory\":\"/other\"");

	assert_string_equal(l.all, NO_PROBLEM);
	assert_null(l.c.containers[0].client);
	assert_string_equal(l.c.containers[0].watch_folder, "/w/attic");
}

static void default_and_environment_speak_for_all_containers(void **state)
{
	static const char file[] = "{" ALL_KINDS ","
				   "\"Default\":{\"Client\":\"q\",\"Category\":\"films\","
				   "\"Paused\":true,\"Tags\":[\"x\",\"y\"]},"
				   "\"Containers\":{\"a\":{\"Size\":\"1T\"},"
				   "\"b\":{\"Size\":\"1T\",\"Client\":\"\",\"Category\":\"\","
				   "\"Paused\":\"no\",\"WatchDirectory\":\"/b\"}}}";

	OWN_LOADED struct loaded l = load(state, file, 0);
	assert_string_equal(l.all, NO_PROBLEM);
	const struct container *a = &l.c.containers[0], *b = &l.c.containers[1];
	assert_string_equal(a->client, "q");
	assert_string_equal(a->placement.category, "films");
	assert_string_equal(a->placement.tags, "x,y");
	assert_true(a->placement.paused);
	assert_null(b->client);
	assert_null(b->placement.category);
	assert_false(b->placement.paused);
	setenv("PTP_CLIENT", "t", 1);
	setenv("PTP_CATEGORY", "env", 1);
	OWN_LOADED struct loaded m = load(state, file, 0);
	assert_string_equal(m.all, NO_PROBLEM);
	assert_string_equal(m.c.containers[0].client, "t");
	assert_string_equal(m.c.containers[1].client, "t");
	assert_string_equal(m.c.containers[1].placement.category, "env");
	setenv("PTP_CLIENT", "nobody", 1);
	OWN_LOADED struct loaded n = load(state, file, 0);
	assert_string_equal(n.all, "PTP_CLIENT is not the name of an entry of Clients\n");
}

static void a_key_at_the_wrong_level_is_reported_with_its_home(void **state)
{
	static const struct {
		const char *file, *problem;
	} rows[] = {
		{"{\"MaxPending\":1}", "MaxPending does not belong here; write it in an entry of "
				       "Containers, or in Default\n"},
		{"{\"maxpending\":1}", "maxpending does not belong here; write it in an entry of "
				       "Containers, or in Default\n"},
		{"{\"PasswordFile\":\"/x\"}",
		 "PasswordFile does not belong here; write it in an entry of Clients\n"},
		{"{\"Events\":\"lost\"}",
		 "Events does not belong here; write it in an entry of Notify\n"},
		/* It is near to Clients, and a key of its own. */
		{"{\"Client\":\"x\"}", "Client does not belong here; write it in an entry of "
				       "Containers, or in Default\n"},
		{"{\"Default\":{\"Interval\":\"6h\"}}",
		 "Default: Interval does not belong here; write it at the top of config.ptp\n"},
		{"{\"Containers\":{\"a\":{\"Engine\":\"native\"}}}",
		 "Containers: a: Engine does not belong here; write it at the top of "
		 "config.ptp\n"},
		{"{\"Containers\":{\"a\":{\"Timeout\":\"9s\"}}}",
		 "Containers: a: Timeout does not belong here; write it at the top of config.ptp "
		 "or in an entry of Clients\n"},
		{CLIENTS("\"q\":{" QB "\"Category\":\"x\"}"),
		 "Clients: q: Category does not belong here; write it in an entry of Containers, "
		 "or in Default\n"},
		{CLIENTS("\"q\":{" QB "\"Vault\":true}"),
		 "Clients: q: Vault does not belong here; write it at the top of config.ptp\n"},
		{"{\"Notify\":[{\"URL\":\"webhook+https://h/\",\"NotifyEvents\":\"lost\"}]}",
		 "Notify: number 1: NotifyEvents does not belong here; write it at the top of "
		 "config.ptp\n"},
		{"{\"Notify\":[{\"URL\":\"webhook+https://h/\",\"Size\":\"1T\"}]}",
		 "Notify: number 1: Size does not belong here; write it in an entry of "
		 "Containers, or in Default\n"},
		/* The same word by another case is a slip where it is a key of this level. */
		{"{\"Notify\":[{\"URLFile\":\"/dev/null\",\"url\":\"x\"}]}",
		 "Notify: number 1: url is not known; did you mean URL?\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_LOADED struct loaded l = load(state, rows[i].file, 0);
		if (!strstr(l.all, rows[i].problem))
			fail_msg("%s is not in\n%s", rows[i].problem, l.all);
	}
	OWN_LOADED struct loaded l = load(state, "{\"Theirs\":1,\"Zebra\":{\"Size\":1}}", 0);
	assert_string_equal(l.all, NO_PROBLEM);
}

static void a_value_of_default_is_wrong_once(void **state)
{
	OWN_LOADED struct loaded l =
		load(state,
		     "{\n\"Default\":{\"WatchDirectory\":\"/w\",\"MaxPending\":\"x\"},\n"
		     "\"Containers\":{\"a\":{\"Size\":\"1T\"},\"b\":{\"Size\":\"1T\"}}}",
		     0);

	assert_string_equal(l.all, "config.ptp:2: Default: MaxPending is not a whole number from 0 "
				   "to 1000000\n");
	assert_int_equal(l.c.n_containers, 2);
	assert_int_equal(l.c.containers[1].max_pending, CONTAINER_PENDING);
}

static void values_are_taken_up_to_their_limits(void **state)
{
	static const char *const good[] = {
		"\"Client\":\"q\",\"Category\":\"a/b\"",
		"\"Client\":\"d\",\"Category\":\"PTP_rel-1.x\"",
		"\"Client\":\"r\",\"Category\":\"any//thing\"",
		"\"Client\":\"q\",\"SavePath\":\"C:\\\\data\"",
		"\"Client\":\"q\",\"SavePath\":\"\\\\\\\\nas\\\\data\"",
		"\"Client\":\"q\",\"MaxActive\":1000000",
		"\"Client\":\"q\",\"Reserve\":\"0\"",
		"\"Client\":\"t\",\"Reserve\":\"99%\"",
		"\"Client\":\"r\",\"Reserve\":\"1%\"",
		"\"Client\":\"q\",\"Reserve\":\"1%\",\"DataDirectory\":\"/d\"",
		"\"WatchDirectory\":\"/w\",\"Reserve\":\"1%\",\"DataDirectory\":\"/d\"",
		"\"WatchDirectory\":\"/w\",\"PickUpWithin\":\"off\"",
		"\"WatchDirectory\":\"/w\",\"PickUpWithin\":false",
		"\"WatchDirectory\":\"/w\",\"PickUpWithin\":\"30d\"",
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		OWN_LOADED struct loaded l = container(state, good[i]);
		if (l.problems.n)
			fail_msg("%s: %s", good[i], l.all);
	}
	OWN_LOADED struct loaded off = container(state, good[11]);
	assert_int_equal(off.c.containers[0].pick_up_ms, 0);
}

#define NO_COUNT "is not a whole number from 0 to 1000000\n"
#define NO_RESERVE "is not a size, such as 50G, or a percentage, such as 5%\n"
#define NO_PERCENT "is not a percentage from 1% to 99%\n"
#define NO_PICK_UP "is not off or a duration of at most 30d, such as 1h\n"

static void what_is_wrong_with_a_container_is_said_with_its_place(void **state)
{
	static const struct {
		const char *container, *problem;
	} rows[] = {
		{"\"Client\":\"nobody\"", ": Client is not the name of an entry of Clients\n"},
		{"\"Client\":7", ": Client is not the name of an entry of Clients\n"},
		{"\"AuditClient\":\"w\"",
		 ": AuditClient is not the name of an entry of Clients that has an interface\n"},
		{"\"Category\":\"a\\u0007\"",
		 ": Category holds a control character: U+0007 at its end; remove it\n"},
		{"\"Client\":\"q\",\"Category\":\"a\\\\b\"", ": Category has a backslash\n"},
		{"\"Client\":\"d\",\"Category\":\"a b\"",
		 ": Category is no label that Deluge can have: letters a to z, digits, _ - and "
		 "the dot\n"},
		{"\"Client\":\"q\",\"Tags\":\"a,,b\"", ": Tags holds an empty tag\n"},
		{"\"Client\":\"q\",\"Tags\":[\"a,b\"]",
		 ": Tags is neither a text nor a list of texts\n"},
		{"\"Client\":\"q\",\"Tags\":[1]", ": Tags is neither a text nor a list of texts\n"},
		{"\"Client\":\"r\",\"Tags\":\"a\"",
		 ": Tags: this client knows one label a torrent only; use Category\n"},
		{"\"SavePath\":\"data\"",
		 ": SavePath is not an absolute path on the client's machine\n"},
		{"\"Paused\":\"maybe\"", ": Paused is not true or false\n"},
		{"\"MaxActive\":1000001", ": MaxActive " NO_COUNT},
		{"\"MaxPending\":-1", ": MaxPending " NO_COUNT},
		{"\"Client\":\"t\",\"Reserve\":\"0%\"", ": Reserve " NO_PERCENT},
		{"\"Client\":\"t\",\"Reserve\":\"100%\"", ": Reserve " NO_PERCENT},
		{"\"Client\":\"t\",\"Reserve\":\"%\"", ": Reserve " NO_RESERVE},
		{"\"Client\":\"t\",\"Reserve\":\"5\"", ": Reserve " NO_RESERVE},
		{"\"Client\":\"q\",\"Reserve\":\"5%\"",
		 ": Reserve: this client does not tell how large its disk is; write a size, such "
		 "as 50G, or set DataDirectory\n"},
		{"\"WatchDirectory\":\"/w\",\"Reserve\":\"5G\"",
		 ": Reserve: set DataDirectory as well, the folder where the client stores its "
		 "data\n"},
		{"\"PickUpWithin\":\"31d\"", ": PickUpWithin " NO_PICK_UP},
		{"\"PickUpWithin\":\"0s\"", ": PickUpWithin " NO_PICK_UP},
		{"\"MaxPendin\":1", ": MaxPendin is not known; did you mean MaxPending?\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *expected =
			mem_printf("config.ptp:2: Containers: attic%s", rows[i].problem);
		OWN_LOADED struct loaded l = container(state, rows[i].container);
		assert_string_equal(l.all, expected);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, unit_remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_has_all_that_is_said_of_it),
		TEST(what_is_not_said_has_its_default),
		TEST(a_password_may_be_the_first_line_of_a_file),
		TEST(what_is_wrong_with_a_client_is_said_with_its_place),
		TEST(texts_have_a_longest_length),
		TEST(clients_have_a_name_and_are_not_too_many),
		TEST(a_password_is_any_text_and_a_name_is_not),
		TEST(a_container_has_all_that_is_said_of_it),
		TEST(what_a_container_does_not_say_has_its_default),
		TEST(a_client_of_type_watch_is_a_folder),
		TEST(default_and_environment_speak_for_all_containers),
		TEST(a_key_at_the_wrong_level_is_reported_with_its_home),
		TEST(a_value_of_default_is_wrong_once),
		TEST(values_are_taken_up_to_their_limits),
		TEST(what_is_wrong_with_a_container_is_said_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
