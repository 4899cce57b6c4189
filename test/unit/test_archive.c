#include "core/archive.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include "unit.h"

#include <fcntl.h>

#define V1 ARCHIVE_VAULT "0123456789abcdef0123456789abcdef01234567.torrent"
#define V2 ARCHIVE_VAULT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.torrent"

static int fd = -1;
static char *path;
static struct archive a;
static struct err failure;

static int make(void **state)
{
	if (unit_make_memory_folder(state))
		return -1;
	path = fs_join(*state, "backup.tar");
	fd = open(path, O_RDWR | O_CREAT, 0600);
	a = (struct archive)ARCHIVE_OF(fd, path);
	failure = (struct err){0};
	return fd < 0;
}

static int clear(void **state)
{
	archive_clear(&a);
	close(fd);
	free(path);
	return unit_remove_folder(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

static void put(const char *name, const char *text)
{
	struct err err;

	MUST(archive_put(&a, name, text, strlen(text), &err));
}

static void end(void)
{
	struct err err;

	MUST(archive_end(&a, &err));
}

/* A usual backup. */
static void fill(void)
{
	put(ARCHIVE_LEDGER, "the ledger");
	put(ARCHIVE_CONFIG, "{}");
	put(V1, "a torrent");
	end();
}

static bool read_it(const struct archive_visit *v)
{
	return archive_read(fd, path, v, &failure);
}

static void assert_unusable(const char *why)
{
	assert_false(read_it(NULL));
	assert_int_equal(failure.code, WORD_DISK);
	if (!strstr(failure.msg, why) || !strstr(failure.msg, path))
		fail_msg("not \"%s\" but: %s", why, failure.msg);
}

/* ---- a visit that writes down what it gets ---- */

static struct buf heard = BUF_MAX(1 << 20);
static const char *fails_in;

static bool in(const char *step, struct err *err)
{
	return !fails_in || strcmp(fails_in, step) != 0 ||
	       err_set(err, ERR_TARGET, WORD_CLIENT, "the visit fails");
}

static bool begin_file(void *ctx, const struct tar_file *f, struct err *err)
{
	buf_printf(ctx, "%s %d:", f->name, (int)f->size);
	return in("begin", err);
}

static bool take_bytes(void *ctx, const void *bytes, size_t len, struct err *err)
{
	buf_add(ctx, bytes, len);
	return in("bytes", err);
}

static bool end_file(void *ctx, const struct tar_file *f, struct err *err)
{
	(void)f;
	buf_puts(ctx, ";");
	return in("end", err);
}

static const struct archive_visit visit = {begin_file, take_bytes, end_file, &heard};

/* ---- writing and reading ---- */

static void what_was_put_is_read(void **state)
{
	OWN_STR char *from = fs_join(*state, "torrent");
	struct err err;

	MUST(fs_write(from, "bytes", 5, 0600, &err));
	put(ARCHIVE_LEDGER, "the ledger");
	put(ARCHIVE_SLIP, "");
	put(V1, "a torrent");
	MUST(archive_put_file(&a, V2, from, &err));
	end();
	buf_reset(&heard);
	MUST(archive_read(fd, path, &visit, &err));
	assert_string_equal(buf_text(&heard),
			    ARCHIVE_LEDGER " 10:the ledger;" ARCHIVE_SLIP " 0:;" V1
					   " 9:a torrent;" V2 " 5:bytes;");
	/* At any place of the file. */
	MUST(archive_read(fd, path, NULL, &err));
}

static void tar_and_sha256sum_read_it(void **state)
{
	OWN_STR char *command =
		mem_printf("cd '%s' && tar -xf backup.tar && sha256sum -c SHA256SUMS >/dev/null && "
			   "test \"$(cat ledger.db)\" = 'the ledger'",
			   (char *)*state);

	fill();
	assert_int_equal(system(command), 0);
}

static void files_of_any_size_are_read(void **state)
{
	static const size_t sizes[] = {
		1,         TAR_BLOCK - 1, TAR_BLOCK, TAR_BLOCK + 1, 64 * 1024 - 1,
		64 * 1024, 64 * 1024 + 1, 200000};
	OWN_STR char *from = fs_join(*state, "file");
	OWN_STR char *bytes = mem_alloc(200000);
	struct err err;

	memset(bytes, 'x', 200000);
	put(ARCHIVE_LEDGER, "the ledger");
	for (size_t i = 0; i < COUNT(sizes); i++) {
		MUST(archive_put(&a, V1, bytes, sizes[i], &err));
		MUST(fs_write(from, bytes, sizes[i], 0600, &err));
		MUST(archive_put_file(&a, V1, from, &err));
	}
	end();
	buf_reset(&heard);
	MUST(archive_read(fd, path, &visit, &err));
	size_t all = 0;
	for (const char *at = buf_text(&heard); (at = strchr(at, 'x')); at++)
		all++;
	size_t wanted = 0;
	for (size_t i = 0; i < COUNT(sizes); i++)
		wanted += 2 * sizes[i];
	assert_int_equal(all, wanted);
}

static void what_cannot_be_put_is_an_error(void **state)
{
	char name[TAR_NAME + 2];

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_false(archive_put(&a, name, "", 0, &failure));
	name[TAR_NAME] = '\0';
	assert_true(archive_put(&a, name, "", 0, &failure));
	assert_false(archive_put_file(&a, "x", "/dev/null/none", &failure));
	OWN_STR char *target = fs_join(*state, "target");
	OWN_STR char *link = fs_join(*state, "link");
	assert_int_equal(symlink(target, link), 0);
	assert_false(archive_put_file(&a, "x", link, &failure));
	assert_int_equal(failure.code, WORD_DISK);
}

static void a_disk_that_fails_is_an_error(void **state)
{
	OWN_STR char *from = fs_join(*state, "file");
	struct err err;
	int kept = a.fd;

	MUST(fs_write(from, "bytes", 5, 0600, &err));
	a.fd = open(path, O_RDONLY);
	assert_false(archive_put(&a, "x", "bytes", 5, &failure));
	assert_false(archive_put_file(&a, "x", from, &failure));
	assert_false(archive_end(&a, &failure));
	assert_non_null(strstr(failure.msg, path));
	close(a.fd);
	a.fd = kept;
	struct archive nowhere = ARCHIVE_OF(-1, path);
	assert_false(archive_read(nowhere.fd, path, NULL, &failure));
	assert_int_equal(failure.code, WORD_DISK);
}

/* ---- backups that cannot be used ---- */

static void one_that_is_cut_off_anywhere_cannot_be_used(void **state)
{
	(void)state;
	fill();
	for (off_t len = lseek(fd, 0, SEEK_END) - TAR_BLOCK - 1; len > 0; len -= 97) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_unusable("it is cut off");
	}
}

static void a_wrong_byte_is_noticed_or_changes_nothing(void **state)
{
	(void)state;
	fill();
	buf_reset(&heard);
	assert_true(read_it(&visit));
	OWN_STR char *wanted = mem_dup(buf_text(&heard));
	off_t all = lseek(fd, 0, SEEK_END);
	unsigned noticed = 0;
	for (off_t at = 0; at < all; at += 3) {
		unsigned char byte, wrong;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		wrong = (unsigned char)(byte ^ 0x10);
		assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
		buf_reset(&heard);
		if (!read_it(&visit))
			noticed++;
		else
			assert_string_equal(buf_text(&heard), wanted);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_true(noticed > 4 * TAR_BLOCK / 3);
}

static void something_else_is_no_backup(void **state)
{
	(void)state;
	char text[TAR_BLOCK] = "some text";

	assert_unusable("it is cut off");
	assert_int_equal(pwrite(fd, text, sizeof text, 0), sizeof text);
	assert_unusable("it is not a backup of this program");
}

static void a_sum_that_is_wrong_is_noticed(void **state)
{
	(void)state;
	put(ARCHIVE_LEDGER, "the ledger");
	a.sums.data[0] = a.sums.data[0] == '0' ? '1' : '0';
	end();
	assert_unusable("a SHA-256 sum in it is wrong");
}

static void a_sum_that_is_missing_is_noticed(void **state)
{
	(void)state;
	put(ARCHIVE_LEDGER, "the ledger");
	size_t len = a.sums.len;
	put(ARCHIVE_CONFIG, "{}");
	a.sums.len = len;
	end();
	assert_unusable("a SHA-256 sum in it is wrong");
}

static void one_of_nothing_is_none(void **state)
{
	(void)state;
	end();
	assert_unusable("a SHA-256 sum in it is wrong");
}

static void one_without_an_end_is_noticed(void **state)
{
	(void)state;
	fill();
	off_t end_at = lseek(fd, 0, SEEK_END) - 2 * TAR_BLOCK;
	assert_int_equal(pwrite(fd, "x", 1, end_at), 1);
	assert_unusable("it has no end");
}

static void it_begins_with_a_ledger(void **state)
{
	(void)state;
	put(ARCHIVE_CONFIG, "{}");
	end();
	assert_unusable("it does not begin with a ledger");
}

static void it_holds_nothing_but_parts_of_a_backup(void **state)
{
	static const char *const names[] = {
		"other",
		"../ledger.db",
		"ledger.db2",
		ARCHIVE_VAULT,
		ARCHIVE_VAULT ".torrent",
		ARCHIVE_VAULT "0123456789abcdef0123456789abcdef0123456.torrent",
		ARCHIVE_VAULT "0123456789abcdef0123456789abcdef01234567",
		ARCHIVE_VAULT "0123456789abcdef0123456789abcdef01234567.torrent2",
		ARCHIVE_VAULT "0123456789abcdef0123456789abcdef0123456g.torrent",
		ARCHIVE_VAULT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"
			      ".torrent",
		"vault0123456789abcdef0123456789abcdef01234567.torrent"};

	for (size_t i = 0; i < COUNT(names); i++) {
		put(ARCHIVE_LEDGER, "the ledger");
		put(names[i], "x");
		end();
		assert_unusable("it holds a file that is not part of a backup");
		assert_int_equal(clear(state), 0);
		assert_int_equal(make(state), 0);
	}
}

static void a_visit_can_end_it(void **state)
{
	static const char *const steps[] = {"begin", "bytes", "end"};

	(void)state;
	fill();
	for (size_t i = 0; i < COUNT(steps); i++) {
		buf_reset(&heard);
		fails_in = steps[i];
		assert_false(read_it(&visit));
		assert_int_equal(failure.code, WORD_CLIENT);
		assert_null(strstr(buf_text(&heard), ARCHIVE_CONFIG));
	}
	fails_in = NULL;
}

static int release(void **state)
{
	(void)state;
	buf_clear(&heard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_read),
		TEST(tar_and_sha256sum_read_it),
		TEST(files_of_any_size_are_read),
		TEST(what_cannot_be_put_is_an_error),
		TEST(a_disk_that_fails_is_an_error),
		TEST(one_that_is_cut_off_anywhere_cannot_be_used),
		TEST(a_wrong_byte_is_noticed_or_changes_nothing),
		TEST(something_else_is_no_backup),
		TEST(a_sum_that_is_wrong_is_noticed),
		TEST(a_sum_that_is_missing_is_noticed),
		TEST(one_of_nothing_is_none),
		TEST(one_without_an_end_is_noticed),
		TEST(it_begins_with_a_ledger),
		TEST(it_holds_nothing_but_parts_of_a_backup),
		TEST(a_visit_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
