/* The folders; declared in doctor/doctor.h. */
#include "doctor/doctor.h"
#include "config/wire.h"
#include "base/fs.h"
#include "base/hidden.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/num.h"
#include "base/text.h"
#include "core/mark.h"
#include "base/tryout.h"
#include "model/filename.h"
#include "model/torrent.h"
#include "system/apart.h"
#include "ports/client_watchdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LITTLE_SPACE (64 * 1024 * UINT64_C(1024)) /* for .torrent files, and for the ledger */
#define IMAGE_HOME "/app"                         /* of docker/: every user may write there */
#define OTHERS_MS 3000
#define OTHERS_POLL_MS 50
#define LITTLE_PERCENT 2 /* of a disk for data, if Reserve is not set */

/* Of a watch folder. */
#define SHARE "give both users one group and the folder to it (chgrp, chmod g+rws %s)"

struct folder {
	bool is_watch;     /* a watch folder; else the state folder */
	const char *about; /* the container, or "state" */
	const char *path;
};

/* The names of the tests, which live as long as the findings. */
enum aspect { AS_FOLDER, AS_SPACE, AS_MOUNT, AS_OWNER, AS_OPEN, AS_STAGING, ASPECTS };

static const char *test_name(const struct folder *f, enum aspect aspect)
{
	static const char *const names[2][ASPECTS] = {{[AS_FOLDER] = "state-folder",
						       [AS_SPACE] = "state-space",
						       [AS_MOUNT] = "state-mount",
						       [AS_OWNER] = "state-owner"},
						      {[AS_FOLDER] = "watch-folder",
						       [AS_SPACE] = "watch-space",
						       [AS_MOUNT] = "watch-mount",
						       [AS_OWNER] = "watch-owner",
						       [AS_OPEN] = "watch-open",
						       [AS_STAGING] = "watch-staging"}};

	return names[f->is_watch][aspect];
}

/* ---- can it be used? ---- */

/* Another check may be at the same folder: it takes a moment. */
static void wait_for_others(int folder)
{
	for (int i = 0; i < OTHERS_MS / OTHERS_POLL_MS && flock(folder, LOCK_EX | LOCK_NB) < 0 &&
			errno == EWOULDBLOCK;
	     i++)
		poll(NULL, 0, OTHERS_POLL_MS);
}

/* The locks that the program and SQLite use, on a file that is there: can they be taken? */
static bool try_locks(const char *path, struct err *err)
{
	OWN_FD int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno == EWOULDBLOCK) &&
	    (fcntl(fd, F_SETLK, &whole) == 0 || errno == EAGAIN || errno == EACCES))
		return true;
	(void)!fs_failed(err, "lock a file in", path);
	return err_advise(err, "put the state folder (PTP_STATE) on a disk with locks, such as a "
			       "local one");
}

static void clear_away(const char *hidden)
{
	OWN_DIR DIR *dir = opendir(hidden);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	rmdir(hidden);
}

static bool try_in(const struct fs_folder *hidden, const struct folder *f, struct err *err)
{
	OWN_STR char *file = fs_join(hidden->path, "file");

	return fs_stage(file, "x", 1, 0600, err) && (f->is_watch || try_locks(file, err)) &&
	       fs_check_size(f->path, TORRENT_MAX_BYTES, err) &&
	       tryout(hidden, FILENAME_LEAST_BYTES, FILENAME_MOST_BYTES, err);
}

/* In a hidden folder of its own, which is removed: the acts that `run` does there.  A client that
 * watches `f` sees none of it.  What a check that was killed has left is in the way of none. */
static bool try_acts(const struct folder *f, struct err *err)
{
	OWN_FD int held = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN_STR char *path = fs_join(f->path, ".ptp-archiver-check");
	OWN_FS_FOLDER struct fs_folder hidden = FS_FOLDER_NONE;

	wait_for_others(held);
	clear_away(path);
	bool ok = fs_make_folder(path, 0700, false, err) && fs_folder_open(&hidden, path, err) &&
		  try_in(&hidden, f, err);
	clear_away(path);
	return ok;
}

/* The folder itself, or where it is not there the nearest above it that is; the caller's. */
static char *nearest_there(const char *path)
{
	char *at = mem_dup(path);

	while (!fs_exists(at) && strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
		char *above = fs_parent(at);
		free(at);
		at = above;
	}
	return at;
}

/* Of the state folder all that is missing is made, of a watch folder only itself. */
static bool will_be_made(const struct folder *f)
{
	OWN_STR char *parent = fs_parent(f->path);
	OWN_STR char *nearest = nearest_there(f->path);

	return fs_is_folder(nearest) && access(nearest, W_OK | X_OK) == 0 &&
	       (!f->is_watch || strcmp(nearest, parent) == 0);
}

static void say_unmade(struct doctor *d, const struct folder *f)
{
	OWN_STR char *us = doctor_user(geteuid());
	OWN_STR char *nearest = nearest_there(f->path);
	OWN_STR char *quoted = text_quoted(f->path);

	if (fs_is_folder(nearest) && access(nearest, W_OK | X_OK) == 0)
		doctor_say(d, DOCTOR_FAIL, test_name(f, AS_FOLDER), f->about,
			   "%s is not there, nor is the folder that it is in, and no more than one "
			   "is made",
			   f->path);
	else
		doctor_say(d, DOCTOR_FAIL, test_name(f, AS_FOLDER), f->about,
			   "%s is not there, and cannot be made in %s", f->path, nearest);
	if (fs_is_folder(nearest) && access(nearest, W_OK | X_OK) < 0)
		doctor_fix(d,
			   "make it (mkdir -p %s) and give it to %s, or mount what should be "
			   "there",
			   quoted, us);
	else
		doctor_fix(d, "make it (mkdir -p %s), or mount what should be there", quoted);
}

static void say_missing(struct doctor *d, const struct folder *f)
{
	const char *test = test_name(f, AS_FOLDER);
	struct stat st;
	struct err err;

	if (fs_exists(f->path)) {
		doctor_say(d, DOCTOR_FAIL, test, f->about, "%s is not a folder", f->path);
		doctor_fix(d, "move it away, or name another folder");
	} else if (stat(f->path, &st) < 0 && errno != ENOENT && errno != ENOTDIR) {
		(void)!fs_failed(&err, "look at", f->path);
		OWN_STR char *fault = err_fault(&err);
		doctor_say(d, DOCTOR_FAIL, test, f->about, "%s", fault);
		doctor_fix(d, "let this user into all folders on the way to %s", f->path);
	} else if (will_be_made(f)) {
		doctor_say(d, DOCTOR_OK, test, f->about, "%s is not there yet and will be made",
			   f->path);
	} else {
		say_unmade(d, f);
	}
}

/* A state folder is one user's; in a watch folder both of them are at home, so the `chown` that the
 * error names would lock the client out. */
static void fix_foreign(struct doctor *d, const struct folder *f, uid_t whose)
{
	OWN_STR char *us = doctor_user(geteuid());
	OWN_STR char *owner = doctor_user(whose);
	OWN_STR char *quoted = text_quoted(f->path);

	if (!f->is_watch)
		doctor_fix(d, "run ptp-archiver as %s (sudo -u), or give the folder to %s", owner,
			   us);
	else
		doctor_fix(d, "it belongs to %s, and this is %s: " SHARE, owner, us, quoted);
}

static void say_unusable(struct doctor *d, const struct folder *f, const struct err *why)
{
	OWN_STR char *fault = err_fault(why);
	const char *advice = err_advice(why);
	bool of_rights = why->errnum == EACCES || why->errnum == EPERM;
	bool of_mount = fs_has_rights_of_mount(f->path);
	/* If root may not use it, rights are not the cause. */
	bool helps = advice && (geteuid() != 0 || !of_rights || of_mount);
	OWN_STR char *quoted = text_quoted(f->path);
	struct stat st;

	doctor_say(d, DOCTOR_FAIL, test_name(f, AS_FOLDER), f->about, "%s", fault);
	if (of_rights && !of_mount && geteuid() != 0 && stat(f->path, &st) == 0 &&
	    st.st_uid != geteuid())
		fix_foreign(d, f, st.st_uid);
	else if (helps)
		doctor_fix(d, "%s", advice);
	else if (why->kind == ERR_RETRY)
		doctor_fix(d, "make room on the disk of %s, or look at its health (df, dmesg)",
			   quoted);
	else
		doctor_fix(d, "name another folder: in %s nobody can make files", quoted);
}

/* false: it is there, and cannot be used. */
static bool check_usable(struct doctor *d, const struct folder *f)
{
	struct err err;

	if (!fs_is_folder(f->path)) {
		say_missing(d, f);
		return true;
	}
	if (!fs_check_access(f->path, &err) || !try_acts(f, &err)) {
		say_unusable(d, f, &err);
		return false;
	}
	doctor_say(d, DOCTOR_OK, test_name(f, AS_FOLDER), f->about,
		   "%s is writable: files can be made, written and renamed", f->path);
	return true;
}

static void check_space(struct doctor *d, const struct folder *f)
{
	OWN_STR char *there = nearest_there(f->path);
	const char *test = test_name(f, AS_SPACE);
	char text[NUM_TEXT];
	uint64_t bytes;
	struct err err;

	if (!fs_space(there, &bytes, NULL, &err)) {
		doctor_say(d, DOCTOR_FAIL, test, f->about, "%s", err.msg);
		doctor_fix(d, "see what the system says of it: df %s; dmesg", there);
		return;
	}
	num_bytes(bytes, text);
	doctor_say(d,
		   !bytes                 ? DOCTOR_FAIL
		   : bytes < LITTLE_SPACE ? DOCTOR_WARN
					  : DOCTOR_OK,
		   test, f->about, "%s free in %s%s", text, there,
		   strcmp(there, f->path) == 0 ? "" : ", where it will be");
	if (bytes < LITTLE_SPACE)
		doctor_fix(d, "the disk is %sfull: make room there, at least 64 MiB",
			   bytes ? "nearly " : "");
}

/* ---- mounts ---- */

/* Our own image holds nothing but this program, so nobody in it could watch a folder. */
static bool in_own_image(void)
{
	return getenv("PTP_IMAGE") != NULL;
}

/* A volume without a name, made because none was given: its folder is called by 64 hexadecimal
 * digits (Docker, Podman). */
static bool is_nameless(const struct mount *m)
{
	const char *at = strstr(m->root, "/volumes/");

	return at && strspn(at + 9, "0123456789abcdef") == 64 &&
	       strncmp(at + 9 + 64, "/_data", 6) == 0;
}

/* Where a volume helps.  In our image a new one gets the permissions of the folder that it hides,
 * and only those of /app are there. */
static const char *place_of_volume(const struct folder *f)
{
	return in_own_image() && text_starts(f->path, IMAGE_HOME "/") ? IMAGE_HOME : f->path;
}

static void say_unmounted(struct doctor *d, const struct folder *f, const char *what)
{
	bool watch = f->is_watch;
	OWN_STR char *quoted = text_quoted(watch ? f->path : place_of_volume(f));

	doctor_say(d, in_own_image() && watch ? DOCTOR_FAIL : DOCTOR_WARN, test_name(f, AS_MOUNT),
		   f->about, "this is a container, and %s %s: %s", f->path, what,
		   watch ? "no torrent client outside sees what is put there"
			 : "the program's memory is lost when the container is made again");
	doctor_fix(d,
		   watch ? "mount the folder that your client watches: -v "
			   "/path/on/the/host:%s"
			 : "give it a volume with a name: -v ptp-archiver:%s",
		   quoted);
}

static void check_mount(struct doctor *d, const struct folder *f)
{
	OWN_STR char *there = nearest_there(f->path);
	struct mount m;
	struct err ignored;

	if (!mount_in_container() || !mount_of(there, &m, &ignored))
		return;
	if (strcmp(m.point, "/") == 0)
		say_unmounted(d, f, "is not on a mount");
	else if (is_nameless(&m))
		say_unmounted(d, f, "is a volume without a name");
	else
		doctor_say(d, DOCTOR_OK, test_name(f, AS_MOUNT), f->about, "%s is on the mount %s",
			   f->path, m.point);
}

/* Files appear in the watch folder by one rename out of the hidden folder in it.  NULL: it can be
 * used; else why not, the caller's. */
static char *staging_fault(const char *folder, const char *staging)
{
	OWN_FS_FOLDER struct fs_folder open = FS_FOLDER_NONE;
	struct mount here, there;
	struct err err;

	bool opened = hidden_open(&open, folder, false, &err);
	if (!opened && err.errnum != EACCES)
		return err_fault(&err);
	if (!opened || access(staging, W_OK | X_OK) < 0)
		return mem_printf("%s, where files are got ready, cannot be written", staging);
	if (mount_of(folder, &here, &err) && mount_of(staging, &there, &err) && here.id != there.id)
		return mem_printf("%s, where files are got ready, is on another file system than "
				  "the watch folder",
				  staging);
	return NULL;
}

static void check_staging(struct doctor *d, const struct folder *f)
{
	OWN_STR char *staging = fs_join(f->path, HIDDEN_NAME);

	if (!fs_exists(staging))
		return;
	OWN_STR char *fault = staging_fault(f->path, staging);
	if (!fault) {
		doctor_say(d, DOCTOR_OK, test_name(f, AS_STAGING), f->about,
			   "temporary files are on the file system of %s", f->path);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, test_name(f, AS_STAGING), f->about, "%s", fault);
	doctor_fix(d, "move %s away (nothing may be mounted there): the program makes it again",
		   staging);
}

/* ---- owners ---- */

/* Has the folder's group the files that we write there, and may it read them? */
static bool shares_by_group(const struct doctor *d, const struct stat *st)
{
	gid_t group = st->st_mode & S_ISGID ? st->st_gid : getegid();

	return group == st->st_gid && !(d->config->mask & 040);
}

static void say_owner(struct doctor *d, const struct folder *f, const struct stat *st)
{
	OWN_STR char *owner = doctor_user(st->st_uid);
	OWN_STR char *us = doctor_user(geteuid());
	OWN_STR char *quoted = text_quoted(f->path);

	doctor_say(d, DOCTOR_WARN, test_name(f, AS_OWNER), f->about,
		   "%s belongs to %s, and this is %s: that user may not be able to read what we "
		   "write (Umask %03o)",
		   f->path, owner, us, (unsigned)d->config->mask);
	if (geteuid() == 0)
		doctor_fix(d, "run ptp-archiver as %s: `sudo -u`, `--user`, or User= of the unit",
			   owner);
	else
		doctor_fix(d,
			   SHARE ", or set UMASK=002, which opens the torrents, and your passkey "
				 "in them, to every user of this machine",
			   quoted);
}

static void check_watch_owner(struct doctor *d, const struct folder *f)
{
	struct stat st;

	if (stat(f->path, &st) < 0 || st.st_uid == geteuid())
		return;
	/* With umask 002 and the like everybody may read. */
	if (!(d->config->mask & 04))
		return;
	if (geteuid() != 0 && shares_by_group(d, &st))
		doctor_say(d, DOCTOR_OK, test_name(f, AS_OWNER), f->about,
			   "%s belongs to another user, who can read what we write by the group "
			   "%u",
			   f->path, (unsigned)st.st_gid);
	else
		say_owner(d, f, &st);
}

/* A .torrent holds the passkey. */
static void check_open(struct doctor *d, const struct folder *f)
{
	struct stat st;

	if (stat(f->path, &st) < 0 || (d->config->mask & 04) || !(st.st_mode & S_IXOTH))
		return;
	OWN_STR char *quoted = text_quoted(f->path);
	doctor_say(d, DOCTOR_WARN, test_name(f, AS_OPEN), f->about,
		   "every user of this machine can read the torrents in %s, and your passkey in "
		   "them (Umask %03o)",
		   f->path, (unsigned)d->config->mask);
	doctor_fix(d,
		   "close the folder to them (chmod o-rwx %s), or set UMASK=007 and give the "
		   "client the folder's group",
		   quoted);
}

static void check_state_owner(struct doctor *d, const struct folder *f)
{
	OWN_STR char *quoted = text_quoted(f->path);
	const char *test = test_name(f, AS_OWNER);
	struct stat st;

	if (stat(f->path, &st) < 0)
		return;
	if (st.st_mode & 077) {
		doctor_say(d, DOCTOR_WARN, test, f->about, "others can look into %s", f->path);
		doctor_fix(d, "chmod 700 %s", quoted);
	}
	if (st.st_uid != geteuid()) {
		OWN_STR char *owner = doctor_user(st.st_uid);
		OWN_STR char *us = doctor_user(geteuid());
		doctor_say(d, DOCTOR_WARN, test, f->about,
			   "%s belongs to %s, and this is %s: its owner cannot read files that are "
			   "made there now",
			   f->path, owner, us);
		doctor_fix(d, "run ptp-archiver as %s (sudo -u), or chown -R the folder", owner);
	}
}

/* ---- the tests ---- */

void doctor_answers(struct doctor *d)
{
	struct err ignored;

	(void)!wire_look_at_folders(d->config, &ignored);
}

/* Nothing else is tried there. */
static bool hangs(struct doctor *d, const char *test, const char *about, const char *path)
{
	if (!apart_hangs_since(path))
		return false;
	doctor_say(d, DOCTOR_FAIL, test, about, "%s does not answer", path);
	doctor_fix(d, "see whether its server runs and the network works; then mount it again");
	return true;
}

void doctor_state(struct doctor *d)
{
	const struct folder f = {false, "state", d->config->state};

	if (check_usable(d, &f))
		check_space(d, &f);
	check_mount(d, &f);
	check_state_owner(d, &f);
}

/* `run` does not make a watch folder again that was used; doctor_marks() says so. */
static bool is_gone(const struct doctor *d, const struct folder *f)
{
	const struct mark_folder folder = {f->path, MARK_WATCH, f->about};
	struct ledger *l = fs_exists(f->path) ? NULL : wire_look(d->config);
	struct mark_sight sight;
	struct err ignored;

	bool gone = l && mark_look(l, &folder, &sight, &ignored) && sight.mark.fault == MARK_GONE;
	ledger_close(l);
	return gone;
}

static void check_watch(struct doctor *d, const struct container *c)
{
	const struct folder f = {true, c->name, c->watch_folder};

	if (hangs(d, "watch-folder", c->name, f.path) || is_gone(d, &f))
		return;
	if (check_usable(d, &f)) {
		check_space(d, &f);
		check_watch_owner(d, &f);
		check_open(d, &f);
	}
	check_mount(d, &f);
	check_staging(d, &f);
}

void doctor_watch(struct doctor *d)
{
	for (size_t i = 0; i < d->config->n_containers; i++)
		if (!d->config->containers[i].client)
			check_watch(d, &d->config->containers[i]);
}

static uint64_t wanted(const struct reserve *r, uint64_t total)
{
	if (r->bytes)
		return r->bytes;
	return total / 100 * (r->percent ? r->percent : LITTLE_PERCENT);
}

/* The client makes it, if anybody does; without it there is nothing that Reserve could go by. */
static void check_data_folder(struct doctor *d, const struct container *c)
{
	bool reserve = c->reserve.bytes || c->reserve.percent;
	OWN_STR char *quoted = text_quoted(c->data_folder);
	struct stat st;

	if (fs_is_folder(c->data_folder))
		return;
	const char *fault = stat(c->data_folder, &st) == 0 ? "is not a folder"
			    : errno == EACCES              ? "cannot be looked at by this user"
							   : "is not there";
	doctor_say(d, reserve ? DOCTOR_FAIL : DOCTOR_WARN, "data-folder", c->name,
		   "%s, the folder for data, %s%s", c->data_folder, fault,
		   reserve ? ": nothing is asked for, since Reserve goes by its free space" : "");
	doctor_fix(d,
		   "make it (mkdir -p %s), mount what should be there, let this user in, or "
		   "correct DataDirectory (PTP_DATA)",
		   quoted);
}

static void check_data(struct doctor *d, const struct container *c)
{
	char free_text[NUM_TEXT], wanted_text[NUM_TEXT];
	uint64_t bytes, total;
	struct err err;

	if (hangs(d, "data-folder", c->name, c->data_folder))
		return;
	OWN_STR char *there = nearest_there(c->data_folder);
	check_data_folder(d, c);
	if (!fs_space(there, &bytes, &total, &err)) {
		doctor_say(d, DOCTOR_FAIL, "data-space", c->name, "%s", err.msg);
		doctor_fix(d, "correct DataDirectory (PTP_DATA), or mount it");
		return;
	}
	num_bytes(bytes, free_text);
	num_bytes(wanted(&c->reserve, total), wanted_text);
	bool little = bytes < wanted(&c->reserve, total);
	doctor_say(d, little ? DOCTOR_WARN : DOCTOR_OK, "data-space", c->name,
		   "%s free for data in %s%s%s", free_text, there, little ? ", less than " : "",
		   little ? wanted_text : "");
	if (little)
		doctor_fix(d,
			   "make room there, or make the container smaller: `ptp-archiver "
			   "resize`%s",
			   c->reserve.bytes || c->reserve.percent
				   ? "; below Reserve (PTP_RESERVE) nothing new is asked for"
				   : "");
}

void doctor_data(struct doctor *d)
{
	for (size_t i = 0; i < d->config->n_containers; i++)
		if (d->config->containers[i].data_folder)
			check_data(d, &d->config->containers[i]);
}
