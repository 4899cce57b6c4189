#include "model/torrent.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/trackers.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifndef FIXTURES /* the folder of the torrents kept for tests */
#define FIXTURES "test/fixtures"
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PIECES "40:pppppppppppppppppppppppppppppppppppppppp"
#define INFO "d6:lengthi20000e4:name4:film12:piece lengthi16384e6:pieces" PIECES "7:privatei1ee"
#define URL "https://user:pw@Tracker.Example:2710/SECRETPASSKEY/announce"

static void put_str(struct buf *b, const char *s)
{
	buf_printf(b, "%zu:%s", strlen(s), s);
}

static bool read_bytes(const void *bytes, size_t len, struct torrent *t, struct err *err)
{
	char *copy = mem_alloc(len); /* a sanitizer sees a read behind it */

	memcpy(copy, bytes, len);
	bool ok = torrent_read(copy, len, t, err);
	free(copy);
	return ok;
}

static struct torrent read_ok(const struct buf *b)
{
	struct err err = {0};
	struct torrent t = {0};

	if (!read_bytes(b->data, b->len, &t, &err))
		fail_msg("%s", err.msg);
	return t;
}

static void announce(struct buf *b, const char *url)
{
	buf_puts(b, "d8:announce");
	put_str(b, url);
}

static void a_v1_torrent_is_read(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(4096);
	uint8_t digest[SHA1_SIZE];
	char hex[65], want[65];

	announce(&b, URL);
	buf_puts(&b, "4:info" INFO "e");
	struct torrent t = read_ok(&b);
	hash_sha1(INFO, strlen(INFO), digest);
	hash_hex(digest, sizeof(digest), want);
	torrent_infohash_hex(&t, hex);
	assert_string_equal(hex, want);
	assert_string_equal(t.name, "film");
	assert_int_equal(t.size, 20000);
	assert_int_equal(t.files, 1);
	assert_int_equal(t.pieces, 2);
	assert_true(t.is_private && t.has_v1 && !t.has_v2);
	assert_string_equal(t.announce_host, "tracker.example:2710");
	torrent_clear(&t);
	assert_null(t.name);
	torrent_clear(&t);
}

static void a_hybrid_torrent_goes_by_its_v1_hash(void **state)
{
	(void)state;
	struct torrent t = {.has_v1 = true, .has_v2 = true, .v1 = {0xAB}, .v2 = {0xCD}};
	char hex[65];

	torrent_infohash_hex(&t, hex);
	assert_string_equal(hex, "ab00000000000000000000000000000000000000");
	t.has_v1 = false;
	torrent_infohash_hex(&t, hex);
	assert_int_equal(strlen(hex), 64);
	assert_memory_equal(hex, "cd00", 4);
}

static void what_is_no_torrent_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "not a torrent: empty"},
		{" \r\n", "not a torrent: white space only (3 bytes)"},
		{"<!DOCTYPE html><title>Login</title>", "not a torrent: an HTML page (35 bytes)"},
		{"\xEF\xBB\xBF\n<HTML>", "not a torrent: an HTML page (10 bytes)"},
		{"<?xml version='1.0'?><e/>", "not a torrent: an XML or HTML text (25 bytes)"},
		{"{\"Status\":\"Error\"}", "not a torrent: a JSON text (18 bytes)"},
		{"[]", "not a torrent: a JSON text (2 bytes)"},
		{"internal error", "not a torrent: a text (14 bytes)"},
		{"Too many requests", "not a torrent: a text (17 bytes)"},
		{"\x1F\x8B\x08", "not a torrent: gzip-compressed data (3 bytes)"},
		{"\xFF\xFE\xFD", "not a torrent: bytes of an unknown format (3 bytes)"},
		{"l4:infoe", "not a torrent: bencode, but not a dictionary (8 bytes)"},
		{"d4:spami1ee", "not a torrent: there is no 'info' dictionary"},
		{"d4:infolee", "not a torrent: there is no 'info' dictionary"},
		{"database error", "byte 1: the key of a dictionary is not a string"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {0};
		struct torrent t = {.size = 12345};
		assert_false(read_bytes(rows[i].text, strlen(rows[i].text), &t, &err));
		assert_string_equal(err.msg, rows[i].message);
		assert_int_equal(err.kind, ERR_ITEM);
		assert_int_equal(err.code, WORD_BAD_TORRENT);
		assert_int_equal(t.size, 12345);
	}
}

static void too_many_bytes_are_refused(void **state)
{
	(void)state;
	struct err err = {0};
	struct torrent t = {0};
	char *bytes = mem_alloc(TORRENT_MAX_BYTES + 1);
	int head = sprintf(bytes, "d1:a%u:", 33000000);

	memcpy(bytes + head + 33000000, "4:info" INFO "e", strlen("4:info" INFO "e"));
	assert_true(torrent_read(bytes, TORRENT_MAX_BYTES, &t, &err));
	torrent_clear(&t);
	assert_false(torrent_read(bytes, TORRENT_MAX_BYTES + 1, &t, &err));
	assert_string_equal(err.msg,
			    "33554433 bytes are too much for a torrent: at most 33554432 are read");
	free(bytes);
}

static void no_message_holds_the_announce_url(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(4096);

	announce(&b, URL);
	buf_puts(&b, "4:info" INFO "e");
	for (size_t len = 0; len < b.len; len++)
		for (int damage = 0; damage < 2; damage++) {
			OWN_STR char *copy = mem_dupn(b.data, b.len);
			struct err err = {0};
			struct torrent t = {0};
			if (damage)
				copy[len] = 'x';
			if (read_bytes(copy, damage ? b.len : len, &t, &err))
				torrent_clear(&t);
			assert_false(text_has_nocase(err.msg, "passkey"));
			assert_false(text_has_nocase(err.msg, "tracker.example"));
		}
}

static void only_host_and_port_of_a_tracker_are_kept(void **state)
{
	(void)state;
	static const struct {
		const char *url, *host;
	} rows[] = {
		{"http://tracker.example/key/announce", "tracker.example"},
		{"http://a:b@c@tracker.example:80/x", "tracker.example:80"},
		{" udp://tracker.example:6969", "tracker.example:6969"},
		{"https://[2001:DB8::1]:443/key", "[2001:db8::1]:443"},
		{"https://[::1]/key", "[::1]"},
		{"https://tracker.example?passkey=1", "tracker.example"},
		{"https://tracker.example#key", "tracker.example"},
		{"https://tracker.example\\key", "tracker.example"},
		{"tracker.example/key", ""},
		{"https:///key", ""},
		{"https://:80/key", ""},
		{"https://host:1/x", "host:1"},
		{"https://host:/x", ""},
		{"https://host:key/x", ""},
		{"https://host:123456/", ""},
		{"https://h\xC3\xB6st/", ""},
		{"https://ho st/", ""},
		{"https://[::1", ""},
		{"https://[]/", ""},
		{"", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_BUF struct buf b = BUF_MAX(4096);
		announce(&b, rows[i].url);
		buf_puts(&b, "4:info" INFO "e");
		struct torrent t = read_ok(&b);
		assert_string_equal(t.announce_host, rows[i].host);
		torrent_clear(&t);
	}
}

static void the_list_of_trackers_comes_first(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(4096);

	announce(&b, URL);
	buf_puts(&b, "13:announce-listl3:bad"
		     "l6:no-url"
		     "10:udp://b:99ee4:info" INFO "e");
	struct torrent t = read_ok(&b);
	assert_string_equal(t.announce_host, "b:99");
	torrent_clear(&t);
}

static struct buf with_trackers(const char *torrent, const char *resume, bool *ok)
{
	OWN_BUF struct buf a = BUF_MAX(4096);
	OWN_BUF struct buf b = BUF_MAX(4096);
	struct buf out = BUF_MAX(4096);

	buf_puts(&a, torrent);
	buf_puts(&b, resume);
	*ok = trackers_add(&a, &b, &out);
	return out;
}

static void trackers_that_are_kept_elsewhere_are_added(void **state)
{
	(void)state;
	const char *bare = "d7:comment2:hi4:info" INFO "e";
	bool ok;
	OWN_BUF struct buf out =
		with_trackers(bare, "d8:trackersll0:el11:http://a/anel11:http://b/aneee", &ok);

	assert_true(ok);
	assert_string_equal(out.data,
			    "d8:announce11:http://a/an13:announce-listll0:el11:http://a/an"
			    "el11:http://b/anee7:comment2:hi4:info" INFO "e");
	OWN(torrent_clear) struct torrent t = read_ok(&out);
	assert_string_equal(t.announce_host, "a");
}

static void trackers_of_its_own_are_replaced(void **state)
{
	(void)state;
	const char *own =
		"d1:x1:y7:another1:z8:announce4:old:8:announcf1:a13:announce-listll4:old:ee"
		"13:announce-lisu1:b4:info" INFO "e";
	bool ok;
	OWN_BUF struct buf out = with_trackers(own, "d8:trackersll11:http://a/aneee", &ok);

	assert_true(ok);
	assert_string_equal(out.data,
			    "d8:announce11:http://a/an13:announce-listll11:http://a/anee"
			    "1:x1:y7:another1:z8:announcf1:a13:announce-lisu1:b4:info" INFO "e");
}

static void where_no_tracker_is_kept_nothing_is_added(void **state)
{
	(void)state;
	static const char *const resumes[] = {
		"",
		"de",
		"d8:trackers3:abce",
		"d8:trackerslee",
		"d8:trackersl0:i5el0:eleee",
		"d8:trackersl3:abcee",
		"d8:trackersll11:http://a/an",
		"l8:trackersll11:http://a/aneee",
	};
	bool ok;

	for (size_t i = 0; i < COUNT(resumes); i++) {
		OWN_BUF struct buf out = with_trackers("d4:info" INFO "e", resumes[i], &ok);
		assert_false(ok);
		assert_int_equal(out.len, 0);
	}
	OWN_BUF struct buf none = with_trackers("d4:info", "d8:trackersll5:a://aeee", &ok);
	assert_false(ok);
	assert_int_equal(none.len, 0);
}

static void a_long_host_is_left_out(void **state)
{
	(void)state;
	for (size_t len = 255; len <= 256; len++) {
		OWN_BUF struct buf b = BUF_MAX(4096);
		OWN_BUF struct buf url = BUF_MAX(4096);
		buf_puts(&url, "http://");
		for (size_t i = 0; i < len; i++)
			buf_puts(&url, "h");
		announce(&b, buf_text(&url));
		buf_puts(&b, "4:info" INFO "e");
		struct torrent t = read_ok(&b);
		assert_int_equal(strlen(t.announce_host), len == 255 ? 255 : 0);
		torrent_clear(&t);
	}
}

static void names_are_made_harmless(void **state)
{
	(void)state;
	static const struct {
		const char *raw, *name;
	} rows[] = {
		{"film", "film"},
		{"Am\xC3\xA9lie", "Am\xC3\xA9lie"},
		{"../../etc/passwd", "....etcpasswd"},
		{"a\\b", "ab"},
		{"...", "..."},
		{"a\nb\x1B[31m", "a_b_[31m"},
		{"caf\xE9", "caf_"},
		{"a\x7F"
		 "b",
		 "a?b"},
		{"\xC2\x85x", "?x"},
		{"\xE2\x80\xAEtxt.exe", "txt.exe"},
		{"a\xE2\x81\xA6", "a?"},
		{"\xED\xA0\x80", "_"},
		{"\xFC\x80\x80\x80\x80x", "_____x"},
		{"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
		{"\xE0\xA4\x85", "\xE0\xA4\x85"},
		{"\xC2\xA9", "\xC2\xA9"},
		{"a\xE2\x80\x8E\xE2\x80\x8F\xE2\x80\xAA\xE2\x80\xAEz", "az"},
		{"a\xE2\x80\x90\xE2\x80\x8Dz", "a\xE2\x80\x90?z"},
		{"\xF8\x88\x80\x80\x80x", "_x"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_BUF struct buf b = BUF_MAX(4096);
		buf_puts(&b, "d4:infod6:lengthi20000e4:name");
		put_str(&b, rows[i].raw);
		buf_puts(&b, "12:piece lengthi16384e6:pieces" PIECES "ee");
		struct torrent t = read_ok(&b);
		assert_string_equal(t.name, rows[i].name);
		torrent_clear(&t);
	}
}

static void long_names_keep_their_extension(void **state)
{
	(void)state;
	static const struct {
		const char *extension;
		size_t len;
	} rows[] = {{".mkv", 244}, {".12345678", 249}, {".123456789", 240}, {"", 240}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_BUF struct buf b = BUF_MAX(4096);
		OWN_BUF struct buf name = BUF_MAX(4096);
		for (size_t n = 0; n < 300; n++)
			buf_puts(&name, "x");
		buf_puts(&name, rows[i].extension);
		buf_puts(&b, "d4:infod6:lengthi20000e4:name");
		put_str(&b, buf_text(&name));
		buf_puts(&b, "12:piece lengthi16384e6:pieces" PIECES "ee");
		struct torrent t = read_ok(&b);
		assert_int_equal(strlen(t.name), rows[i].len);
		if (rows[i].len > 240)
			assert_true(text_ends(t.name, rows[i].extension));
		torrent_clear(&t);
	}
}

/* Unlike others, a name of characters that cannot be shown is not cut by libtorrent. */
static void the_length_of_names_is_bounded(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(9000);

	buf_puts(&b, "d4:infod5:filesld6:lengthi20000e4:pathl1:xeee4:name5000:");
	for (size_t i = 0; i < 5000; i++)
		buf_puts(&b, "\x01");
	buf_puts(&b, "12:piece lengthi16384e6:pieces" PIECES "ee");
	struct torrent t = read_ok(&b);
	assert_int_equal(strlen(t.name), TORRENT_NAME_MAX);
	torrent_clear(&t);
}

static bool load(const char *folder, const char *file, struct buf *b)
{
	OWN_STR char *path = mem_printf("%s/%s/%s", FIXTURES, folder, file);
	OWN_FILE FILE *f = fopen(path, "rb");
	char chunk[4096];
	size_t n;

	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(b, chunk, n);
	return f != NULL;
}

/* `use` sees each fixture of a folder; the number of them is returned. */
static size_t each_fixture(const char *folder, void (*use)(const char *name, const struct buf *b))
{
	OWN_STR char *path = mem_printf("%s/%s", FIXTURES, folder);
	OWN_DIR DIR *dir = opendir(path);
	size_t count = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		OWN_BUF struct buf b = BUF_MAX(TORRENT_MAX_BYTES);
		if (!text_ends(e->d_name, ".torrent") || !load(folder, e->d_name, &b))
			continue;
		use(e->d_name, &b);
		count++;
	}
	return count;
}

static void expect_read(const char *name, const struct buf *b)
{
	struct err err = {0};
	struct torrent t = {0};

	if (!read_bytes(buf_text(b), b->len, &t, &err))
		fail_msg("%s: %s", name, err.msg);
	assert_true(t.name[0] && t.size > 0 && t.files > 0 && t.pieces > 0);
	torrent_clear(&t);
}

static void expect_refused(const char *name, const struct buf *b)
{
	struct err err = {0};
	struct torrent t = {0};

	if (read_bytes(buf_text(b), b->len, &t, &err))
		fail_msg("%s was taken", name);
	assert_true(err.kind == ERR_ITEM && err.msg[0] && !t.name);
}

static void expect_no_beginning_is_read(const char *name, const struct buf *b)
{
	size_t end = b->len;

	while (end > 0 && b->data[end - 1] != 'e') /* bytes behind the dictionary do not count */
		end--;
	for (size_t len = 0; len < end; len++) {
		struct err err = {0};
		struct torrent t = {0};
		if (read_bytes(b->data, len, &t, &err))
			fail_msg("%s: the first %zu bytes were taken", name, len);
	}
}

static void expect_sense_after_damage(const char *name, const struct buf *b)
{
	OWN_STR char *copy = mem_dupn(b->data, b->len);

	for (size_t bit = 0; bit < 8 * b->len; bit++) {
		struct err err = {0};
		struct torrent t = {0};
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		if (torrent_read(copy, b->len, &t, &err)) {
			if (!t.name[0] || !t.size || !t.files || !t.pieces)
				fail_msg("%s, bit %zu", name, bit);
			torrent_clear(&t);
		}
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
}

static void real_torrents_are_read(void **state)
{
	(void)state;
	assert_true(each_fixture("real", expect_read) >= 9);
}

static void hostile_torrents_are_refused(void **state)
{
	(void)state;
	assert_true(each_fixture("hostile", expect_refused) >= 60);
}

/* "ok v1 v2 size files pieces private host name", or "no" and the reason. */
static void verdict(const struct buf *b, struct buf *out)
{
	OWN(torrent_clear) struct torrent t = {0};
	struct err err = {0};
	char v1[65] = "-", v2[65] = "-";

	if (!read_bytes(buf_text(b), b->len, &t, &err)) {
		buf_printf(out, "no %s", err.msg);
		return;
	}
	if (t.has_v1)
		hash_hex(t.v1, sizeof t.v1, v1);
	if (t.has_v2)
		hash_hex(t.v2, sizeof t.v2, v2);
	buf_printf(out, "ok %s %s %ju %u %u %d %s %s", v1, v2, (uintmax_t)t.size, t.files, t.pieces,
		   t.is_private, *t.announce_host ? t.announce_host : "-", t.name);
}

/* verdicts.txt: "FOLDER/FILE: VERDICT" for each fixture, in any order. */
static void expect_verdict(const char *folder, const char *name, const struct buf *b)
{
	OWN_BUF struct buf all = BUF_MAX(1 << 20);
	OWN_BUF struct buf line = BUF_MAX(4096);

	assert_true(load(".", "verdicts.txt", &all));
	buf_printf(&line, "\n%s/%s: ", folder, name);
	verdict(b, &line);
	buf_puts(&line, "\n");
	if (!strstr(buf_text(&all), buf_text(&line)))
		fail_msg("not in verdicts.txt:%s", buf_text(&line));
}

static void expect_real_verdict(const char *name, const struct buf *b)
{
	expect_verdict("real", name, b);
}

static void expect_hostile_verdict(const char *name, const struct buf *b)
{
	expect_verdict("hostile", name, b);
}

static void each_torrent_gives_its_facts_or_its_fault(void **state)
{
	(void)state;
	assert_true(each_fixture("real", expect_real_verdict) >= 9);
	assert_true(each_fixture("hostile", expect_hostile_verdict) >= 60);
}

#define ROOT "32:rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
#define OTHER_ROOT "32:ssssssssssssssssssssssssssssssss"
#define V2_FILE(size) "d0:d6:lengthi" #size "e11:pieces root" ROOT "ee"
#define V2_END "12:meta versioni2e4:name3:top12:piece lengthi16384e"

/* An info dictionary (and what stands behind it), `pieces` hashes where "P" stands, and what is
 * read: "ok SIZE FILES PIECES PRIVATE NAME", or the fault. */
static const struct {
	const char *info;
	unsigned pieces;
	const char *verdict;
} infos[] = {
	{"d6:lengthi1e4:name1:n12:piece lengthi1ePe", 1, "ok 1 1 1 0 n"},
	{"d6:lengthi2e4:name1:n12:piece lengthi1eP7:privatei0ee", 2, "ok 2 1 2 0 n"},
	{"d6:lengthi2e4:name1:n12:piece lengthi2eP7:privatei2ee", 1, "ok 2 1 1 1 n"},
	{"d6:lengthi3e4:name1:n12:piece lengthi2ePe", 2, "ok 3 1 2 0 n"},
	{"d6:lengthi3e4:name1:n10:name.utf-81:u12:piece lengthi2ePe", 2, "ok 3 1 2 0 u"},
	/* limits */
	{"d6:lengthi1e4:name1:n12:piece lengthi1073741823ePe", 1, "ok 1 1 1 0 n"},
	{"d6:lengthi1e4:name1:n12:piece lengthi1073741824ePe", 1,
	 "info: 'piece length' is missing or out of range"},
	{"d6:lengthi17592186028031e4:name1:n12:piece lengthi1073741823ePe", 16384,
	 "ok 17592186028031 1 16384 0 n"},
	{"d6:lengthi17592186028032e4:name1:n12:piece lengthi1073741823ePe", 16384,
	 "byte 7: a file has no 'length', or one that cannot be"},
	{"d6:lengthi2097152e4:name1:n12:piece lengthi1ePe", 1,
	 "info: 'pieces' has 20 bytes, and 2097152 pieces need 20 bytes each"},
	{"d6:lengthi2097153e4:name1:n12:piece lengthi1ePe", 1, "info: more than 2097152 pieces"},
	/* files and paths */
	{"d5:filesld6:lengthi1e4:pathl1:aeed6:lengthi0e4:pathl1:beee4:name1:n12:piece lengthi1ePe",
	 1, "ok 1 2 1 0 n"},
	{"d5:filesld6:lengthi1e4:pathl1:aeed4:attr1:p6:lengthi2eee4:name1:n12:piece lengthi1ePe", 3,
	 "ok 3 2 3 0 n"},
	{"d5:filesld4:attr1:p6:lengthi2eed6:lengthi1e4:pathl1:aeee4:name1:n12:piece lengthi1ePe", 3,
	 "ok 3 2 3 0 .pad"},
	{"d5:filesld6:lengthi1e4:pathi1e10:path.utf-8l1:aeee4:name1:n12:piece lengthi1ePe", 1,
	 "ok 1 1 1 0 n"},
	{"d5:filesld6:lengthi1e4:pathl0:1:.eee4:name1:n12:piece lengthi1ePe", 1, "ok 1 1 1 0 n"},
	{"d5:filesld4:attr1:l4:pathl1:ae12:symlink pathl1:beed6:lengthi1e4:pathl1:beee4:name1:n"
	 "12:piece lengthi1ePe",
	 1, "ok 1 2 1 0 n"},
	{"d5:filesld4:attr1:l4:pathl1:ae12:symlink pathli1eeed6:lengthi1e4:pathl1:beee4:name1:n"
	 "12:piece lengthi1ePe",
	 1, "byte 52: 'symlink path' holds something else than strings"},
	{"d5:filesld4:attr1:l4:pathl1:aeed6:lengthi1e4:pathl1:beee4:name1:n12:piece lengthi1ePe", 1,
	 "ok 1 2 1 0 n"},
	{"d4:attr1:l4:name1:n12:piece lengthi1ePe", 0, "info: the files are empty"},
	{"d4:attr1:l4:name1:n12:piece lengthi1eP12:symlink pathli1eee", 0,
	 "byte 69: 'symlink path' holds something else than strings"},
	{"d5:filesld6:lengthi1e4:pathl1:aeee4:name1:.12:piece lengthi1ePe", 1,
	 "ok 1 1 1 0 5e60d30b0e90912d8612d9e85efb0443614d773b"},
	/* v2: each file begins with a piece of its own */
	{"d9:file treed1:a" V2_FILE(20000) "e" V2_END "e", 0, "ok 32768 2 2 0 a"},
	{"d9:file treed1:a" V2_FILE(16384) "e" V2_END "e", 0, "ok 16384 1 1 0 a"},
	{"d9:file treed1:a" V2_FILE(1) "1:b" V2_FILE(2) "e" V2_END "e", 0, "ok 32768 4 2 0 top"},
	{"d9:file treed1:a" V2_FILE(1) "1:bd0:d6:lengthi0eeee" V2_END "e", 0, "ok 16384 3 1 0 top"},
	{"d9:file treed3:dird1:a" V2_FILE(1) "ee" V2_END "e", 0, "ok 16384 2 1 0 top"},
	{"d9:file treed2:/a" V2_FILE(1) "e" V2_END "e", 0, "ok 16384 2 1 0 a"},
	{"d9:file treed1:/" V2_FILE(1) "e" V2_END "e", 0, "ok 16384 2 1 0 _"},
	{"d9:file treed1:." V2_FILE(1) "e" V2_END "e", 0,
	 "info: nothing of the file's name can be used"},
	{"d9:file treed1:ai1ee" V2_END "e", 0,
	 "byte 23: 'file tree' holds neither file nor folder"},
	{"d9:file treed0:" V2_FILE(1) "e" V2_END "e", 0,
	 "byte 22: 'file tree' holds neither file nor folder"},
	{"d9:file treed1:ad0:d4:attr1:l12:symlink pathl1:beee1:b" V2_FILE(1) "e" V2_END "e", 0,
	 "ok 16384 3 1 0 top"},
	{"d9:file treed1:ad0:d4:attr1:l12:symlink pathli1eeee1:b" V2_FILE(1) "e" V2_END "e", 0,
	 "byte 51: 'symlink path' holds something else than strings"},
	{"d9:file treed1:ad0:d1:xi1eeee" V2_END "e", 0,
	 "a file has no 'length', or one that cannot be"},
	{"d6:lengthi1e4:name1:n12:piece lengthi1eP12:meta versioni0ee", 1, "ok 1 1 1 0 n"},
	{"d6:lengthi1e4:name1:n12:piece lengthi1eP12:meta versioni1ee", 1,
	 "the keys of a dictionary are not sorted"},
	/* piece layers; of two under one root the first counts */
	{"d9:file treed1:a" V2_FILE(
		 16385) "e" V2_END "e12:piece layersd" ROOT "0:" ROOT "64:"
			"0000000000000000000000000000000000000000000000000000000000000000e",
	 0, "a piece layer has the wrong number of hashes"},
	{"d9:file treed1:a" V2_FILE(
		 16385) "e" V2_END "e12:piece layersd" ROOT "64:"
			"0000000000000000000000000000000000000000000000000000000000000000" ROOT
			"0:e",
	 0, "ok 32768 2 2 0 a"},
	{"d9:file treed1:a" V2_FILE(
		 16385) "e" V2_END "e12:piece layersd" ROOT "64:"
			"0000000000000000000000000000000000000000000000000000000000000000e",
	 0, "ok 32768 2 2 0 a"},
	{"d9:file treed1:a" V2_FILE(16385) "e" V2_END "e12:piece layersd" ROOT "32:"
					   "00000000000000000000000000000000e",
	 0, "a piece layer has the wrong number of hashes"},
	{"d9:file treed1:a" V2_FILE(
		 32768) "e" V2_END "e12:piece layersd" ROOT "64:"
			"0000000000000000000000000000000000000000000000000000000000000000e",
	 0, "ok 32768 1 2 0 a"},
	{"d9:file treed1:a" V2_FILE(
		 16384) "e" V2_END "e12:piece layersd" ROOT "64:"
			"0000000000000000000000000000000000000000000000000000000000000000e",
	 0, "ok 16384 1 1 0 a"},
	{"d9:file treed1:a" V2_FILE(16385) "e" V2_END "e12:piece layersd" OTHER_ROOT "32:"
					   "00000000000000000000000000000000e",
	 0, "ok 32768 2 2 0 a"},
};

static void info_dictionaries_are_read_by_the_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(infos); i++) {
		OWN_BUF struct buf b = BUF_MAX(1 << 20);
		OWN_BUF struct buf out = BUF_MAX(4096);
		OWN(torrent_clear) struct torrent t = {0};
		struct err err = {0};
		const char *mark = strchr(infos[i].info, 'P');
		buf_puts(&b, "d4:info");
		buf_add(&b, infos[i].info,
			mark ? (size_t)(mark - infos[i].info) : strlen(infos[i].info));
		if (mark) {
			buf_printf(&b, "6:pieces%u:%0*d", 20 * infos[i].pieces,
				   (int)(20 * infos[i].pieces), 0);
			if (!infos[i].pieces)
				b.len--;
			buf_puts(&b, mark + 1);
		}
		buf_puts(&b, "e");
		if (read_bytes(b.data, b.len, &t, &err))
			buf_printf(&out, "ok %ju %u %u %d %s", (uintmax_t)t.size, t.files, t.pieces,
				   t.is_private, t.name);
		else
			buf_puts(&out, err.msg);
		if (!text_ends(buf_text(&out), infos[i].verdict))
			fail_msg("row %zu (%s): %s", i, infos[i].info, buf_text(&out));
	}
}

static void put_files(struct buf *b, const uint64_t *sizes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "d6:lengthi%jue4:pathl1:aee", (uintmax_t)sizes[i]);
}

static void files_have_at_most_2_to_the_48_bytes_together(void **state)
{
	(void)state;
	uint64_t sizes[17];
	const size_t len = 20 * 262145;

	for (size_t i = 0; i < 16; i++)
		sizes[i] = 17592169267199;
	for (int more = 0; more < 2; more++) {
		OWN_BUF struct buf b = BUF_MAX(8 << 20);
		OWN(torrent_clear) struct torrent t = {0};
		struct err err = {0};
		sizes[16] = 268435471 + (uint64_t)more;
		buf_puts(&b, "d4:infod5:filesl");
		put_files(&b, sizes, COUNT(sizes));
		buf_printf(&b, "e4:name1:n12:piece lengthi1073741823e6:pieces%zu:%0*dee", len,
			   (int)len, 0);
		assert_int_equal(read_bytes(b.data, b.len, &t, &err), !more);
		if (more)
			assert_string_equal(err.msg,
					    "the files are larger than 2^48 bytes together");
		else
			assert_int_equal(t.size, (UINT64_C(1) << 48) - 1);
	}
}

static void file_names_have_at_most_4095_bytes(void **state)
{
	(void)state;
	for (int n = 4095; n <= 4096; n++) {
		OWN_BUF struct buf b = BUF_MAX(9000);
		OWN(torrent_clear) struct torrent t = {0};
		struct err err = {0};
		buf_printf(&b, "d4:infod5:filesld6:lengthi20000e4:pathl%d:", n);
		for (int i = 0; i < n; i++)
			buf_puts(&b, "\x01");
		buf_puts(&b, "eee4:name1:n12:piece lengthi16384e6:pieces" PIECES "ee");
		assert_int_equal(read_bytes(b.data, b.len, &t, &err), n == 4095);
	}
}

static void cut_off_torrents_are_refused(void **state)
{
	(void)state;
	assert_true(each_fixture("real", expect_no_beginning_is_read) >= 9);
}

static void damaged_torrents_make_sense_or_are_refused(void **state)
{
	(void)state;
	assert_true(each_fixture("real", expect_sense_after_damage) >= 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_v1_torrent_is_read),
		cmocka_unit_test(a_hybrid_torrent_goes_by_its_v1_hash),
		cmocka_unit_test(what_is_no_torrent_is_named),
		cmocka_unit_test(too_many_bytes_are_refused),
		cmocka_unit_test(no_message_holds_the_announce_url),
		cmocka_unit_test(only_host_and_port_of_a_tracker_are_kept),
		cmocka_unit_test(the_list_of_trackers_comes_first),
		cmocka_unit_test(trackers_that_are_kept_elsewhere_are_added),
		cmocka_unit_test(trackers_of_its_own_are_replaced),
		cmocka_unit_test(where_no_tracker_is_kept_nothing_is_added),
		cmocka_unit_test(a_long_host_is_left_out),
		cmocka_unit_test(names_are_made_harmless),
		cmocka_unit_test(long_names_keep_their_extension),
		cmocka_unit_test(the_length_of_names_is_bounded),
		cmocka_unit_test(real_torrents_are_read),
		cmocka_unit_test(hostile_torrents_are_refused),
		cmocka_unit_test(each_torrent_gives_its_facts_or_its_fault),
		cmocka_unit_test(info_dictionaries_are_read_by_the_rules),
		cmocka_unit_test(files_have_at_most_2_to_the_48_bytes_together),
		cmocka_unit_test(file_names_have_at_most_4095_bytes),
		cmocka_unit_test(cut_off_torrents_are_refused),
		cmocka_unit_test(damaged_torrents_make_sense_or_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
