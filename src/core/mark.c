#include "core/mark.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/hidden.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "system/apart.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define FILE_MAX_BYTES 1024

static const char explanation[] = "\n\n"
				  "By this file ptp-archiver knows that this is the right folder, "
				  "and not another disk.\n"
				  "If you remove it, `ptp-archiver accept` makes it again.\n";

/* `watch`: NULL if its torrents go to a client. */
static size_t find_folders(const struct container *c, const char *watch,
			   struct mark_folder out[MARK_FOLDERS])
{
	size_t n = 0;

	if (watch)
		out[n++] = (struct mark_folder){watch, MARK_WATCH, c->name};
	if (container_measures_data(c))
		out[n++] = (struct mark_folder){c->data_folder, MARK_DATA, c->name};
	return n;
}

size_t mark_folders_of(const struct container *c, struct mark_folder out[MARK_FOLDERS])
{
	return find_folders(c, c->client ? NULL : c->watch_folder, out);
}

size_t mark_folders(const struct target *t, struct mark_folder out[MARK_FOLDERS])
{
	return find_folders(t->container, destination_watches(t->to) ? t->to->place : NULL, out);
}

/* ---- what is in the folder ---- */

static bool is_id(const char *text)
{
	uint8_t bytes[MARK_ID / 2];

	return hash_unhex(text, bytes, sizeof bytes);
}

static bool read_id(const struct fs_folder *h, const char *name, char id[MARK_ID])
{
	OWN_BUF struct buf text = BUF_MAX(FILE_MAX_BYTES);
	char first[MARK_ID];
	struct err ignored;

	if (!fs_read_in(h, name, &text, &ignored))
		return false;
	text_copy(first, sizeof first, buf_text(&text));
	if (!is_id(first))
		return false;
	text_copy(id, MARK_ID, first);
	return true;
}

struct marks {
	bool there, hidden;
	bool blocked;         /* what is hidden cannot be looked into */
	char own[MARK_ID];    /* the id of this ledger's mark */
	char others[MARK_ID]; /* another ledger that has one, the first by its id */
	char system[MARK_ID]; /* what the system says of the folder; "" if it says nothing */
};

static void take_mark(const struct fs_folder *h, const char *name, const char *ledger,
		      struct marks *m)
{
	const char *of = name + strlen(MARK_FILE);

	if (!text_starts(name, MARK_FILE) || !is_id(of))
		return;
	if (strcmp(of, ledger) == 0)
		(void)read_id(h, name, m->own);
	else if (!m->others[0] || strcmp(of, m->others) < 0)
		text_copy(m->others, sizeof m->others, of);
}

static bool is_missing(const struct err *why)
{
	return why->errnum == ENOENT || why->errnum == ENOTDIR;
}

/* Some file systems give their files other numbers at each mount. */
static bool has_stable_numbers(unsigned type)
{
	return type != FUSE_SUPER_MAGIC && type != CIFS_SUPER_MAGIC && type != SMB2_SUPER_MAGIC;
}

static void system_id(const char *folder, char id[MARK_ID])
{
	struct statfs fs;
	struct stat st;

	id[0] = '\0';
	if (stat(folder, &st) < 0 || statfs(folder, &fs) < 0)
		return;
	unsigned type = (unsigned)fs.f_type;
	snprintf(id, MARK_ID, "%08x%024" PRIx64, type,
		 has_stable_numbers(type) ? (uint64_t)st.st_ino : 0);
}

static bool read_here(const struct mark_folder *f, const char *ledger, struct marks *m,
		      struct err *err)
{
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	struct err why;

	*m = (struct marks){.there = fs_is_folder(f->path)};
	system_id(f->path, m->system);
	m->hidden = hidden_open(&h, f->path, false, &why);
	m->blocked = !m->hidden && m->there && !is_missing(&why);
	/* A folder for data may be another user's, and root may look at another's state. */
	if (m->blocked && f->use == MARK_WATCH) {
		*err = why;
		return false;
	}
	OWN_DIR DIR *dir = m->hidden ? fs_folder_list(&h) : NULL;
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		take_mark(&h, entry->d_name, ledger, m);
	return true;
}

struct reading {
	const struct mark_folder *folder;
	const char *ledger;
	struct marks marks;
};

static bool do_reading(void *job, struct err *err)
{
	struct reading *r = job;

	return read_here(r->folder, r->ledger, &r->marks, err);
}

/* The state folder is where the ledger is: if it hangs, nothing works. */
static bool read_marks(const struct mark_folder *f, const char *ledger, struct marks *m,
		       struct err *err)
{
	struct reading r = {.folder = f, .ledger = ledger};

	if (f->use == MARK_STATE)
		return read_here(f, ledger, m, err);
	if (!apart(f->path, do_reading, &r, sizeof r, err))
		return false;
	*m = r.marks;
	return true;
}

/* ---- is it right? ---- */

struct past {
	bool used, delivered; /* see ledger_used_folder() */
};

static bool find_past(struct ledger *l, const struct mark_folder *f, struct past *p,
		      struct err *err)
{
	*p = (struct past){0};
	return f->use != MARK_WATCH ||
	       ledger_used_folder(l, f->container, f->path, &p->used, &p->delivered, err);
}

static enum mark_fault judge_unmarked(const struct marks *m, const struct mark *known,
				      const struct past *past)
{
	if (known->by_system && strcmp(m->system, known->id) == 0)
		return MARK_RIGHT;
	if (m->others[0])
		return MARK_FOREIGN;
	return known->id[0] || (past->delivered && !m->hidden) ? MARK_NONE : MARK_RIGHT;
}

static enum mark_fault judge(const struct marks *m, const struct mark *known,
			     const struct past *past)
{
	if (!m->there)
		return known->id[0] || past->used ? MARK_GONE : MARK_RIGHT;
	if (!m->own[0])
		return judge_unmarked(m, known, past);
	return !known->id[0] || known->by_system || strcmp(known->id, m->own) == 0 ? MARK_RIGHT
										   : MARK_OTHER;
}

static void note_fault(struct mark *mark, enum mark_fault fault, const struct marks *m)
{
	if (mark->fault != fault)
		mark->since = fault == MARK_RIGHT ? 0 : clock_now();
	mark->fault = fault;
	text_copy(mark->found, sizeof mark->found,
		  fault == MARK_OTHER     ? m->own
		  : fault == MARK_FOREIGN ? m->others
					  : "");
}

static bool look(struct ledger *l, const struct mark_folder *f, struct mark_sight *s,
		 struct mark *known, struct err *err)
{
	struct marks m;
	struct past past;

	*s = (struct mark_sight){0};
	if (!ledger_identity(l, s->ledger, err) || !ledger_get_mark(l, f->path, known, err) ||
	    !find_past(l, f, &past, err) || !read_marks(f, s->ledger, &m, err))
		return false;
	s->mark = *known;
	s->there = m.there;
	s->hidden = m.hidden;
	text_copy(s->own, sizeof s->own, m.own);
	text_copy(s->system, sizeof s->system, m.system);
	note_fault(&s->mark, judge(&m, known, &past), &m);
	return true;
}

bool mark_look(struct ledger *l, const struct mark_folder *f, struct mark_sight *s, struct err *err)
{
	struct mark known;

	return look(l, f, s, &known, err);
}

bool mark_is_right(const struct run *r, const struct mark_folder *f, bool *right, struct err *err)
{
	struct mark_sight s;
	struct err why;

	bool seen = mark_look(r->ledger, f, &s, &why);
	if (!seen && why.code == WORD_LEDGER) {
		*err = why;
		return false;
	}
	*right = seen && s.mark.fault == MARK_RIGHT;
	return true;
}

struct fact mark_fact(const struct mark_folder *f, const struct mark_sight *s)
{
	return (struct fact){.what = FACT_OTHER_FOLDER,
			     .container = f->container,
			     .folder = f->path,
			     .use = f->use,
			     .mark = s->mark,
			     .since = s->mark.since,
			     .ledger = s->ledger};
}

static bool fail(const struct fact *f, struct err *err)
{
	OWN_STR char *sentence = fact_sentence(f, FACT_COMPLETE);
	OWN_STR char *remedy = fact_remedy(f, FACT_COMPLETE);

	err_set(err, ERR_TARGET, WORD_DISK, "%s %s", sentence, remedy);
	if (strlen(err->msg) > strlen(sentence) + 1)
		err->advice = (unsigned)strlen(sentence) + 1;
	return false;
}

bool mark_expect(struct ledger *l, const struct mark_folder *f, struct err *err)
{
	struct mark_sight s;

	if (!mark_look(l, f, &s, err))
		return false;
	const struct fact fact = mark_fact(f, &s);
	return s.mark.fault == MARK_RIGHT || fail(&fact, err);
}

/* ---- a new mark ---- */

static bool put_mark(const struct fs_folder *h, const char *ledger, const char *id, struct err *err)
{
	OWN_STR char *name = mem_printf(MARK_FILE "%s", ledger);
	OWN_STR char *text = mem_printf("%s%s", id, explanation);

	return fs_stage_in(h, "mark.new", text, strlen(text), 0600, err) &&
	       fs_replace_in(h, "mark.new", name, err);
}

static void new_id(char id[MARK_ID])
{
	uint8_t bytes[MARK_ID / 2];

	hash_random(bytes, sizeof bytes);
	hash_hex(bytes, sizeof bytes, id);
}

static bool write_here(const char *folder, const char *ledger, const char *id, struct err *err)
{
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;

	return hidden_open(&h, folder, true, err) && put_mark(&h, ledger, id, err);
}

struct writing {
	const char *folder, *ledger, *id;
};

static bool do_writing(void *job, struct err *err)
{
	const struct writing *w = job;

	return write_here(w->folder, w->ledger, w->id, err);
}

static bool write_mark(const char *folder, const char *ledger, char id[MARK_ID], struct err *err)
{
	struct writing w = {folder, ledger, id};

	new_id(id);
	return apart(folder, do_writing, &w, sizeof w, err);
}

static bool write_state_mark(const char *state, const char *ledger, struct err *err)
{
	char id[MARK_ID];

	new_id(id);
	return write_here(state, ledger, id, err);
}

/* Nothing may be written where a client keeps its data, perhaps.  Then the system's words do. */
static bool make_mark(const struct mark_folder *f, struct mark_sight *s, struct err *err)
{
	struct err why;

	s->mark.by_system = false;
	if (write_mark(f->path, s->ledger, s->mark.id, &why))
		return true;
	if (f->use == MARK_DATA && why.code == WORD_DISK) {
		log_debug(f->container, "%s: known by its file system, because %s", f->path,
			  why.msg);
		s->mark.by_system = true;
		text_copy(s->mark.id, sizeof s->mark.id, s->system);
		return true;
	}
	*err = why;
	return false;
}

/* It is right: what the ledger is to know of it from now on. */
static bool learn(const struct mark_folder *f, struct mark_sight *s, bool first_use,
		  struct err *err)
{
	if (s->own[0]) {
		s->mark.by_system = false;
		text_copy(s->mark.id, sizeof s->mark.id, s->own);
	} else if (s->there && first_use && !s->mark.by_system && !make_mark(f, s, err)) {
		return false;
	}
	return true;
}

static bool is_changed(const struct mark *a, const struct mark *b)
{
	return strcmp(a->id, b->id) != 0 || a->by_system != b->by_system || a->fault != b->fault ||
	       strcmp(a->found, b->found) != 0;
}

static bool keep(struct ledger *l, const char *folder, const struct mark *known,
		 struct mark_sight *s, struct err *err)
{
	if (!is_changed(&s->mark, known))
		return true;
	if (strcmp(s->mark.id, known->id) != 0) {
		s->mark.at = clock_now();
		s->mark.who[0] = '\0';
	}
	return ledger_set_mark(l, folder, &s->mark, err);
}

static bool check_one(const struct run *r, const struct mark_folder *f, bool first_use,
		      struct err *err)
{
	struct mark_sight s;
	struct mark known;

	if (!look(r->ledger, f, &s, &known, err))
		return false;
	bool right = s.mark.fault == MARK_RIGHT;
	if ((right && !learn(f, &s, first_use, err)) || !keep(r->ledger, f->path, &known, &s, err))
		return false;
	const struct fact fact = mark_fact(f, &s);
	return right || fail(&fact, err);
}

bool mark_check(const struct run *r, const struct target *t, bool first_use, struct err *err)
{
	struct mark_folder all[MARK_FOLDERS];
	size_t n = mark_folders(t, all);

	for (size_t i = 0; i < n; i++)
		if (!check_one(r, &all[i], first_use, err))
			return false;
	return true;
}

bool mark_accept(const struct run *r, const struct mark_folder *f, const char *who, bool *changed,
		 struct err *err)
{
	struct mark_sight s;
	struct mark known;

	if (!look(r->ledger, f, &s, &known, err))
		return false;
	const struct fact fact = mark_fact(f, &s);
	if (!s.there)
		return s.mark.fault == MARK_GONE
			       ? fail(&fact, err)
			       : err_set(err, ERR_TARGET, WORD_DISK, "%s is not there", f->path);
	*changed = s.mark.fault != MARK_RIGHT || !known.id[0];
	if (!*changed)
		return true;
	if (s.own[0] ? !learn(f, &s, false, err) : !make_mark(f, &s, err))
		return false;
	s.mark.fault = MARK_RIGHT;
	s.mark.since = 0;
	s.mark.found[0] = '\0';
	s.mark.at = clock_now();
	text_copy(s.mark.who, sizeof s.mark.who, who);
	return ledger_set_mark(r->ledger, f->path, &s.mark, err);
}

/* ---- the state folder ---- */

static struct mark_folder state_folder(const char *state)
{
	return (struct mark_folder){state, MARK_STATE, NULL};
}

static bool refuse_state(const char *state, enum mark_fault fault, const char *found,
			 const char *ledger, const char *because, struct err *err)
{
	struct fact f = {.what = FACT_OTHER_FOLDER,
			 .folder = state,
			 .use = MARK_STATE,
			 .mark.fault = fault,
			 .ledger = ledger,
			 .detail = because};

	text_copy(f.mark.found, sizeof f.mark.found, found);
	return fail(&f, err);
}

/* Is there another ledger's mark in a folder of this container? */
static bool has_foreign(const struct container *c, const char **folder, struct marks *m)
{
	struct mark_folder all[MARK_FOLDERS];
	size_t n = mark_folders_of(c, all);
	struct err ignored;

	for (size_t i = 0; i < n; i++) {
		*folder = all[i].path;
		if (read_marks(&all[i], "", m, &ignored) && m->others[0])
			return true;
	}
	return false;
}

bool mark_may_begin(const char *state, const struct mark_witnesses *w, struct err *err)
{
	const struct mark_folder here = state_folder(state);
	const char *folder;
	struct marks m;

	if (!read_marks(&here, "", &m, err))
		return false;
	if (m.others[0])
		return true;
	for (size_t i = 0; i < w->n; i++)
		if (has_foreign(&w->containers[i], &folder, &m))
			return refuse_state(state, MARK_EMPTY, m.others, NULL, folder, err);
	return !w->ledger_id || refuse_state(state, MARK_EMPTY, w->ledger_id, NULL, w->config, err);
}

/* It is the ledger that counts, so it is used anyway. */
static void mark_state_folder(const char *state, const char *ledger)
{
	struct err err;

	if (!write_state_mark(state, ledger, &err))
		log_warn(NULL, "the state folder gets no mark: %s", err.msg);
}

static bool take_over(struct ledger *l, const char *state, const char *id, struct err *err)
{
	log_warn(NULL,
		 "the ledger of the state folder %s is gone, and a new one is begun: if you did "
		 "not remove it, stop, and put a copy of it back",
		 state);
	return ledger_set_identity(l, id, err);
}

static bool read_state(struct ledger *l, const char *state, char ledger[MARK_ID], struct marks *m,
		       struct err *err)
{
	const struct mark_folder here = state_folder(state);

	return ledger_identity(l, ledger, err) && read_marks(&here, ledger, m, err);
}

bool mark_expect_state(struct ledger *l, const char *state, struct err *err)
{
	char ledger[MARK_ID];
	struct marks m;

	if (!read_state(l, state, ledger, &m, err))
		return false;
	return m.own[0] || !m.others[0] ||
	       refuse_state(state, MARK_FOREIGN, m.others, ledger, NULL, err);
}

bool mark_state(struct ledger *l, const char *state, bool fresh, struct err *err)
{
	char ledger[MARK_ID];
	struct marks m;

	if (!read_state(l, state, ledger, &m, err))
		return false;
	if (fresh && !m.own[0] && m.others[0])
		return take_over(l, state, m.others, err);
	if (!mark_expect_state(l, state, err))
		return false;
	if (!m.own[0] && !m.blocked)
		mark_state_folder(state, ledger);
	return true;
}

static bool remove_others(const char *state, const char *ledger, struct err *err)
{
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	struct dirent *entry;
	bool ok = true;

	if (!hidden_open(&h, state, true, err))
		return false;
	OWN_DIR DIR *dir = fs_folder_list(&h);
	while (ok && dir && (entry = readdir(dir)))
		if (text_starts(entry->d_name, MARK_FILE) &&
		    strcmp(entry->d_name + strlen(MARK_FILE), ledger) != 0)
			ok = fs_remove_in(&h, entry->d_name, err);
	return ok;
}

bool mark_accept_state(struct ledger *l, const char *state, struct err *err)
{
	char ledger[MARK_ID];

	return ledger_identity(l, ledger, err) && write_state_mark(state, ledger, err) &&
	       remove_others(state, ledger, err);
}
