/* Secrets are hidden in errors and printable texts, whatever their form. */
#include "base/mask.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include "unit.h"

#include <errno.h>

#define KEY "Key45678901234567890123456789012"

static int learn(void **state)
{
	(void)state;
	mask_learn(KEY);
	mask_learn("pass word/1\"x");
	mask_learn("tiny");
	mask_learn("deluge");
	mask_learn(NULL);
	mask_learn("");
	mask_learn(
		"https://joe:swordfish@hc.example.org/ping/aaaa1111-2222-4333-8444-555555555555");
	mask_learn("discord+https://discord.example/api/webhooks/123456789012/"
		   "tok_EN-with-letters9?wait="
		   "sesame-open-12");
	return 0;
}

static void secrets_are_hidden_in_every_form(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"", ""},
		{"nothing", "nothing"},
		{"a redirect to " KEY ".evil.example", "a redirect to <hidden>.evil.example"},
		{"host key45678901234567890123456789012.evil", "host <hidden>.evil"},
		{"KEY45678901234567890123456789012" KEY, "<hidden><hidden>"},
		{"(pass word/1\"x)", "(<hidden>)"},
		{"?p=pass%20word%2f1%22X&", "?p=<hidden>&"},
		{"{\"p\":\"pass word\\/1\\\"x\"}", "{\"p\":\"<hidden>\"}"},
		{"tiny deluge", "tiny deluge"},
		{"GET https://hc.example.org/ping/aaaa1111-2222-4333-8444-555555555555",
		 "GET https://hc.example.org<hidden>"},
		{"no check AAAA1111-2222-4333-8444-555555555555 here", "no check <hidden> here"},
		{"the user joe, and Swordfish", "the user joe, and <hidden>"},
		{"https://discord.example/api/webhooks/ is the service",
		 "https://discord.example/api/webhooks/ is the service"},
		{"webhook 123456789012 has no tok_EN-with-letters9",
		 "webhook <hidden> has no <hidden>"},
		{"wait=sesame-open-12", "wait=<hidden>"},
		{"cut: Key45678", "cut: <hidden>"},
		{"cut: Key4567", "cut: Key4567"},
		{"Key45678 goes on", "Key45678 goes on"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *got = text_printable(rows[i].text, strlen(rows[i].text), 300);
		assert_string_equal(got, rows[i].shown);
		struct err err;
		err_set(&err, ERR_RETRY, WORD_NETWORK, "%s", rows[i].text);
		assert_string_equal(err.msg, rows[i].shown);
	}
}

static void no_error_holds_a_secret(void **state)
{
	struct err err;

	(void)state;
	err_http(&err, ERR_RETRY, 302, "a redirect to %s", KEY);
	err_wrap(&err, "the host %s", KEY);
	err_advise(&err, "do not use %s", KEY);
	assert_string_equal(err.msg,
			    "the host <hidden>: a redirect to <hidden>; do not use <hidden>");
	assert_string_equal(err_advice(&err), "do not use <hidden>");
	err_errno(&err, ERR_TARGET, WORD_DISK, ENOENT, "cannot open /tmp/%s", KEY);
	assert_string_equal(err.msg, "cannot open /tmp/<hidden>: No such file or directory");
}

/* An error has 400 bytes: none of a secret's may show where the text is cut. */
static void nothing_of_a_secret_shows_where_a_message_is_cut(void **state)
{
	(void)state;
	for (int before = 360; before < 420; before++) {
		struct err err;
		err_set(&err, ERR_RETRY, WORD_NETWORK, "%0*d%s", before, 0, KEY "-" KEY);
		assert_null(strchr(err.msg, 'K'));
		assert_true(strlen(err.msg) < sizeof err.msg);
	}
}

static void a_names_text_stays_as_it_is(void **state)
{
	(void)state;
	OWN_STR char *name = text_clean(KEY ".torrent", strlen(KEY ".torrent"), 100);

	assert_string_equal(name, KEY ".torrent");
}

static void passkeys_are_learnt_and_displace_no_secret(void **state)
{
	static const char announce[] = "http://t.example:80/0123456789abcdef0123/announce";

	(void)state;
	mask_learn_passkey(announce, strlen(announce));
	OWN_STR char *first = text_printable("x 0123456789ABCDEF0123", 22, 100);
	assert_string_equal(first, "x <hidden>");
	OWN_STR char *words = text_printable("announce t.example", 18, 100);
	assert_string_equal(words, "announce t.example");
	for (int i = 0; i < 2000; i++) {
		OWN_STR char *url = mem_printf("http://t/%020d/", i);
		mask_learn_passkey(url, strlen(url));
	}
	OWN_STR char *key = text_printable(KEY " 00000000000000001999", 53, 100);
	assert_string_equal(key, "<hidden> <hidden>");
	OWN_STR char *gone = text_printable("00000000000000000001.", 21, 100);
	assert_string_equal(gone, "00000000000000000001.");
}

static void bytes_of_zero_are_looked_past(void **state)
{
	size_t len;

	(void)state;
	OWN_STR char *got = mask_text("a\0" KEY "\0b", strlen(KEY) + 4, &len);
	assert_int_equal(len, 12);
	assert_memory_equal(got, "a\0<hidden>\0b", 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_hidden_in_every_form),
		cmocka_unit_test(no_error_holds_a_secret),
		cmocka_unit_test(nothing_of_a_secret_shows_where_a_message_is_cut),
		cmocka_unit_test(a_names_text_stays_as_it_is),
		cmocka_unit_test(passkeys_are_learnt_and_displace_no_secret),
		cmocka_unit_test(bytes_of_zero_are_looked_past),
	};

	return cmocka_run_group_tests(tests, learn, NULL);
}
