/*
 * ports/client_common.h - what the torrent clients with an interface share: errors, calls over
 * HTTP, sessions, waiting.
 *
 * A client is a struct client_common, or a struct that begins with one.  That begins with a struct
 * client.  client_open_over_web() makes it, or client_new() where more has to be done.
 * client_common_close() releases it.
 *
 * Errors are client.h's: WORD_CLIENT, with the kind that says what to do.  Functions that take a
 * struct client_common put the client's name first.  The others read answers and are pure; they
 * name no client.  client_named() adds the name.
 */
#ifndef PORTS_CLIENT_COMMON_H
#define PORTS_CLIENT_COMMON_H

#include "base/json.h"
#include "base/web.h"
#include "ports/client.h"

/* The URL where a socket says where to connect to, and no path is needed. */
#define CLIENT_LOCAL_URL "http://localhost"

#define CLIENT_WORDS_MAX 200  /* bytes of a message of the client's or a tracker's */
#define CLIENT_NAME_MAX 1024  /* bytes of a torrent's name */
#define CLIENT_FOLDERS_MAX 32 /* a folder, and those above it */

/* What an HTTP status means, and the way out, for people. */
struct client_status {
	long status;
	enum err_kind kind;
	const char *text;
};

struct client_common;

/* The session that a type of client wants; static.  client_call() alone begins one. */
struct client_session {
	/* Does this answer say that there is no session, or that it has ended? */
	bool (*is_over)(const struct client_common *c, const struct http_reply *reply);

	/* Begins one, with client_send().  `reply` is the answer that asked for it; NULL: none. */
	bool (*begin)(struct client_common *c, const struct http_reply *reply, struct err *err);

	bool at_once; /* it begins before the first call, not when an answer asks for it */
};

/* What a type of client is; static. */
struct client_about {
	const char *what;  /* what is called, "Transmission's RPC" */
	const char *where; /* about its URL, "it should end in ..."; NULL */

	const char *keep;   /* a header field of its answers to keep (http_reply.kept); NULL */
	const char *unseen; /* why a torrent that was added may not show up; NULL: its log says */

	/* It has a login that is not HTTP's Basic one, so Basic is a proxy's in front of it.  Else
	 * Basic is its own, or a proxy's where one is given. */
	bool own_login;

	const struct client_session *session; /* NULL: it knows none */

	/* Statuses that mean something else than commonly; the last row has the status 0.  NULL. */
	const struct client_status *statuses;
};

/* Whose Basic credentials are sent with every call. */
enum client_basic { CLIENT_BASIC_NONE, CLIENT_BASIC_OWN, CLIENT_BASIC_PROXY };

struct client_common {
	struct client base; /* the first member */
	const struct client_about *about;
	char *name;        /* owned */
	struct web *web;   /* owned; NULL: it is not called over HTTP */
	struct wake *wake; /* borrowed, as are user and password */
	const char *user;  /* NULL or "": none */
	const struct secret *password;
	int timeout_ms;
	enum client_basic basic;
	struct err refusal; /* why base.refused is set */
	bool late;          /* the last call ended at its time limit */
	bool in_session;
	char session[HTTP_FIELD + 64]; /* a header field that is sent with each call; "": none */
};

static inline bool client_is_set(const char *text)
{
	return text && *text;
}

/* --- From the opening to the end --- */

/* A zeroed struct of `size` bytes, which begins with a struct client_common, filled in. */
void *client_new(size_t size, const struct client_ops *ops, const struct client_about *about,
		 const struct client_options *o);

/* Nothing is called yet.  `url` NULL: CLIENT_LOCAL_URL.  ERR_TARGET, WORD_CONFIG for one that
 * cannot be used. */
bool client_open_web(struct client_common *c, const char *url, const struct client_options *o,
		     struct err *err) MUST_CHECK;

/* Both; NULL: *err. */
void *client_open_over_web(size_t size, const struct client_ops *ops,
			   const struct client_about *about, const char *url,
			   const struct client_options *o, struct err *err) MUST_CHECK;

/* Releases what is owned here, and the struct: for client_ops.close. */
void client_common_close(struct client *c);

/* --- What went wrong (all return false) --- */

/* "<name>: <formatted>" */
bool client_fail(const struct client_common *c, struct err *err, enum err_kind kind,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The credentials are not accepted: client_send() repeats this without sending anything. */
bool client_refuse(struct client_common *c, struct err *err, const char *why);

/* An error of the transport becomes the client's; that of having been stopped stays. */
bool client_unreached(struct err *err);

/* Puts the name before what a reader said, where `ok` is false; returns `ok`. */
bool client_named(const struct client_common *c, bool ok, struct err *err);

/* --- Calls over HTTP --- */

/* Its password, for a login; "" if there is none.  Borrowed. */
const char *client_password(const struct client_common *c);

/* A POST of JSON.  `body` is borrowed for as long as the call is used. */
struct web_call client_json_call(const char *path, const char *body, size_t len, size_t max);

/* One request, outside of any session: for a login.  true for any complete answer; the caller
 * clears *reply. */
bool client_send(struct client_common *c, const struct web_call *call, struct http_reply *reply,
		 struct err *err) MUST_CHECK;

/*
 * The same within a session.  One that has ended is begun again, and the request repeated: each
 * once.  No call logs in twice.  Where the login is refused, nothing is sent any more
 * (client_refuse).
 */
bool client_call(struct client_common *c, const struct web_call *call, struct http_reply *reply,
		 struct err *err) MUST_CHECK;

/* Is it an answer that may be read?  Else what its status means. */
bool client_judge(struct client_common *c, const struct http_reply *reply,
		  struct err *err) MUST_CHECK;

/* What is said where Basic credentials are refused or missing. */
bool client_refuse_basic(struct client_common *c, struct err *err);

/* ERR_TARGET: there is a page of somebody else's. */
bool client_page(const struct client_about *about, struct err *err);

/* --- Reading answers --- */

/* NULL: ERR_TARGET for an HTML page, ERR_RETRY for anything else that is not JSON. */
json_t *client_parse(const struct client_about *about, const char *bytes, size_t len,
		     struct err *err) MUST_CHECK;

/* A message in a form that may be shown: printable, at most CLIENT_WORDS_MAX bytes, without
 * addresses (a tracker's holds the passkey) and without keys.  The caller's. */
char *client_words(const char *text);

/* A torrent's name, printable, the caller's; NULL for "". */
char *client_torrent_name(const char *text);

/* The state whose words, which stand in `states` by number, with spaces between them, have this one
 * among them; CLIENT_ERROR if none has. */
enum client_state client_state_of(const char *const states[CLIENT_ERROR], const char *word);

/* As client_torrents_add(), but what is too many is an error. */
struct client_torrent *client_add_torrent(struct client_torrents *all, struct err *err) MUST_CHECK;

/* --- Delivering and asking --- */

/* Are all texts UTF-8?  ERR_TARGET. */
bool client_check_texts(const struct client_common *c, const struct placement *p,
			struct err *err) MUST_CHECK;

/* One look; `out` is the client's own. */
typedef bool client_look(struct client *c, const struct delivery *d, void *out, bool *there,
			 struct err *err);

/* Sends the torrent; *taken: the client says that it has it now. */
typedef bool client_add(struct client *c, const struct delivery *d, bool *taken, struct err *err);

/*
 * The three steps of a delivery: is it there?  add; is it there now?  *is_new: it was not there
 * before.  What does not show up is ERR_RETRY if it was taken, else ERR_ITEM.
 */
bool client_add_once(struct client_common *c, const struct delivery *d, client_look *look,
		     client_add *add, void *out, bool *is_new, struct err *err) MUST_CHECK;

/* Looks until it is there, for CLIENT_APPEARS_MS at most.  *there: it is. */
bool client_await(struct client_common *c, client_look *look, const struct delivery *d, void *out,
		  bool *there, struct err *err) MUST_CHECK;

/* The space of a folder (NULL: the default one); *missing: it is not there. */
typedef bool client_ask_space(struct client *c, const char *folder, struct client_space *space,
			      bool *missing, struct err *err);

/* Asks for the folder, and for those above it until one is there, in which it will be made.
 * ERR_TARGET: none is. */
bool client_space_above(struct client_common *c, const char *folder, client_ask_space *ask,
			struct client_space *space, struct err *err) MUST_CHECK;

#endif
