#include "ports/vault.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include "unit.h"

#include <sys/stat.h>
#include <utime.h>

static struct vault *opened(void **state)
{
	struct err err;
	struct vault *v = vault_open(*state, &err);

	if (!v)
		fail_msg("%s", err.msg);
	return v;
}

static struct buf bytes_of(char *text)
{
	return (struct buf){.data = text, .len = strlen(text), .max = strlen(text)};
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void what_is_kept_is_read_again_and_nobody_else_can(void **state)
{
	struct vault *v = opened(state);
	const struct buf bytes = bytes_of((char[]){"d3:abce"});
	OWN_BUF struct buf got = BUF_MAX(7);
	OWN_BUF struct buf small = BUF_MAX(6);
	OWN_STR char *path = vault_path(v, "aa");
	OWN_STR char *expected = mem_printf("%s/vault/aa.torrent", (char *)*state);
	OWN_STR char *folder = fs_join(*state, "vault");
	struct err err;

	MUST(vault_keep(v, "aa", &bytes, &err));
	assert_string_equal(path, expected);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(folder), 0700);
	MUST(vault_read(v, "aa", &got, &err));
	assert_string_equal(buf_text(&got), "d3:abce");
	assert_false(vault_read(v, "aa", &small, &err));
	assert_false(vault_read(v, "bb", &small, &err));
	vault_close(v);
}

static void what_is_dropped_is_gone_and_may_be_dropped_again(void **state)
{
	struct vault *v = opened(state);
	const struct buf bytes = bytes_of((char[]){"x"});
	OWN_STR char *path = vault_path(v, "aa");
	struct err err;

	MUST(vault_keep(v, "aa", &bytes, &err));
	MUST(vault_drop(v, "aa", &err));
	assert_false(fs_exists(path));
	MUST(vault_drop(v, "aa", &err));
	vault_close(v);
}

static void what_is_no_torrent_goes_to_quarantine(void **state)
{
	struct vault *v = opened(state);
	const struct buf one = bytes_of((char[]){"<html>"}), two = bytes_of((char[]){""});
	OWN_STR char *first = NULL, *second = NULL;
	OWN_STR char *expected = mem_printf("%s/quarantine/17.bin", (char *)*state);
	OWN_STR char *folder = fs_join(*state, "quarantine");
	OWN_BUF struct buf got = BUF_MAX(100);
	struct err err;

	MUST(vault_quarantine(v, "17", &one, &first, &err));
	assert_string_equal(first, expected);
	assert_int_equal(mode_of(first), 0600);
	assert_int_equal(mode_of(folder), 0700);
	MUST(fs_read(first, &got, &err));
	assert_string_equal(buf_text(&got), "<html>");
	MUST(vault_quarantine(v, "17", &two, &second, &err));
	buf_reset(&got);
	MUST(fs_read(second, &got, &err));
	assert_int_equal(got.len, 0);
	vault_close(v);
}

static void what_cannot_be_read_is_moved_and_overwrites_nothing(void **state)
{
	struct vault *v = opened(state);
	OWN_STR char *from = fs_join(*state, "strange");
	OWN_STR char *to = vault_quarantine_path(v, "a");
	struct err err;

	MUST(fs_make_folder(from, 0700, false, &err));
	MUST(vault_quarantine_move(from, to, &err));
	assert_true(fs_exists(to));
	assert_false(fs_exists(from));
	MUST(fs_write(from, "x", 1, 0600, &err));
	assert_false(vault_quarantine_move(from, to, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(err.code, WORD_DISK);
	assert_true(fs_exists(from));
	assert_false(vault_quarantine_move("/nowhere/at/all", to, &err));
	vault_close(v);
}

/* ---- the slip ---- */

static void a_slip_is_blank_until_it_is_written(void **state)
{
	struct vault *v = opened(state);
	OWN_STR char *path = fs_join(*state, "answer");
	char text[VAULT_SLIP_BYTES + 1] = "?";
	struct stat before, after;
	struct err err;

	MUST(vault_slip_read(v, text, &err));
	assert_string_equal(text, "");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_size, VAULT_SLIP_BYTES);
	assert_int_equal(before.st_mode & 07777, 0600);
	MUST(vault_slip_write(v, "17 4", &err));
	vault_close(v);
	v = opened(state);
	MUST(vault_slip_read(v, text, &err));
	assert_string_equal(text, "17 4");
	MUST(vault_slip_write(v, "", &err));
	MUST(vault_slip_read(v, text, &err));
	assert_string_equal(text, "");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_size, VAULT_SLIP_BYTES);
	assert_int_equal(after.st_ino, before.st_ino);
	vault_close(v);
}

static void a_slip_holds_255_bytes(void **state)
{
	struct vault *v = opened(state);
	char text[VAULT_SLIP_BYTES + 1], line[VAULT_SLIP_BYTES + 10];
	struct err err;

	for (size_t len = VAULT_SLIP_BYTES - 1; len <= VAULT_SLIP_BYTES + 1; len++) {
		memset(line, 'x', len);
		line[len] = '\0';
		MUST(vault_slip_write(v, line, &err));
		MUST(vault_slip_read(v, text, &err));
		assert_int_equal(strlen(text), len < VAULT_SLIP_BYTES ? len : VAULT_SLIP_BYTES);
	}
	vault_close(v);
}

static void a_slip_that_is_gone_is_an_error(void **state)
{
	struct vault *v = opened(state);
	OWN_STR char *path = fs_join(*state, "answer");
	char text[VAULT_SLIP_BYTES + 1];
	struct err err;

	MUST(fs_remove(path, &err));
	assert_false(vault_slip_read(v, text, &err));
	assert_false(vault_slip_write(v, "x", &err));
	vault_close(v);
}

/* ---- opening ---- */

static void a_vault_needs_its_folder(void **state)
{
	static const char *const in_the_way[] = {"vault", "quarantine"};
	struct err err;

	assert_null(vault_open("/nowhere/at/all", &err));
	for (size_t i = 0; i < COUNT(in_the_way); i++) {
		OWN_STR char *path = fs_join(*state, in_the_way[i]);
		MUST(fs_write(path, "x", 1, 0600, &err));
		assert_null(vault_open(*state, &err));
		MUST(fs_remove(path, &err));
	}
	vault_close(NULL);
}

static void what_a_crash_left_half_written_is_swept(void **state)
{
	static const char *const folders[] = {"vault", "quarantine"};

	vault_close(opened(state));
	for (size_t i = 0; i < COUNT(folders); i++) {
		OWN_STR char *folder = fs_join(*state, folders[i]);
		OWN_STR char *left = fs_join(folder, ".x.torrent.17.tmp");
		const struct utimbuf old = {.actime = 1, .modtime = 1};
		struct err err;
		MUST(fs_stage(left, "x", 1, 0600, &err));
		assert_int_equal(utime(left, &old), 0);
		vault_close(opened(state));
		assert_false(fs_exists(left));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(what_is_kept_is_read_again_and_nobody_else_can),
		TEST_IN_FOLDER(what_is_dropped_is_gone_and_may_be_dropped_again),
		TEST_IN_FOLDER(what_is_no_torrent_goes_to_quarantine),
		TEST_IN_FOLDER(what_cannot_be_read_is_moved_and_overwrites_nothing),
		TEST_IN_FOLDER(a_slip_is_blank_until_it_is_written),
		TEST_IN_FOLDER(a_slip_holds_255_bytes),
		TEST_IN_FOLDER(a_slip_that_is_gone_is_an_error),
		TEST_IN_FOLDER(a_vault_needs_its_folder),
		TEST_IN_FOLDER(what_a_crash_left_half_written_is_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
