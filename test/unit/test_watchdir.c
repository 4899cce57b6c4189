#include "ports/client_watchdir.h"

#include "base/fs.h"
#include "base/hidden.h"
#include "base/mem.h"
#include "model/torrent.h"

#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

struct world {
	char *folder, *watch, *staging;
	struct client *client;
	struct buf one, other; /* two different torrents */
	char one_hash[65], other_hash[65];
};

/* A torrent of one file of this name. */
static void make_torrent(const char *name, struct buf *bytes, char hash[65])
{
	struct torrent t = {0};
	struct err err;

	*bytes = (struct buf)BUF_MAX(1000);
	buf_printf(bytes,
		   "d4:infod6:lengthi100e4:name%zu:%s12:piece lengthi16384e6:pieces20:"
		   "pppppppppppppppppppp7:privatei1eee",
		   strlen(name), name);
	MUST(torrent_read(bytes->data, bytes->len, &t, &err));
	torrent_infohash_hex(&t, hash);
	torrent_clear(&t);
}

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof *w);
	mode_t old = umask(0);

	if (unit_make_folder((void **)&w->folder))
		return -1;
	umask(old);
	w->watch = fs_join(w->folder, "watch");
	w->staging = fs_join(w->watch, HIDDEN_NAME);
	w->client = client_watchdir_open(w->watch, 007);
	make_torrent("one", &w->one, w->one_hash);
	make_torrent("other", &w->other, w->other_hash);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	int failed;

	client_close(w->client);
	failed = unit_remove_folder((void **)&w->folder);
	free(w->watch);
	free(w->staging);
	buf_clear(&w->one);
	buf_clear(&w->other);
	free(w);
	return failed;
}

static struct delivery delivery_of(const struct world *w, bool other, int64_t id, const char *name)
{
	return (struct delivery){.id = id,
				 .infohash = other ? w->other_hash : w->one_hash,
				 .file_name = name,
				 .bytes = other ? &w->other : &w->one};
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static unsigned group_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_gid;
}

static unsigned visible(const struct world *w)
{
	OWN_DIR DIR *dir = opendir(w->watch);
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	return n;
}

static bool staging_is_empty(const struct world *w)
{
	return rmdir(w->staging) == 0;
}

static void expect_file(const struct world *w, const char *name, const struct buf *bytes)
{
	OWN_STR char *path = fs_join(w->watch, name);
	OWN_BUF struct buf got = BUF_MAX(1000);
	struct err err;

	MUST(fs_read(path, &got, &err));
	assert_int_equal(got.len, bytes->len);
	assert_memory_equal(got.data, bytes->data, bytes->len);
}

/* Prepare and deliver; the base name of where it went, the caller's. */
static char *bring(struct world *w, struct delivery d)
{
	OWN_STR char *name = NULL;
	OWN_STR char *path = NULL;
	struct err err;

	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	d.file_name = name;
	MUST(w->client->ops->deliver(w->client, &d, false, &path, &err));
	assert_true(strncmp(path, w->watch, strlen(w->watch)) == 0);
	assert_string_equal(fs_base_name(path), name);
	return mem_dup(fs_base_name(path));
}

static void the_folder_is_made_if_its_parent_exists(void **state)
{
	struct world *w = *state;
	struct err err = {0};
	struct client *orphan = client_watchdir_open("/nonexistent/parent/watch", 007);

	MUST(w->client->ops->ready(w->client, &err));
	assert_int_equal(mode_of(w->watch), 0770);
	assert_int_equal(mode_of(w->staging), 0700);
	assert_int_equal(visible(w), 0);
	assert_true(staging_is_empty(w));
	assert_false(orphan->ops->ready(orphan, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(err.kind, ERR_TARGET);
	client_close(orphan);
}

static void a_folder_that_cannot_be_written_is_not_ready(void **state)
{
	struct world *w = *state;
	struct err err = {0};

	MUST(fs_write(w->watch, "a file is in its place", 3, 0600, &err));
	assert_false(w->client->ops->ready(w->client, &err));
	assert_int_equal(err.code, WORD_DISK);
}

static void nothing_is_visible_before_the_delivery(void **state)
{
	struct world *w = *state;
	const struct delivery d = delivery_of(w, false, 1, "Film.torrent");
	OWN_STR char *name = NULL;
	struct err err;

	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	assert_string_equal(name, "Film.torrent");
	assert_int_equal(visible(w), 0);
	assert_false(staging_is_empty(w));
}

static void a_delivered_file_is_whole_and_not_for_everybody(void **state)
{
	struct world *w = *state;
	OWN_STR char *name = bring(w, delivery_of(w, false, 1, "Film.torrent"));
	OWN_STR char *path = fs_join(w->watch, "Film.torrent");

	assert_string_equal(name, "Film.torrent");
	expect_file(w, "Film.torrent", &w->one);
	assert_int_equal(mode_of(path), 0660);
	assert_int_equal(visible(w), 1);
	assert_true(staging_is_empty(w));
}

static void a_name_taken_by_another_torrent_gets_the_infohash(void **state)
{
	struct world *w = *state;
	OWN_STR char *first = bring(w, delivery_of(w, false, 1, "Film.torrent"));
	OWN_STR char *second = bring(w, delivery_of(w, true, 2, "Film.torrent"));
	OWN_STR char *expected = mem_printf("Film [%.8s].torrent", w->other_hash);

	assert_string_equal(first, "Film.torrent");
	assert_string_equal(second, expected);
	expect_file(w, "Film.torrent", &w->one);
	expect_file(w, expected, &w->other);
}

static void a_name_taken_by_anything_else_does_so_too(void **state)
{
	struct world *w = *state;
	OWN_STR char *path = fs_join(w->watch, "Film.torrent");
	struct err err;

	MUST(w->client->ops->ready(w->client, &err));
	assert_int_equal(symlink("/nonexistent/there", path), 0);
	OWN_STR char *name = bring(w, delivery_of(w, false, 1, "Film.torrent"));
	OWN_STR char *expected = mem_printf("Film [%.8s].torrent", w->one_hash);
	assert_string_equal(name, expected);
	assert_false(fs_exists("/nonexistent/there"));
}

static void the_same_torrent_there_already_is_success(void **state)
{
	struct world *w = *state;
	OWN_STR char *first = bring(w, delivery_of(w, false, 1, "Film.torrent"));
	OWN_STR char *again = bring(w, delivery_of(w, false, 2, "Film.torrent"));

	assert_string_equal(first, "Film.torrent");
	assert_string_equal(again, "Film.torrent");
	assert_int_equal(visible(w), 1);
	assert_true(staging_is_empty(w));
}

static void a_name_taken_meanwhile_is_not_overwritten(void **state)
{
	struct world *w = *state;
	struct delivery d = delivery_of(w, false, 1, "Film.torrent");
	OWN_STR char *film = fs_join(w->watch, "Film.torrent");
	OWN_STR char *expected = mem_printf("Film [%.8s].torrent", w->one_hash);
	OWN_STR char *name = NULL;
	OWN_STR char *path = NULL;
	struct err err;

	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	MUST(fs_write(film, w->other.data, w->other.len, 0600, &err));
	d.file_name = name;
	MUST(w->client->ops->deliver(w->client, &d, false, &path, &err));
	assert_string_equal(fs_base_name(path), expected);
	expect_file(w, "Film.torrent", &w->other);
}

static void two_taken_names_wait_for_a_person(void **state)
{
	struct world *w = *state;
	struct delivery d = delivery_of(w, false, 1, "Film.torrent");
	OWN_STR char *second = mem_printf("Film [%.8s].torrent", w->one_hash);
	OWN_STR char *film = fs_join(w->watch, "Film.torrent");
	OWN_STR char *other = fs_join(w->watch, second);
	OWN_STR char *name = NULL;
	char *path = NULL;
	struct err err = {0};

	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	MUST(fs_write(film, "x", 1, 0600, &err));
	MUST(fs_write(other, "y", 1, 0600, &err));
	assert_false(w->client->ops->deliver(w->client, &d, false, &path, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_null(path);
	/* Nothing is lost: it is still staged. */
	assert_int_equal(unlink(film), 0);
	MUST(w->client->ops->deliver(w->client, &d, true, &path, &err));
	expect_file(w, "Film.torrent", &w->one);
	free(path);
}

/* ---- a delivery that an earlier process had begun ---- */

static void killed_before_the_rename_it_is_delivered_now(void **state)
{
	struct world *w = *state;
	const struct delivery d = delivery_of(w, false, 1, "Film.torrent");
	OWN_STR char *name = NULL;
	OWN_STR char *path = NULL;
	struct err err;

	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	MUST(w->client->ops->deliver(w->client, &d, true, &path, &err));
	expect_file(w, "Film.torrent", &w->one);
	assert_true(staging_is_empty(w));
}

static void killed_after_the_rename_it_is_not_delivered_again(void **state)
{
	struct world *w = *state;
	const struct delivery d = delivery_of(w, false, 1, "Film.torrent");
	OWN_STR char *name = bring(w, d);
	OWN_STR char *path = NULL;
	OWN_STR char *film = fs_join(w->watch, "Film.torrent");
	struct err err;

	assert_string_equal(name, "Film.torrent");
	/* The client has taken the file already. */
	assert_int_equal(unlink(film), 0);
	MUST(w->client->ops->deliver(w->client, &d, true, &path, &err));
	assert_string_equal(path, film);
	assert_int_equal(visible(w), 0);
}

static void with_the_whole_folder_gone_it_is_staged_anew(void **state)
{
	struct world *w = *state;
	const struct delivery d = delivery_of(w, false, 1, "Film.torrent");
	OWN_STR char *name = NULL;
	OWN_STR char *path = NULL;
	char *gone;
	struct err err;

	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	gone = mem_dup(w->watch);
	assert_int_equal(unit_remove_folder((void **)&gone), 0);
	MUST(w->client->ops->deliver(w->client, &d, true, &path, &err));
	expect_file(w, "Film.torrent", &w->one);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void set_group(const struct world *w, gid_t group)
{
	assert_int_equal(chown(w->watch, geteuid(), group), 0);
	assert_int_equal(chmod(w->watch, 02770), 0);
}

static void what_is_delivered_has_the_group_of_a_set_group_id_folder(void **state)
{
	struct world *w = *state;
	OWN_STR char *name = NULL;
	struct err err;

	if (geteuid() != 0)
		skip();
	MUST(w->client->ops->ready(w->client, &err));
	set_group(w, 4242);
	name = bring(w, delivery_of(w, false, 1, "one.torrent"));
	OWN_STR char *path = fs_join(w->watch, name);
	assert_int_equal(group_of(path), 4242);
	assert_int_equal(mode_of(w->staging), 0700);
}

static void a_group_that_changes_leaves_what_is_staged_alone(void **state)
{
	struct world *w = *state;
	const struct delivery d = delivery_of(w, false, 1, "one.torrent");
	OWN_STR char *name = NULL;
	OWN_STR char *path = NULL;
	OWN_STR char *new = mem_printf("%s.new", w->staging);
	struct err err;

	if (geteuid() != 0)
		skip();
	MUST(w->client->ops->prepare(w->client, &d, &name, &err));
	set_group(w, 4242);
	MUST(w->client->ops->ready(w->client, &err));
	assert_int_not_equal(group_of(w->staging), 4242);
	MUST(w->client->ops->deliver(w->client, &d, true, &path, &err));
	expect_file(w, "one.torrent", &w->one);
	MUST(w->client->ops->ready(w->client, &err));
	assert_int_equal(group_of(w->staging), 4242);
	assert_false(fs_exists(new));
}

/* ---- what the client that watches does ---- */

/* A file that came at this second. */
static void came(const struct world *w, const char *name, time_t second)
{
	OWN_STR char *path = fs_join(w->watch, name);
	const struct utimbuf when = {.actime = second, .modtime = second};
	struct err err;

	MUST(fs_write(path, "x", 1, 0600, &err));
	assert_int_equal(utime(path, &when), 0);
}

static void torrents_that_came_before_a_time_wait(void **state)
{
	struct world *w = *state;
	OWN_STR char *folder = fs_join(w->watch, "folder.torrent");
	OWN_STR char *link = fs_join(w->watch, "link.torrent");
	struct client_backlog b = {.files = 9};
	struct err err;

	assert_false(w->client->ops->backlog(w->client, 1, &b, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(b.files, 9);
	MUST(w->client->ops->ready(w->client, &err));
	MUST(w->client->ops->backlog(w->client, INT64_MAX, &b, &err));
	assert_int_equal(b.files, 0);
	assert_int_equal(b.oldest, 0);
	came(w, "b.torrent", 200);
	came(w, "a.torrent", 100);
	came(w, "c.torrent", 300);
	came(w, ".hidden.torrent", 50);
	came(w, "a.torrent.added", 50);
	MUST(fs_make_folder(folder, 0700, false, &err));
	assert_int_equal(symlink("a.torrent", link), 0);
	MUST(w->client->ops->backlog(w->client, 300000, &b, &err));
	assert_int_equal(b.files, 2);
	assert_int_equal(b.oldest, 100000);
	MUST(w->client->ops->backlog(w->client, 300001, &b, &err));
	assert_int_equal(b.files, 3);
	MUST(w->client->ops->backlog(w->client, 100000, &b, &err));
	assert_int_equal(b.files, 0);
}

static void a_files_fate_follows_from_what_is_there(void **state)
{
	static const struct {
		const char *there;
		enum client_fate fate;
	} rows[] = {
		{"x.torrent", CLIENT_FATE_WAITING},
		{"x.torrent.invalid", CLIENT_FATE_REFUSED},
		{"x.torrent.qbt_rejected", CLIENT_FATE_REFUSED},
		{"x.torrent.added", CLIENT_FATE_TAKEN},
		{"x.torrent.loaded", CLIENT_FATE_TAKEN},
		{"other", CLIENT_FATE_TAKEN},
	};
	struct world *w = *state;
	OWN_STR char *path = fs_join(w->watch, "x.torrent");
	enum client_fate fate = CLIENT_FATE_REFUSED;
	struct err err;

	assert_false(w->client->ops->fate(w->client, path, &fate, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(fate, CLIENT_FATE_REFUSED);
	MUST(w->client->ops->ready(w->client, &err));
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *there = fs_join(w->watch, rows[i].there);
		came(w, rows[i].there, 1);
		MUST(w->client->ops->fate(w->client, path, &fate, &err));
		assert_int_equal(fate, rows[i].fate);
		MUST(fs_remove(there, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_folder_is_made_if_its_parent_exists),
		TEST(a_folder_that_cannot_be_written_is_not_ready),
		TEST(nothing_is_visible_before_the_delivery),
		TEST(a_delivered_file_is_whole_and_not_for_everybody),
		TEST(a_name_taken_by_another_torrent_gets_the_infohash),
		TEST(a_name_taken_by_anything_else_does_so_too),
		TEST(the_same_torrent_there_already_is_success),
		TEST(a_name_taken_meanwhile_is_not_overwritten),
		TEST(two_taken_names_wait_for_a_person),
		TEST(killed_before_the_rename_it_is_delivered_now),
		TEST(killed_after_the_rename_it_is_not_delivered_again),
		TEST(with_the_whole_folder_gone_it_is_staged_anew),
		TEST(what_is_delivered_has_the_group_of_a_set_group_id_folder),
		TEST(a_group_that_changes_leaves_what_is_staged_alone),
		TEST(torrents_that_came_before_a_time_wait),
		TEST(a_files_fate_follows_from_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
