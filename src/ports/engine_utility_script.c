/* The utility's script: there, checked, as new as it should be; declared in
 * ports/engine_utility_parts.h. */
#include "ports/engine_utility_parts.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "model/utility_output.h"

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
	return err_set(err, ERR_TARGET, WORD_CONFIG,
		       "the official utility needs the Python module `%s`, which is not "
		       "there%s: " UTILITY_WAY_OUT,
		       module,
		       strcmp(module, "cgi") == 0 ? " (Python 3.13 and newer have it no more)"
						  : "");
}

static bool python_ready(struct utility *u, struct err *err)
{
	static const char *const words[] = {"-c", "import requests", NULL};
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);
	struct utility_output said;
	struct proc_end end;

	if (!utility_python(u, words, &output, &end, err))
		return false;
	if (end.status == 0)
		return true;
	utility_log(u, NULL, &output);
	utility_output_read(end.status, buf_text(&output), &said);
	return module_missing(said.module[0] ? said.module : "requests", err);
}

/* ---- list ---- */

static bool list_failed(struct utility *u, const struct proc_end *end, const struct buf *output,
			struct err *err)
{
	struct utility_output said;

	utility_log(u, NULL, output);
	utility_output_read(end->status, buf_text(output), &said);
	if (said.module[0])
		return module_missing(said.module, err);
	OWN_STR char *message = utility_masked(u, said.message);
	if (end->timed_out)
		return err_set(err, ERR_RETRY, WORD_TIMEOUT,
			       "Could not get container list from archiver.py: it hung");
	return err_set(err, ERR_TARGET, said.type[0] ? said.type : WORD_PROTOCOL,
		       "Could not get container list from archiver.py%s%s", message[0] ? ": " : "",
		       message);
}

bool utility_script_lists(struct utility *u, const char *script, struct err *err)
{
	static const char *const words[] = {"list", NULL};
	OWN_BUF struct buf output = BUF_MAX(UTILITY_OUTPUT_MAX_BYTES);
	struct proc_end end;

	if (!utility_run(u, script, words, UTILITY_LOCAL_MS, &output, &end, err))
		return false;
	if (end.status || !utility_output_is_list(buf_text(&output)))
		return list_failed(u, &end, &output, err);
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

/* *there: with something in it; `source` has it. */
static bool read_script(const struct utility *u, struct buf *source, bool *there, struct err *err)
{
	if (fs_exists(u->script) && !fs_read(u->script, source, err))
		return false;
	*there = source->len > 0;
	return true;
}

static bool put(const struct utility *u, const struct buf *source, struct err *err)
{
	return fs_write(u->script, source->data, source->len, 0644, err);
}

static bool is_stop(const struct err *err)
{
	return strcmp(err->word, WORD_STOPPED) == 0;
}

/* ---- the first one ---- */

/* Without it there is nothing else to do: whatever came in its place is waited out. */
static bool wait_out(struct utility *u, struct err *err)
{
	static const struct engine_failure unwell = {.back_off = true};
	struct err why = *err;

	if (u->base.failure.back_off ||
	    (strcmp(err->word, WORD_PROTOCOL) != 0 && !text_starts(err->word, "HTTP ")))
		return false;
	u->base.failure = unwell;
	if (u->o.after_call(u->o.ctx, &unwell, &why, err))
		*err = why;
	return false;
}

static bool fetch_first(struct utility *u, const char *path, struct err *err)
{
	OWN_BUF struct buf source = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);
	char version[REPLY_VERSION_SIZE];

	log_info(NULL, "there is no archiver.py at %s; the tracker is asked for it", u->script);
	if (!download(u, path, &source, version, err)) {
		err_wrap(err, "download archiver.py");
		return wait_out(u, err);
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

/* So that it is not downloaded again every six hours. */
static void refuse(const struct utility *u, const char *version)
{
	OWN_STR char *path = fs_join(u->folder, "refused");
	struct err err;

	if (!fs_write(path, version, strlen(version), 0600, &err))
		log_warn(NULL, "%s", err.msg);
}

/* The old one is kept beside it; either it or the new one is in place at any time. */
static bool replace(struct utility *u, const struct buf *old, const char *old_version,
		    const struct buf *new, struct err *err)
{
	OWN_STR char *backup = mem_printf("%s-%s.bak", u->script, old_version);

	return fs_write(backup, old->data, old->len, 0644, err) && put(u, new, err);
}

/* Tried where it lies in our folder, before it is in place; put in place, it is tried again, as
 * every one is. */
static bool try_update(struct utility *u, const char *path, const struct buf *old,
		       const char *old_version, struct err *err)
{
	OWN_BUF struct buf new = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);
	char version[REPLY_VERSION_SIZE];

	if (!download(u, path, &new, version, err))
		return false;
	if (num_version_compare(version, old_version) <= 0)
		return err_set(err, ERR_ITEM, WORD_PROTOCOL,
			       "what the tracker sent is version %s, not a newer one", version);
	if (!utility_script_lists(u, path, err) || !replace(u, old, old_version, &new, err))
		return false;
	if (utility_script_lists(u, u->script, err)) {
		log_info(NULL,
			 "archiver.py was updated from %s to %s; the old one is kept as "
			 "%s-%s.bak",
			 old_version, version, u->script, old_version);
		return true;
	}
	struct err why;
	if (!put(u, old, &why))
		log_error(NULL, "the old archiver.py cannot be put back: %s", why.msg);
	return false;
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
	if (is_stop(&why) || u->base.failure.back_off) {
		*err = why;
		return err_wrap(err, "update archiver.py");
	}
	u->base.failure = (struct engine_failure){0};
	log_error(NULL, "archiver.py could not be updated to %s, and stays %s: %s", announced,
		  old_version, why.msg);
	/* What broke on its way may come whole the next time; what is wrong as it is will not. */
	if (strcmp(why.word, WORD_DISK) != 0 && strcmp(why.word, WORD_NETWORK) != 0 &&
	    strcmp(why.word, WORD_TIMEOUT) != 0)
		refuse(u, announced);
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
		if (is_stop(&why) || u->base.failure.back_off) {
			*err = why;
			return false;
		}
		u->base.failure = (struct engine_failure){0};
		log_warn(NULL, "%s", why.msg);
		return true;
	}
	if (num_version_compare(newest, own) <= 0)
		return true;
	if (u->o.update == ENGINE_UTILITY_NOTIFY || was_refused(u, newest)) {
		log_warn(NULL, "archiver.py is version %s, and the tracker has %s%s", own, newest,
			 u->o.update == ENGINE_UTILITY_NOTIFY
				 ? " (PTP_UTILITY_UPDATE=auto would fetch it)"
				 : ", which was tried and did not work");
		return true;
	}
	return update(u, path, source, own, newest, err);
}

static bool make_ready(struct utility *u, const char *path, struct err *err)
{
	OWN_BUF struct buf source = BUF_MAX(UTILITY_SOURCE_MAX_BYTES);
	bool there;

	if (!python_ready(u, err) || !read_script(u, &source, &there, err))
		return false;
	if (!there)
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
