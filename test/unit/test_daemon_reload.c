#include "daemon_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static bool has_file(struct daemon_fixture *f, const char *name)
{
	OWN_STR char *path = fs_join(f->folder, name);

	return fs_exists(path);
}

/* A socket that listens on this machine; "127.0.0.1:PORT". */
static int listen_somewhere(char text[24])
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(text, 24, "127.0.0.1:%d", ntohs(a.sin_port));
	return fd;
}

/* The setting for an address where nobody listens. */
static char *free_address(void)
{
	char text[24];

	close(listen_somewhere(text));
	return mem_printf("\"Listen\": \"%s\", ", text);
}

static void configure_listen(struct daemon_fixture *f, char *setting)
{
	daemon_configure(f, setting);
	free(setting);
}

/* ---- a new configuration ---- */

static void a_new_configuration_is_used_by_the_next_step(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_ledger(f);
	f->d.fresh = f->d.forgive = false;
	f->d.finished = true;
	f->d.announced = 5;
	daemon_configure(f, "\"Interval\": \"12h\", \"ListenOpen\": true, ");
	daemon_reload(&f->d);
	assert_null(f->d.parts.run.ledger);
	assert_int_equal(f->config.interval_ms, 12 * HOUR);
	assert_ptr_equal(f->d.config, &f->config);
	assert_true(f->d.forgive);
	assert_true(f->d.fresh);
	assert_false(f->d.finished);
	assert_int_equal(f->d.announced, 0);
	assert_true(has_file(f, "state/daemon.json"));
	LOGGED(1, "info the configuration was read again: 2 containers\n");
	assert_int_equal(daemon_trouble(f, TROUBLE_CONFIG).since, 0);
}

static void its_warnings_are_logged(void **state)
{
	struct daemon_fixture *f = *state;

	setenv("PTP_INTERVALL", "1h", 1);
	daemon_reload(&f->d);
	LOGGED(1, "PTP_INTERVALL");
	LOGGED(1, "warn ");
}

static void one_container_is_one(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_write(f, "config.ptp",
		     "{\"ApiUser\": \"0123456789abcdef\", \"ApiKey\": "
		     "\"0123456789abcdef0123456789abcdef\", \"Containers\": {\"attic\": "
		     "{\"Size\": \"1G\", \"WatchDirectory\": \"/tmp\"}}}");
	daemon_reload(&f->d);
	LOGGED(1, "info the configuration was read again: 1 container\n");
}

static void a_bad_one_is_refused_and_the_old_one_stays(void **state)
{
	struct daemon_fixture *f = *state;
	struct ledger *l = daemon_ledger(f);

	f->d.finished = true;
	daemon_configure(f, "\"Interval\": \"soon\", \"PerCycle\": \"many\", ");
	daemon_reload(&f->d);
	assert_ptr_equal(f->d.parts.run.ledger, l);
	assert_int_equal(f->config.interval_ms, 6 * HOUR);
	assert_true(f->d.finished);
	LOGGED(3, "error ");
	LOGGED(1, "error the new configuration is refused; the old one stays\n");
	const struct trouble_told told = daemon_trouble(f, TROUBLE_CONFIG);
	assert_int_equal(told.since, FAKE_NOW);
	/* The page has the first of them. */
	assert_non_null(strstr(told.text, "Interval"));
	daemon_configure(f, "");
	daemon_reload(&f->d);
	assert_int_equal(daemon_trouble(f, TROUBLE_CONFIG).since, 0);
}

static void another_state_folder_takes_a_restart(void **state)
{
	struct daemon_fixture *f = *state;
	const char *kept = f->options.state;

	daemon_ledger(f);
	f->options.state = "/tmp/elsewhere";
	daemon_reload(&f->d);
	f->options.state = kept;
	assert_non_null(f->d.parts.run.ledger);
	assert_string_equal(f->config.state, f->state);
	LOGGED(1, "error another state folder takes a restart; the old configuration stays\n");
	assert_non_null(strstr(daemon_trouble(f, TROUBLE_CONFIG).text, "takes a restart"));
}

/* ---- writing it down ---- */

static void containers_that_the_environment_names_are_written_down(void **state)
{
	struct daemon_fixture *f = *state;

	assert_int_equal(unlink(f->path), 0);
	daemon_write_down(&f->config);
	assert_false(has_file(f, "config.ptp"));
	assert_true(has_file(f, "state/daemon.json"));
	f->config.named_by_environment = true;
	daemon_write_down(&f->config);
	assert_true(has_file(f, "config.ptp"));
	assert_string_equal(fake_log(), "");
}

static void a_file_that_cannot_be_written_is_logged(void **state)
{
	struct daemon_fixture *f = *state;
	char *kept = f->config.path;

	f->config.named_by_environment = true;
	f->config.path = (char[]){"/dev/null/config.ptp"};
	daemon_write_down(&f->config);
	f->config.path = kept;
	LOGGED(1, "warn config.ptp could not be written: ");
}

/* ---- the page ---- */

static void the_page_is_opened_and_closed(void **state)
{
	struct daemon_fixture *f = *state;

	configure_listen(f, free_address());
	daemon_load(f);
	daemon_open_page(&f->d);
	assert_non_null(f->d.page);
	assert_false(f->d.page_failed);
	assert_int_equal(f->d.page_tried, FAKE_NOW);
	OWN_STR char *line =
		mem_printf("info the status page is at http://%s/\n", f->config.listen);
	LOGGED(1, line);
	daemon_close_page(&f->d);
	assert_null(f->d.page);
	daemon_close_page(&f->d);
}

static void a_page_that_cannot_be_opened_is_logged_once(void **state)
{
	struct daemon_fixture *f = *state;
	char text[24];
	OWN_FD int taken = listen_somewhere(text);

	configure_listen(f, mem_printf("\"Listen\": \"%s\", ", text));
	daemon_load(f);
	daemon_open_page(&f->d);
	assert_null(f->d.page);
	assert_true(f->d.page_failed);
	daemon_open_page(&f->d);
	LOGGED(1, "; it is tried again every minute\n");
	close(taken);
	taken = -1;
	fake_time_pass(MINUTE);
	daemon_open_page(&f->d);
	assert_non_null(f->d.page);
	assert_false(f->d.page_failed);
	assert_int_equal(f->d.page_tried, FAKE_NOW + MINUTE);
}

static void a_page_at_the_same_address_stays_open(void **state)
{
	struct daemon_fixture *f = *state;

	configure_listen(f, free_address());
	daemon_load(f);
	daemon_open_page(&f->d);
	struct httpd *page = f->d.page;
	daemon_reload(&f->d);
	assert_ptr_equal(f->d.page, page);
	/* It is tried again at once where it is closed, and that is logged anew. */
	assert_int_equal(f->d.page_tried, 0);
	assert_false(f->d.page_failed);
}

static void a_page_at_another_address_or_none_is_closed(void **state)
{
	struct daemon_fixture *f = *state;

	configure_listen(f, free_address());
	daemon_load(f);
	daemon_open_page(&f->d);
	configure_listen(f, mem_dup("\"Listen\": \"127.0.0.1:1\", "));
	daemon_reload(&f->d);
	assert_null(f->d.page);
	configure_listen(f, free_address());
	daemon_reload(&f->d);
	daemon_open_page(&f->d);
	assert_non_null(f->d.page);
	daemon_configure(f, "");
	daemon_reload(&f->d);
	assert_null(f->d.page);
	f->d.page_failed = true;
	daemon_reload(&f->d);
	assert_false(f->d.page_failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_DAEMON(a_new_configuration_is_used_by_the_next_step),
		TEST_OF_DAEMON(its_warnings_are_logged),
		TEST_OF_DAEMON(one_container_is_one),
		TEST_OF_DAEMON(a_bad_one_is_refused_and_the_old_one_stays),
		TEST_OF_DAEMON(another_state_folder_takes_a_restart),
		TEST_OF_DAEMON(containers_that_the_environment_names_are_written_down),
		TEST_OF_DAEMON(a_file_that_cannot_be_written_is_logged),
		TEST_OF_DAEMON(the_page_is_opened_and_closed),
		TEST_OF_DAEMON(a_page_that_cannot_be_opened_is_logged_once),
		TEST_OF_DAEMON(a_page_at_the_same_address_stays_open),
		TEST_OF_DAEMON(a_page_at_another_address_or_none_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
