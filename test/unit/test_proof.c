#include "model/proof.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

#include "unit.h"

#define OK "{\"Status\":\"Ok\",\"TorrentID\":\"17\",\"ArchiveID\":4}"
#define GUARD "<html><head><title>Just a moment...</title></head></html>"
#define LOGIN "<input type=\"password\">"
#define MAINTENANCE "<h1>Down for maintenance</h1>"

struct row {
	long status;
	const char *body;
	unsigned redirects;
	enum http_guard guard;
};

static enum proof proof_of(const struct row *r)
{
	const struct proof_answer a = {r->status, r->redirects, r->body, strlen(r->body), r->guard};

	return proof_of_answer(&a);
}

static void these_answers_prove_that_nothing_was_assigned(void **state)
{
	static const struct {
		struct row row;
		enum proof proof;
	} rows[] = {
		{{401, "", 0, 0}, PROOF_UNAUTHORIZED},
		{{403, "", 0, 0}, PROOF_FORBIDDEN},
		{{403, "error code: 1010", 0, 0}, PROOF_FORBIDDEN},
		{{403, GUARD, 0, 0}, PROOF_FORBIDDEN},
		{{429, "{\"Status\":\"Error\"}", 0, 0}, PROOF_TOO_MANY},
		{{200, LOGIN, 0, 0}, PROOF_LOGIN},
		{{200, LOGIN, 1, 0}, PROOF_LOGIN},
		{{302, LOGIN, 0, 0}, PROOF_LOGIN},
		{{503, LOGIN, 0, 0}, PROOF_LOGIN},
		{{200, MAINTENANCE, 0, 0}, PROOF_MAINTENANCE},
		{{503, MAINTENANCE, 0, 0}, PROOF_MAINTENANCE},
		{{200, GUARD, 0, 0}, PROOF_GUARD},
		{{503, GUARD, 0, 0}, PROOF_GUARD},
		{{503, "<title>Attention Required! | Cloudflare</title>", 0, 0}, PROOF_GUARD},
		{{200, "<html>", 0, HTTP_GUARD_ANSWERS}, PROOF_GUARD},
		{{503, "<p>DDoS protection by Cloudflare</p>", 0, 0}, PROOF_GUARD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (proof_of(&rows[i].row) != rows[i].proof)
			fail_msg("%zu: %s", i, proof_words(proof_of(&rows[i].row)));
}

static void everything_else_may_hide_an_assignment(void **state)
{
	static const long statuses[] = {100, 200, 201, 204, 206, 301, 302, 303, 307, 400,
					402, 404, 405, 408, 409, 410, 418, 428, 430, 451,
					499, 500, 501, 502, 503, 504, 520, 524, 599, 999};
	static const char *const bodies[] = {"",
					     "{}",
					     "[]",
					     "null",
					     OK,
					     "{\"Status\":\"Ok\",\"Torr",
					     "maintenance",
					     "just a moment",
					     "<html>An error occurred</html>",
					     "<script src=\"https://cdnjs.cloudflare.com/a.js\">",
					     "<p>this site is behind Cloudflare</p>"};

	(void)state;
	for (size_t s = 0; s < COUNT(statuses); s++)
		for (size_t b = 0; b < COUNT(bodies); b++)
			for (int guard = HTTP_NO_GUARD; guard <= HTTP_GUARD_PASSES; guard++)
				if (proof_of(&(struct row){statuses[s], bodies[b], 0,
							   (enum http_guard)guard}))
					fail_msg("%ld %s", statuses[s], bodies[b]);
}

/* The first request may have done its work. */
static void a_status_behind_a_redirect_proves_nothing(void **state)
{
	(void)state;
	assert_int_equal(proof_of(&(struct row){401, "", 1, 0}), PROOF_NONE);
	assert_int_equal(proof_of(&(struct row){403, "", 1, 0}), PROOF_NONE);
	assert_int_equal(proof_of(&(struct row){429, "", 2, 0}), PROOF_NONE);
}

/* It comes for a tracker that may have done its work. */
static void a_page_of_a_gateway_s_status_proves_nothing(void **state)
{
	static const char *const pages[] = {LOGIN, MAINTENANCE, GUARD};

	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		assert_int_equal(proof_of(&(struct row){500, pages[i], 0, 0}), PROOF_NONE);
		assert_int_equal(proof_of(&(struct row){502, pages[i], 0, 0}), PROOF_NONE);
		assert_int_equal(proof_of(&(struct row){504, pages[i], 0, 0}), PROOF_NONE);
		assert_int_equal(proof_of(&(struct row){524, pages[i], 0, 0}), PROOF_NONE);
	}
}

static void a_status_that_comes_with_an_assignment_proves_nothing(void **state)
{
	(void)state;
	assert_int_equal(proof_of(&(struct row){403, OK, 0, 0}), PROOF_NONE);
	assert_int_equal(proof_of(&(struct row){429, "<b>Warning</b>" OK, 0, 0}), PROOF_NONE);
}

static void only_known_refusals_prove_it(void **state)
{
	(void)state;
	assert_int_equal(proof_of_verdict(REPLY_FULL), PROOF_FULL);
	assert_int_equal(proof_of_verdict(REPLY_STALLED), PROOF_STALLED);
	assert_int_equal(proof_of_verdict(REPLY_REFUSED), PROOF_NONE);
	assert_int_equal(proof_of_verdict(REPLY_ASSIGNED), PROOF_NONE);
}

/* doc/outcomes.md has exactly these rows, in this order, between two marks. */
static void the_documentation_has_the_same_list(void **state)
{
	OWN_BUF struct buf page = BUF_MAX(1 << 20), rows = BUF_MAX(1 << 16);
	struct err err;

	(void)state;
	MUST(fs_read(FIXTURES "/../../doc/outcomes.md", &page, &err));
	for (int proof = PROOF_NONE + 1; proof < PROOFS; proof++)
		buf_printf(&rows, "- %s\n", proof_words((enum proof)proof));
	const char *begin = strstr(buf_text(&page), "<!-- proofs -->\n");
	assert_non_null(begin);
	begin += strlen("<!-- proofs -->\n");
	const char *end = strstr(begin, "<!-- end -->");
	assert_non_null(end);
	OWN_STR char *shown = mem_dupn(begin, (size_t)(end - begin));
	assert_string_equal(shown, buf_text(&rows));
	assert_string_equal(proof_words(PROOF_NONE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(these_answers_prove_that_nothing_was_assigned),
		cmocka_unit_test(everything_else_may_hide_an_assignment),
		cmocka_unit_test(a_status_behind_a_redirect_proves_nothing),
		cmocka_unit_test(a_page_of_a_gateway_s_status_proves_nothing),
		cmocka_unit_test(a_status_that_comes_with_an_assignment_proves_nothing),
		cmocka_unit_test(only_known_refusals_prove_it),
		cmocka_unit_test(the_documentation_has_the_same_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
