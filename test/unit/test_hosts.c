/* By which names the status page may be called. */
#include "config/hosts.h"

#include "unit.h"

#include <unistd.h>

static void no_stranger_can_own_these(void **state)
{
	static const char *const fields[] = {"127.0.0.1:9980",     "127.0.0.1",
					     "192.168.7.7:80",     "[::1]:9980",
					     "[fe80::1]",          "localhost",
					     "LOCALHOST:9980",     "localhost.",
					     "nas.local",          "a.b.local:1",
					     "nas.home.arpa:9980", "x.internal",
					     "a.localhost.",       ""};

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++)
		if (!hosts_allow(NULL, fields[i]))
			fail_msg("%s was refused", fields[i]);
	assert_true(hosts_allow(NULL, NULL));
}

static void these_may_be_a_strangers(void **state)
{
	static const char *const fields[] = {"evil.example",
					     "evil.example:9980",
					     "127.0.0.1.evil.example",
					     "127.0.0.1.nip.io:80",
					     "local.evil.test",
					     "nas.local.evil.eu",
					     "notlocal.arpa",
					     "1.2.3.4.5",
					     "evil.example.",
					     "127.0.0.1@evil.eu",
					     ".local.",
					     "[::1].evil.eu",
					     "xlocalhost.com",
					     "[evil.example]",
					     "ptp.example.org.evil.eu",
					     "ai",
					     "nas:9980",
					     "ptp-archiver",
					     "ws.",
					     "localdomain",
					     "2130706433",
					     "0x7f000001",
					     "127.1"};

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++)
		if (hosts_allow("ptp.example.org", fields[i]))
			fail_msg("%s was let in", fields[i]);
}

static void those_of_the_list_are_let_in(void **state)
{
	const char *list = "ptp.example.org, other.example\nthird.example";

	(void)state;
	assert_true(hosts_allow(list, "ptp.example.org"));
	assert_true(hosts_allow(list, "PTP.example.org.:9980"));
	assert_true(hosts_allow(list, "other.example:443"));
	assert_true(hosts_allow(list, "third.example"));
	assert_false(hosts_allow(list, "www.third.example"));
	assert_true(hosts_allow("a.example,*", "evil.example"));
	assert_true(hosts_any(" * "));
	assert_false(hosts_any(list));
	assert_false(hosts_any(NULL));
}

static void the_machines_own_name_is_let_in(void **state)
{
	char own[300] = "";

	(void)state;
	assert_int_equal(gethostname(own, sizeof own - 1), 0);
	assert_true(hosts_allow(NULL, own));
}

static void a_list_holds_names(void **state)
{
	static const char *const wrong[] = {"http://a.example", "a.example:80",
					    "*.example",        "a/b",
					    "ä.example",        "a.example;b.example"};

	(void)state;
	assert_true(hosts_valid("a.example"));
	assert_true(hosts_valid("a.example, b-c.example *"));
	assert_true(hosts_valid(""));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(hosts_valid(wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_stranger_can_own_these),
		cmocka_unit_test(these_may_be_a_strangers),
		cmocka_unit_test(those_of_the_list_are_let_in),
		cmocka_unit_test(the_machines_own_name_is_let_in),
		cmocka_unit_test(a_list_holds_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
