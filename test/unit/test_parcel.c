#include "core/parcel.h"

#include "base/fs.h"
#include "base/mem.h"

#include <sys/stat.h>

#include "unit.h"

#define V1 "d4:infod6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"
#define OTHER "d4:infod6:lengthi5e4:name1:b12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"
#define V2                                                                                        \
	"d4:infod9:file treed1:xd0:d6:lengthi1e11:pieces root32:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"eee12:meta versioni2e4:name1:x12:piece lengthi16384eee"

static void parse(struct parcel *p, const char *bytes)
{
	struct err err;

	buf_reset(&p->bytes);
	buf_puts(&p->bytes, bytes);
	MUST(parcel_parse(p, &err));
}

static void a_parcel_knows_its_infohashes(void **state)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;

	(void)state;
	parse(&p, V1);
	assert_string_equal(p.torrent.name, "a");
	assert_int_equal(strlen(p.v1), 40);
	assert_string_equal(p.v2, "");
	assert_string_equal(p.infohash, p.v1);
	parse(&p, V2);
	assert_string_equal(p.torrent.name, "x");
	assert_string_equal(p.v1, "");
	assert_int_equal(strlen(p.v2), 64);
	assert_string_equal(p.infohash, p.v2);
}

static void what_is_no_torrent_is_refused(void **state)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	struct err err;

	(void)state;
	buf_puts(&p.bytes, "<html>");
	assert_false(parcel_parse(&p, &err));
	assert_int_equal(err.kind, ERR_ITEM);
	assert_int_equal(err.code, WORD_BAD_TORRENT);
}

static void a_file_of_no_use_is_an_item_s_fault(void **state)
{
	OWN_STR char *path = fs_join(*state, "x.torrent");
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	struct err err;

	MUST(fs_write(path, V1, strlen(V1), 0600, &err));
	MUST(parcel_read(&p, path, &err));
	assert_string_equal(p.torrent.name, "a");
	MUST(fs_write(path, "<html>", 6, 0600, &err));
	assert_false(parcel_read(&p, path, &err));
	assert_int_equal(err.kind, ERR_ITEM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(parcel_read(&p, path, &err));
	assert_int_equal(err.kind, ERR_ITEM);
	assert_int_equal(err.code, WORD_BAD_TORRENT);
}

static void the_vault_s_copy_is_checked(void **state)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	OWN_BUF struct buf other = BUF_MAX(1000), junk = BUF_MAX(1000);
	struct err err;
	char hash[65];
	struct vault *v = vault_open(*state, &err);

	assert_non_null(v);
	parse(&p, V1);
	memcpy(hash, p.infohash, sizeof hash);
	MUST(vault_keep(v, hash, &p.bytes, &err));
	MUST(parcel_from_vault(&p, v, hash, &err));
	assert_int_equal(p.bytes.len, strlen(V1));
	buf_puts(&other, OTHER);
	MUST(vault_keep(v, hash, &other, &err));
	assert_false(parcel_from_vault(&p, v, hash, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(err.kind, ERR_RETRY);
	assert_non_null(strstr(err.msg, "is damaged"));
	buf_puts(&junk, "junk");
	MUST(vault_keep(v, hash, &junk, &err));
	assert_false(parcel_from_vault(&p, v, hash, &err));
	assert_non_null(strstr(err.msg, "cannot be used: "));
	MUST(vault_drop(v, hash, &err));
	assert_false(parcel_from_vault(&p, v, hash, &err));
	assert_non_null(strstr(err.msg, "cannot be used: "));
	vault_close(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parcel_knows_its_infohashes),
		cmocka_unit_test(what_is_no_torrent_is_refused),
		TEST_IN_FOLDER(a_file_of_no_use_is_an_item_s_fault),
		TEST_IN_FOLDER(the_vault_s_copy_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
