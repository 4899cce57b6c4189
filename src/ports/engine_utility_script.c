/* The utility's script: there, checked, as new as it should be; declared in
 * ports/engine_utility_parts.h. */
#include "ports/engine_utility_parts.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "model/utility_output.h"

#include <stdio.h>
#include <string.h>

/* ---- the calls to the tracker ---- */

static bool call_ended(struct utility *u, struct err *err)
{
	return u->o.after_call(u->o.ctx, NULL, NULL, err);
}

/* Where it fails: told at once, and once, whatever is made of it. */
static bool call_failed(struct utility *u, struct err *err)
{
	struct err why = *err;

	u->base.failure = u->native->failure;
	if (u->o.after_call(u->o.ctx, &u->base.failure, &why, err))
		*err = why;
	return false;
}

/* ---- Python ---- */

static bool module_missing(const char *module, struct err *err)
{
	err_set(err, ERR_TARGET, WORD_CONFIG,
		"the official utility needs the Python module `%s`, which is not there%s", module,
		strcmp(module, "cgi") == 0 ? " (Python 3.13 and newer do not have it)" : "");
	return err_advise(err, ENGINE_UTILITY_ADVICE);
}

/* Looks for what the script imports at its top; where there is none yet, what is given behind it.
 * Where a script looks for its modules in places of its own, only it can find them. */
static const char import_all[] =
	"import requests, ast, importlib.util, os, sys\n"
	"names = set(sys.argv[2:])\n"
	"try:\n"
	" source = open(sys.argv[1], 'rb').read()\n"
	" tree = ast.parse(source)\n"
	"except OSError: tree = None\n"
	"except (SyntaxError, ValueError): sys.exit(0)\n"
	"if tree and b'sys.path' not in source:\n"
	" names = {a.name for n in tree.body if isinstance(n, ast.Import) for a in n.names}\n"
	" names |= {n.module for n in tree.body if isinstance(n, ast.ImportFrom) and not n.level}\n"
	"sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))\n"
	"for name in sorted({n.split('.')[0] for n in names}):\n"
	" if not importlib.util.find_spec(name):\n"
	"  raise ModuleNotFoundError(\"No module named '%s'\" % name)\n";

/* `besides`: what a script that is not there yet will import; or NULL. */
static bool imports(struct utility *u, const char *besides, struct buf *output, struct err *err)
{
	const char *const words[] = {"-c", import_all, u->o.script ? u->o.script : "", besides,
				     NULL};
	struct utility_output said;
	struct proc_end end;

	if (!utility_python(u, words, output, &end, err))
		return false;
	if (end.status == 0)
		return true;
	utility_output_read(end.status, buf_text(output), &said);
	if (said.signal)
		return err_set(err, ERR_RETRY, WORD_INTERNAL, "python3 was %s", said.message);
	return module_missing(said.module[0] ? said.module : "requests", err);
}

static bool python_ready(struct utility *u, struct err *err)
{
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);

	if (imports(u, NULL, &output, err))
		return true;
	utility_log(NULL, &output);
	return false;
}

bool engine_utility_python(const char *script, struct wake *wake, struct err *err)
{
	struct utility u = {.folder = (char[]){"/"}, .o.tracker.wake = wake, .o.script = script};
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);

	return imports(&u, "cgi", &output, err);
}

/* ---- list ---- */

static bool list_failed(const struct proc_end *end, const struct buf *output, bool *own_fault,
			struct err *err)
{
	struct utility_output said;

	utility_log(NULL, output);
	utility_output_read(end->status, buf_text(output), &said);
	*own_fault &= !said.module[0];
	if (said.module[0])
		return module_missing(said.module, err);
	OWN_STR char *message = utility_masked(said.message);
	if (end->timed_out)
		return err_set(err, ERR_RETRY, WORD_TIMEOUT,
			       "Could not get container list from archiver.py: it hung");
	err_set(err, ERR_TARGET, said.type[0] ? WORD_OTHER : WORD_PROTOCOL,
		"Could not get container list from archiver.py%s%s", message[0] ? ": " : "",
		message);
	text_copy(err->name, sizeof err->name, said.type);
	return false;
}

bool utility_script_lists(struct utility *u, const char *script, bool *own_fault, struct err *err)
{
	static const char *const words[] = {"list", NULL};
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);
	struct proc_end end;

	*own_fault = false;
	if (!utility_run(u, script, words, UTILITY_LOCAL_MS, &output, &end, err))
		return false;
	*own_fault = !end.timed_out && end.status < 128;
	if (end.status || !utility_output_is_list(buf_text(&output)))
		return list_failed(&end, &output, own_fault, err);
	for (size_t i = 0; i < u->o.n_containers; i++)
		if (!output.full &&
		    !utility_output_lists(buf_text(&output), u->o.containers[i].name))
			return err_set(err, ERR_TARGET, WORD_CONFIG,
				       "the container \"%s\" is not in the list that archiver.py "
				       "prints",
				       u->o.containers[i].name);
	return true;
}

/* ---- the source ---- */

static bool not_the_utility(const char *why, struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_PROTOCOL,
		       "what the tracker sent in place of archiver.py %s", why);
}

/* Does it compile?  It is not run. */
static bool compiles(struct utility *u, const char *path, struct err *err)
{
	const char *const words[] = {
		"-c", "import sys\ncompile(open(sys.argv[1], 'rb').read(), 'archiver.py', 'exec')",
		path, NULL};
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);
	struct proc_end end;

	if (!utility_python(u, words, &output, &end, err))
		return false;
	return end.status == 0 || not_the_utility("is no Python that compiles", err);
}

/* The tracker's script as it comes. */
static bool get_source(struct utility *u, struct buf *source, struct err *err)
{
	if (!u->o.before_call(u->o.ctx, err))
		return false;
	return u->native->ops->script(u->native, source, err) ? call_ended(u, err)
							      : call_failed(u, err);
}

/* Checked, at `path` in our folder; `version` is its own. */
static bool download(struct utility *u, const char *path, struct buf *source,
		     char version[REPLY_VERSION_SIZE], struct err *err)
{
	if (!get_source(u, source, err))
		return false;
	if (source->len < UTILITY_SOURCE_MIN_BYTES || memchr(source->data, '\0', source->len))
		return not_the_utility("is no text", err);
	if (!utility_output_version(buf_text(source), version))
		return not_the_utility("has no version", err);
	return fs_stage(path, source->data, source->len, 0600, err) && compiles(u, path, err);
}

/* `source` stays empty if it is not there. */
static bool read_script(const struct utility *u, struct buf *source, struct err *err)
{
	buf_reset(source);
	return !fs_exists(u->script) || fs_read(u->script, source, err);
}

static bool put(const struct utility *u, const struct buf *source, struct err *err)
{
	return fs_write(u->script, source->data, source->len, 0644, err);
}

/* ---- the first one ---- */

/* Without it there is nothing else to do: whatever came in its place is waited out. */
static bool wait_out(struct utility *u, struct err *err)
{
	static const struct engine_failure unwell = {.back_off = true};
	struct err why = *err;

	u->base.failure = unwell;
	if (u->o.after_call(u->o.ctx, &unwell, &why, err))
		*err = why;
	return false;
}

static bool is_no_script(const struct utility *u, const struct err *err)
{
	return !u->base.failure.back_off && (err->code == WORD_PROTOCOL || err->code == WORD_HTTP);
}

/* Tried where it lies in our folder, as an update is. */
static bool fetch_first(struct utility *u, const char *path, struct err *err)
{
	OWN_BUF struct buf source = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);
	char version[REPLY_VERSION_SIZE];
	bool own_fault;

	log_info(NULL, "there is no archiver.py at %s; the tracker is asked for it", u->script);
	if (!download(u, path, &source, version, err)) {
		err_wrap(err, "download archiver.py");
		return is_no_script(u, err) && wait_out(u, err);
	}
	if (!utility_script_lists(u, path, &own_fault, err)) {
		err_wrap(err, "archiver.py %s, as the tracker sent it, is not put in place",
			 version);
		return own_fault && wait_out(u, err);
	}
	if (!put(u, &source, err))
		return false;
	log_info(NULL, "archiver.py %s was put in place as %s", version, u->script);
	return true;
}

/* ---- a newer one ---- */

static bool was_refused(const struct utility *u, const char *version)
{
	OWN_STR char *path = fs_join(u->folder, "refused");
	OWN_BUF struct buf text = BUF_MAX(REPLY_VERSION_SIZE);
	struct err ignored;

	return fs_exists(path) && fs_read_regular(path, &text, &ignored) &&
	       strcmp(buf_text(&text), version) == 0;
}

/* So that it is not downloaded again every six hours: it was tried and failed, and where it failed
 * the one in place works. */
static void refuse(struct utility *u, const char *version)
{
	OWN_STR char *path = fs_join(u->folder, "refused");
	struct err err;
	bool ignored;

	if (utility_script_lists(u, u->script, &ignored, &err) &&
	    !fs_write(path, version, strlen(version), 0600, &err))
		log_warn(NULL, "%s", err.msg);
}

/* ---- on trial: in place, and not known yet to work there ---- */

struct trial {
	char old[REPLY_VERSION_SIZE], new[REPLY_VERSION_SIZE];
	char hash[2 * SHA256_SIZE + 1]; /* of the new one */
};

static char *trial_path(const struct utility *u)
{
	return fs_join(u->folder, "trying");
}

static char *backup_path(const struct utility *u, const char *version)
{
	return mem_printf("%s-%s.bak", u->script, version);
}

static void hash_source(const struct buf *source, char hash[2 * SHA256_SIZE + 1])
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(buf_text(source), source->len, digest);
	hash_hex(digest, sizeof digest, hash);
}

static bool parse_trial(const char *text, struct trial *t)
{
	return sscanf(text, "%23[0-9.] %23[0-9.] %64[0-9a-f]", t->old, t->new, t->hash) == 3;
}

/* Does a trial go on?  One whose script is not in place, because it had not come so far or because
 * somebody put another one there, is over. */
static bool on_trial(const struct utility *u, const struct buf *in_place, struct trial *t)
{
	OWN_STR char *path = trial_path(u);
	OWN_BUF struct buf text = BUF_MAX(256);
	char hash[2 * SHA256_SIZE + 1];
	struct err ignored;

	if (!fs_exists(path) || !fs_read_regular(path, &text, &ignored))
		return false;
	hash_source(in_place, hash);
	if (parse_trial(buf_text(&text), t) && strcmp(t->hash, hash) == 0)
		return true;
	(void)!fs_remove(path, &ignored);
	return false;
}

/* Either the old one or the new one is in place at any time, and before the new one is, the way
 * back is written down. */
static bool begin_trial(const struct utility *u, const struct trial *t, const struct buf *old,
			const struct buf *new, struct err *err)
{
	OWN_STR char *path = trial_path(u);
	OWN_STR char *backup = backup_path(u, t->old);
	OWN_STR char *text = mem_printf("%s %s %s\n", t->old, t->new, t->hash);

	return fs_write(backup, old->data, old->len, 0644, err) &&
	       fs_write(path, text, strlen(text), 0600, err) && put(u, new, err);
}

static bool go_back(const struct utility *u, const struct trial *t, struct err *err)
{
	OWN_STR char *backup = backup_path(u, t->old);
	OWN_BUF struct buf old = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);

	return (fs_read(backup, &old, err) && put(u, &old, err)) ||
	       err_wrap(err, "the old archiver.py cannot be put back");
}

/* It works, or the old one comes back, and *err says what was wrong with it.  After a stop, or if
 * the old one cannot be put back, the trial goes on. */
static bool end_trial(struct utility *u, const struct trial *t, struct err *err)
{
	OWN_STR char *path = trial_path(u);
	bool own_fault;
	struct err why;

	bool works = utility_script_lists(u, u->script, &own_fault, err);
	if (!works && (err_is_stop(err) || !go_back(u, t, &why))) {
		if (!err_is_stop(err))
			log_error(NULL, "%s", why.msg);
		return false;
	}
	if (!fs_remove(path, &why))
		log_warn(NULL, "%s", why.msg);
	if (works)
		log_info(NULL,
			 "archiver.py was updated from %s to %s; the old one is kept as %s-%s.bak",
			 t->old, t->new, u->script, t->old);
	else if (own_fault)
		refuse(u, t->new);
	return works;
}

/* What an earlier process had put in place, and not proven. */
static bool go_on_with_trial(struct utility *u, const struct buf *in_place, struct err *err)
{
	struct trial t;
	struct err why;

	if (!on_trial(u, in_place, &t))
		return true;
	log_info(NULL, "archiver.py %s was put in place before the program ended, and is tried now",
		 t.new);
	if (end_trial(u, &t, &why))
		return true;
	if (err_is_stop(&why)) {
		*err = why;
		return false;
	}
	log_error(NULL, "archiver.py %s does not work, and %s is to be back: %s", t.new, t.old,
		  why.msg);
	return true;
}

/* ---- the update ---- */

/* Tried where it lies in our folder, before it is in place; put in place, it is tried again, as
 * every one is. */
static bool try_update(struct utility *u, const char *path, const struct buf *old,
		       const char *old_version, struct err *err)
{
	OWN_BUF struct buf new = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);
	struct trial t;
	bool own_fault;

	if (!download(u, path, &new, t.new, err))
		return false;
	if (num_version_compare(t.new, old_version) <= 0)
		return err_set(err, ERR_ITEM, WORD_PROTOCOL,
			       "what the tracker sent is version %s, not a newer one", t.new);
	if (!utility_script_lists(u, path, &own_fault, err)) {
		if (own_fault)
			refuse(u, t.new);
		return false;
	}
	text_copy(t.old, sizeof t.old, old_version);
	hash_source(&new, t.hash);
	return begin_trial(u, &t, old, &new, err) && end_trial(u, &t, err);
}

/* A failed update leaves the old one at work, unless it is the tracker that is unwell. */
static bool update(struct utility *u, const char *path, const struct buf *old,
		   const char *old_version, const char *announced, struct err *err)
{
	struct err why;

	if (try_update(u, path, old, old_version, &why)) {
		u->base.failure = (struct engine_failure){0};
		return true;
	}
	if (err_is_stop(&why) || u->base.failure.back_off) {
		*err = why;
		return err_wrap(err, "update archiver.py");
	}
	u->base.failure = (struct engine_failure){0};
	log_error(NULL, "archiver.py could not be updated to %s, and stays %s: %s", announced,
		  old_version, why.msg);
	return true;
}

static bool ask_version(struct utility *u, char version[REPLY_VERSION_SIZE], struct err *err)
{
	if (!u->o.before_call(u->o.ctx, err))
		return false;
	if (u->native->ops->version(u->native, version, err))
		return call_ended(u, err);
	call_failed(u, err);
	return err_wrap(err, "ask for the utility's newest version");
}

/* The tracker's is newer; is it only worth a warning? */
static bool is_left_alone(const struct utility *u, const char *own, const char *newest)
{
	bool notify = u->o.update == ENGINE_UTILITY_NOTIFY;

	if (notify)
		log_warn(NULL,
			 "archiver.py is version %s, and the tracker has %s "
			 "(PTP_UTILITY_UPDATE=auto would fetch it)",
			 own, newest);
	else if (was_refused(u, newest))
		log_warn(NULL,
			 "archiver.py is version %s, and the tracker has %s, which was tried and "
			 "did not work; remove %s/refused to have it tried again",
			 own, newest, u->folder);
	return notify || was_refused(u, newest);
}

static bool look_for_update(struct utility *u, const char *path, const struct buf *source,
			    struct err *err)
{
	char own[REPLY_VERSION_SIZE], newest[REPLY_VERSION_SIZE];
	struct err why;

	if (!utility_output_version(buf_text(source), own)) {
		log_info(NULL, "%s does not tell its version; it is used as it is", u->script);
		return true;
	}
	if (!ask_version(u, newest, &why)) {
		if (err_is_stop(&why) || u->base.failure.back_off) {
			*err = why;
			return false;
		}
		u->base.failure = (struct engine_failure){0};
		log_warn(NULL, "%s", why.msg);
		return true;
	}
	if (num_version_compare(newest, own) <= 0)
		return true;
	if (is_left_alone(u, own, newest))
		return true;
	return update(u, path, source, own, newest, err);
}

static bool make_ready(struct utility *u, const char *path, struct err *err)
{
	OWN_BUF struct buf source = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);

	if (!python_ready(u, err) || !read_script(u, &source, err) ||
	    !go_on_with_trial(u, &source, err) || !read_script(u, &source, err))
		return false;
	if (!source.len)
		return fetch_first(u, path, err);
	return u->o.update == ENGINE_UTILITY_OFF || look_for_update(u, path, &source, err);
}

bool utility_script_ready(struct utility *u, struct err *err)
{
	OWN_STR char *path = fs_join(u->folder, "new.py");
	bool ok = make_ready(u, path, err);
	struct err ignored;

	(void)!fs_remove(path, &ignored);
	return ok;
}
