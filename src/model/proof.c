#include "model/proof.h"

#include "base/mem.h"
#include "base/text.h"

#define PAGE_MAX_BYTES (64 * 1024) /* of a page that are looked at */

static const char *const words[PROOFS] = {
	[PROOF_NONE] = "",
	[PROOF_NOT_SENT] = "no connection: the question did not leave this machine",
	[PROOF_FULL] = "the refusal \"No space left in container\"",
	[PROOF_STALLED] = "a refusal that speaks of a stall",
	[PROOF_UNAUTHORIZED] = "status 401, without a redirect before it",
	[PROOF_FORBIDDEN] = "status 403, without a redirect before it",
	[PROOF_TOO_MANY] = "status 429, without a redirect before it",
	[PROOF_LOGIN] = "a page to log in",
	[PROOF_MAINTENANCE] = "a page that speaks of maintenance",
	[PROOF_GUARD] = "a page of a guard in front of the tracker, such as Cloudflare's check",
};

static enum proof of_status(long status)
{
	return status == 401   ? PROOF_UNAUTHORIZED
	       : status == 403 ? PROOF_FORBIDDEN
	       : status == 429 ? PROOF_TOO_MANY
			       : PROOF_NONE;
}

/* Pages of the tracker's own may mention Cloudflare, or load scripts from it. */
static bool is_of_guard(const char *bytes, size_t len)
{
	static const char *const signs[] = {"<title>just a moment", "| cloudflare</title>",
					    "cloudflare ray id", "ddos protection by",
					    "ddos-guard</title>"};
	OWN_STR char *text = mem_dupn(bytes, len < PAGE_MAX_BYTES ? len : PAGE_MAX_BYTES);

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (text_has_nocase(text, signs[i]))
			return true;
	return false;
}

static enum proof of_page(const struct proof_answer *a)
{
	enum reply_page page = reply_page(a->bytes, a->len, a->guard);

	if (page == REPLY_PAGE_GUARD)
		return a->guard == HTTP_GUARD_ANSWERS || is_of_guard(a->bytes, a->len) ? PROOF_GUARD
										       : PROOF_NONE;
	return page == REPLY_PAGE_LOGIN         ? PROOF_LOGIN
	       : page == REPLY_PAGE_MAINTENANCE ? PROOF_MAINTENANCE
						: PROOF_NONE;
}

/* Whatever its status is. */
static bool assigns(const struct proof_answer *a)
{
	OWN_REPLY struct reply reply = {0};
	struct err ignored;

	return reply_read_fetch(a->bytes, a->len, &reply, &ignored) &&
	       reply.verdict == REPLY_ASSIGNED;
}

enum proof proof_of_answer(const struct proof_answer *a)
{
	enum proof proof = a->redirects ? PROOF_NONE : of_status(a->status);

	if (proof)
		return assigns(a) ? PROOF_NONE : proof;
	if (a->status >= 500 && a->status != 503)
		return PROOF_NONE;
	return of_page(a);
}

enum proof proof_of_verdict(enum reply_verdict verdict)
{
	return verdict == REPLY_FULL      ? PROOF_FULL
	       : verdict == REPLY_STALLED ? PROOF_STALLED
					  : PROOF_NONE;
}

const char *proof_words(enum proof proof)
{
	return words[proof];
}
