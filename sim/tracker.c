#include "tracker.h"

#include "base/mem.h"
#include "base/text.h"
#include "book.h"
#include "folder.h"
#include "limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define USER_LETTERS 16
#define KEY_LETTERS 32
#define PASSKEY_LETTERS 32
#define DEFAULT_VERSION "0.10"

struct tracker {
	char *base;   /* owned */
	char *folder; /* owned, or NULL */
	struct book book;
	json_t *users; /* owned array: of accounts seen, in order of their first request */
};

struct tracker *tracker_new(const char *base, const char *folder, const char *state,
			    struct err *err)
{
	struct tracker *t = mem_alloc(sizeof *t);

	if (!book_open(&t->book, state, err)) {
		free(t);
		return NULL;
	}
	t->base = mem_dup(base);
	t->folder = mem_dup(folder);
	t->users = json_array();
	return t;
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	book_close(&t->book);
	json_decref(t->users);
	free(t->base);
	free(t->folder);
	free(t);
}

static int64_t number(const char *text)
{
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	return *end || errno ? 0 : n;
}

int64_t tracker_torrent(enum endpoint e, const struct request *r)
{
	return e == ENDPOINT_DOWNLOAD ? number(request_query(r, "id")) : 0;
}

const char *tracker_container(const struct tracker *t, enum endpoint e, const struct request *r)
{
	if (e == ENDPOINT_FETCH)
		return request_query(r, "ContainerName");
	struct book_assignment *a = book_by_torrent(&t->book, tracker_torrent(e, r));
	return a ? a->container : NULL;
}

static bool word_letters(const char *s, size_t n)
{
	if (!s || strlen(s) != n)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

static void remember_user(struct tracker *t, const char *user)
{
	size_t i;
	json_t *known;

	json_array_foreach (t->users, i, known)
		if (strcmp(json_string_value(known), user) == 0)
			return;
	if (i < SIM_CONTAINERS)
		json_array_append_new(t->users, json_string(user));
}

/* The account that the request proves to be, borrowed; NULL if it does not. */
static const char *authenticate(struct tracker *t, const struct scenario *sc,
				const struct request *r)
{
	const char *user = request_header(r, "ApiUser");
	const char *key = request_header(r, "ApiKey");

	if (!word_letters(user, USER_LETTERS) || !word_letters(key, KEY_LETTERS) ||
	    !scenario_account(sc, user, key))
		return NULL;
	remember_user(t, user);
	return user;
}

static void passkey(const char *user, char out[PASSKEY_LETTERS + 1])
{
	OWN_STR char *seed = mem_printf("ptp-sim passkey %s", user);
	uint8_t hash[SHA256_SIZE];

	hash_sha256(seed, strlen(seed), hash);
	hash_hex(hash, PASSKEY_LETTERS / 2, out);
}

/* "500G", "1.5T"; a missing size is zero.  -1: something else. */
static int64_t parse_size(const char *text)
{
	static const char units[] = "BKMGTP";
	char *end;

	if (!text)
		return 0;
	if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") != strlen(text) - 1)
		return -1;
	double n = strtod(text, &end);
	const char *unit = *end ? strchr(units, *end) : NULL;
	if (!unit || end[1])
		return -1;
	for (const char *u = units; u < unit; u++)
		n *= 1024;
	return n < 9e18 ? (int64_t)n : INT64_MAX;
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* The container as this fetch declares it; NULL, and *why, if it cannot be. */
static struct book_container *declare(struct tracker *t, const char *user, const struct request *r,
				      const char **why)
{
	const char *name = request_query(r, "ContainerName");
	int64_t size = parse_size(request_query(r, "ContainerSize"));

	if (!name || !name[0])
		*why = "No container name given";
	else if (characters(name) > SIM_CONTAINER_NAME)
		*why = "Container name is too long";
	else if (size < 0)
		*why = "Invalid container size";
	else
		*why = NULL;
	if (*why)
		return NULL;
	struct book_container *c = book_container(&t->book, user, name);
	if (!c)
		c = book_add_container(&t->book, user, name);
	if (!c) {
		*why = "Too many containers";
		return NULL;
	}
	c->size = size;
	return c;
}

static const char *reason_against(const struct tracker *t, const struct scenario *sc,
				  const struct book_container *c, const struct request *r)
{
	int64_t allowed = number(request_query(r, "MaxStalled"));

	if (c->used >= c->size)
		return "No space left in container";
	if (allowed > 0 && scenario_stalled(sc, c->name) > allowed)
		return "Too many stalled downloads in container";
	if (t->book.assignments_n >= SIM_ASSIGNMENTS)
		return "No torrents left";
	return NULL;
}

static void set_hashes(struct book_assignment *a, const uint8_t v1[SHA1_SIZE],
		       const uint8_t v2[SHA256_SIZE], bool has_v1, bool has_v2)
{
	hash_hex(has_v1 ? v1 : v2, SHA1_SIZE, a->infohash);
	for (char *p = a->infohash; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (has_v2)
		hash_hex(v2, SHA256_SIZE, a->infohash_v2);
}

static void choose_generated(struct book_assignment *a, const struct scenario *sc, int64_t id)
{
	uint8_t v1[SHA1_SIZE], v2[SHA256_SIZE];
	int64_t min, max, nth = scenario_multi_file(sc);

	scenario_torrent_size(sc, &min, &max);
	a->spec = (struct torrents_spec){.id = id,
					 .size = torrents_size(id, min, max),
					 .kind = torrents_kind(scenario_torrent_kind(sc, id)),
					 .multi = nth && id % nth == 0};
	torrents_hashes(&a->spec, v1, v2);
	set_hashes(a, v1, v2, a->spec.kind != TORRENT_V2, a->spec.kind != TORRENT_V1);
}

static const char *last_file(const struct book *b)
{
	for (size_t i = b->assignments_n; i-- > 0;)
		if (b->assignments[i].file)
			return b->assignments[i].file;
	return NULL;
}

/* false: every file of the folder was handed out. */
static bool choose_real(const struct tracker *t, struct book_assignment *a)
{
	OWN_BUF struct buf bytes = BUF_MAX(SIM_BODY_BYTES);
	uint8_t v1[SHA1_SIZE], v2[SHA256_SIZE];
	struct folder_facts facts;

	a->file = folder_next(t->folder, last_file(&t->book));
	if (!a->file)
		return false;
	if (!folder_read(t->folder, a->file, &bytes))
		return true;
	folder_inspect(buf_text(&bytes), bytes.len, &facts);
	a->spec.size = facts.size;
	if (!facts.info_len)
		return true;
	hash_sha1(bytes.data + facts.info, facts.info_len, v1);
	hash_sha256(bytes.data + facts.info, facts.info_len, v2);
	set_hashes(a, v1, v2, !facts.v2_only, facts.v2_only);
	return true;
}

static bool incomplete(const struct scenario *sc, const struct book_assignment *a)
{
	return a->downloads == 0 || !scenario_completes(sc);
}

static json_t *id_json(const struct scenario *sc, int64_t id)
{
	if (!scenario_ids_text(sc))
		return json_integer(id);
	OWN_STR char *text = mem_printf("%lld", (long long)id);
	return json_string(text);
}

static json_t *transaction(const struct scenario *sc, const struct book_assignment *a)
{
	bool hash = a->infohash[0] && scenario_incomplete(sc) == INCOMPLETE_LISTED;

	return json_pack("{s:o, s:s?}", "TorrentID", id_json(sc, a->spec.id), "InfoHash",
			 hash ? a->infohash : NULL);
}

/* The transactions to list, newest first; also kept in `fresh`. */
static json_t *list_incomplete(const struct tracker *t, const struct scenario *sc,
			       struct book_assignment *fresh)
{
	bool own = scenario_incomplete(sc) != INCOMPLETE_OFF;
	json_t *list = json_object(), *extra;
	size_t i = own ? t->book.assignments_n : 0;

	fresh->listed = mem_alloc(SIM_LISTED * sizeof *fresh->listed);
	while (i-- > 0 && fresh->listed_n < SIM_LISTED) {
		const struct book_assignment *a = &t->book.assignments[i];
		OWN_STR char *key = mem_printf("%lld", (long long)a->archive);

		if (strcmp(a->user, fresh->user) != 0 || !incomplete(sc, a))
			continue;
		json_object_set_new(list, key, transaction(sc, a));
		fresh->listed[fresh->listed_n++] = a->spec.id;
	}
	json_array_foreach (scenario_incomplete_extra(sc), i, extra) {
		OWN_STR char *key = mem_printf("extra%zu", i);

		json_object_set_new(list, key, json_deep_copy(extra));
	}
	return list;
}

static void add_incomplete(const struct tracker *t, const struct scenario *sc,
			   struct book_assignment *fresh, json_t *reply)
{
	const char *empty = scenario_incomplete_empty(sc);

	if (scenario_incomplete(sc) == INCOMPLETE_OFF && !scenario_incomplete_extra(sc))
		return;
	json_t *list = list_incomplete(t, sc, fresh);
	if (json_object_size(list) == 0 && strcmp(empty, "object") != 0) {
		json_decref(list);
		list = strcmp(empty, "array") == 0 ? json_array() : NULL;
	}
	if (list)
		json_object_set_new(reply, "IncompleteTransactions", list);
}

static json_t *version_json(const struct scenario *sc)
{
	const json_t *v = scenario_script_version(sc);

	return v ? json_deep_copy(v) : json_string(DEFAULT_VERSION);
}

static void assign(struct tracker *t, const struct scenario *sc, const struct request *r,
		   const struct book_container *c, struct answer *a)
{
	struct book_assignment fresh = {
		.user = mem_dup(c->user), .container = mem_dup(c->name), .at = r->at};
	json_t *reply = json_object();
	int64_t container = c->id;

	if (t->folder && !choose_real(t, &fresh)) {
		free(fresh.user);
		free(fresh.container);
		json_decref(reply);
		answer_error(a, scenario_error_key(sc), "No torrents left");
		return;
	}
	if (!t->folder)
		choose_generated(&fresh, sc, BOOK_TORRENT + (int64_t)t->book.assignments_n);
	add_incomplete(t, sc, &fresh, reply);
	const struct book_assignment *kept = book_assign(&t->book, &fresh);
	json_object_set_new(reply, "Status", json_string("Ok"));
	json_object_set_new(reply, "ContainerID", id_json(sc, container));
	json_object_set_new(reply, "ScriptVersion", version_json(sc));
	json_object_set_new(reply, "TorrentID", id_json(sc, kept->spec.id));
	json_object_set_new(reply, "ArchiveID", id_json(sc, kept->archive));
	answer_json(a, reply);
}

static void fetch(struct tracker *t, const struct scenario *sc, const char *user,
		  const struct request *r, struct answer *a)
{
	const char *why;
	const struct book_container *c = declare(t, user, r, &why);

	if (c)
		why = reason_against(t, sc, c, r);
	if (why)
		answer_error(a, scenario_error_key(sc), why);
	else
		assign(t, sc, r, c, a);
	book_save(&t->book);
}

/* May this torrent be downloaded with this ArchiveID? */
static bool archive_fits(const struct tracker *t, const struct scenario *sc,
			 const struct book_assignment *a, int64_t archive)
{
	const struct book_assignment *reply = book_by_archive(&t->book, archive);

	if (archive == a->archive)
		return true;
	if (!reply || scenario_own_archive_id(sc))
		return false;
	for (size_t i = 0; i < reply->listed_n; i++)
		if (reply->listed[i] == a->spec.id)
			return true;
	return false;
}

static void generate(const struct tracker *t, const struct book_assignment *as,
		     enum torrents_defect defect, struct answer *a)
{
	char key[PASSKEY_LETTERS + 1];

	passkey(as->user, key);
	OWN_STR char *announce = mem_printf("%s/%s/announce", t->base, key);
	OWN_STR char *name = torrents_name(as->spec.id);
	OWN_STR char *disposition = mem_printf("attachment; filename=\"%s.torrent\"", name);
	struct torrents_spec spec = as->spec;

	if (!spec.size)
		spec.size = 1;
	answer_bytes(a, 200, "application/x-bittorrent", "", 0);
	answer_header(a, "Content-Disposition", disposition);
	torrents_make(&spec, announce, defect, &a->body);
}

static void hand_out(const struct tracker *t, const struct book_assignment *as,
		     enum torrents_defect defect, struct answer *a)
{
	OWN_BUF struct buf bytes = BUF_MAX(SIM_BODY_BYTES);
	OWN_STR char *disposition = mem_printf("attachment; filename=\"%s\"", as->file);

	if (!t->folder || !folder_read(t->folder, as->file, &bytes)) {
		answer_page(a, 200, "not_found");
		return;
	}
	if (defect != DEFECT_NONE && !torrents_damage(&bytes, defect)) {
		generate(t, as, defect, a);
	} else {
		answer_bytes(a, 200, "application/x-bittorrent", buf_text(&bytes), bytes.len);
	}
	answer_header(a, "Content-Disposition", disposition);
}

static void download(struct tracker *t, const struct scenario *sc, const char *user,
		     const struct request *r, enum torrents_defect defect, struct answer *a)
{
	struct book_assignment *as = book_by_torrent(&t->book, number(request_query(r, "id")));

	if (!as || strcmp(as->user, user) != 0 ||
	    !archive_fits(t, sc, as, number(request_query(r, "ArchiveID")))) {
		answer_page(a, 200, "not_found");
		return;
	}
	if (as->file)
		hand_out(t, as, defect, a);
	else
		generate(t, as, defect, a);
	as->downloads++;
	book_save(&t->book);
}

static void script(const struct scenario *sc, struct answer *a)
{
	const char *path = scenario_script_file(sc);
	OWN_BUF struct buf text = BUF_MAX(SIM_BODY_BYTES);
	json_t *version = version_json(sc);
	OWN_STR char *literal = json_dumps(version, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	json_decref(version);
	if (path && folder_read(NULL, path, &text)) {
		answer_bytes(a, 200, "text/x-python; charset=utf-8", buf_text(&text), text.len);
		return;
	}
	buf_printf(&text,
		   "#!/usr/bin/env python3\n"
		   "\"\"\"Stands in for the utility; all it can do is to say its version.\"\"\"\n\n"
		   "__version__ = %s\n\n\n"
		   "def main():\n"
		   "    print(\"simulated utility\", __version__)\n\n\n"
		   "if __name__ == \"__main__\":\n"
		   "    main()\n",
		   literal ? literal : "\"\"");
	answer_text(a, 200, "text/x-python; charset=utf-8", buf_text(&text));
}

void tracker_answer(struct tracker *t, const struct scenario *sc, enum endpoint e,
		    const struct request *r, enum torrents_defect defect, struct answer *a)
{
	const char *user = authenticate(t, sc, r);

	if (!user)
		answer_page(a, scenario_auth_status(sc), "forbidden");
	else if (e == ENDPOINT_FETCH)
		fetch(t, sc, user, r, a);
	else if (e == ENDPOINT_DOWNLOAD)
		download(t, sc, user, r, defect, a);
	else if (e == ENDPOINT_SCRIPTVER)
		answer_json(a, json_pack("{s:s, s:o}", "Status", "Ok", "ScriptVersion",
					 version_json(sc)));
	else
		script(sc, a);
}

json_t *tracker_state(const struct tracker *t)
{
	json_t *state = book_json(&t->book), *accounts = json_array(), *user;
	size_t i;

	json_array_foreach (t->users, i, user) {
		char key[PASSKEY_LETTERS + 1];

		passkey(json_string_value(user), key);
		json_array_append_new(accounts,
				      json_pack("{s:O, s:s}", "user", user, "passkey", key));
	}
	json_object_set_new(state, "accounts", accounts);
	return state;
}
