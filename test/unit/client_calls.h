/*
 * test/unit/client_calls.h - a client with an interface, opened over fake_http, and a delivery.
 */
#ifndef CLIENT_CALLS_H
#define CLIENT_CALLS_H

#include "base/mem.h"
#include "base/text.h"
#include "ports/client.h"

#include "fake_http.h"
#include "fake_time.h"
#include "unit.h"

#define V1 "0123456789abcdef0123456789abcdef01234567"
#define OTHER_V1 "89abcdef0123456789abcdef0123456789abcdef"
#define V2 "fedcba9876543210fedcba9876543210fedcba98fedcba9876543210fedcba98"

typedef struct client *client_opener(const struct client_options *o, struct err *err);

/* What a test changes of the options. */
struct who {
	const char *user, *password, *proxy_user;
};

/* The passwords last until the test ends. */
static inline struct client *client_opened(client_opener *open, const char *url, struct who who)
{
	static struct secret password, proxy_password;
	struct client_options o = {.name = "box",
				   .url = url,
				   .user = who.user,
				   .password = &password,
				   .proxy_user = who.proxy_user,
				   .proxy_password = &proxy_password,
				   .ca_file = "ca.pem",
				   .timeout_ms = 3000};
	struct err err;

	secret_set(&password, who.password);
	secret_set(&proxy_password, who.proxy_user ? "p2" : NULL);
	fake_time_reset();
	struct client *c = open(&o, &err);
	if (!c)
		fail_msg("%s", err.msg);
	return c;
}

static inline void client_done(struct client *c)
{
	client_close(c);
	fake_http_end();
}

/* A delivery of three bytes, "d\0e". */
struct parcel {
	struct buf bytes;
	struct placement placement;
	struct delivery d;
};

static inline struct parcel *parcel(const char *v1, const char *v2)
{
	static char bytes[] = "d\0e";
	static struct parcel p;

	p = (struct parcel){.bytes = {.data = bytes, .len = 3, .max = 3}};
	p.d = (struct delivery){.id = 1,
				.infohash = v1,
				.v1 = v1,
				.v2 = v2,
				.file_name = "name.torrent",
				.bytes = &p.bytes,
				.placement = &p.placement};
	return &p;
}

/* The kind of the error that deliver() ends with; ERR_NONE: it worked, and says "box". */
static inline enum err_kind delivered(struct client *c, const struct parcel *p, bool resumed,
				      struct err *err)
{
	OWN_STR char *path = NULL;

	*err = (struct err){.kind = ERR_NONE};
	if (!c->ops->deliver(c, &p->d, resumed, &path, err)) {
		assert_null(path);
		assert_true(err->kind != ERR_NONE);
		assert_true(err->code == WORD_STOPPED || text_starts(err->msg, "box: "));
		return err->kind;
	}
	assert_string_equal(path, "box");
	assert_int_equal(err->code, WORD_NONE);
	return ERR_NONE;
}

/* Has the request number `i` these Basic credentials?  `user` NULL: it has none. */
static inline void assert_basic(size_t i, const char *user, const char *password)
{
	const struct fake_asked *asked = fake_http_asked(i);

	assert_null(strstr(asked->headers, "Authorization"));
	assert_int_equal(asked->user != NULL, user != NULL);
	if (!user)
		return;
	assert_string_equal(asked->user, user);
	assert_string_equal(asked->password ? asked->password : "", password ? password : "");
}

#endif
