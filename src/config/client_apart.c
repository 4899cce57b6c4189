#include "config/client_apart.h"

#include "base/mem.h"
#include "base/text.h"
#include "system/apart.h"

#include <limits.h>

struct watched {
	struct client base;
	struct client *inner; /* owned, as is the path */
	char *folder;
};

struct job { /* everything is borrowed */
	struct client *inner;
	const struct delivery *delivery;
	bool resumed;
	const char *path;
	int64_t before;
	/* The answers. */
	char text[PATH_MAX + NAME_MAX];
	struct client_backlog backlog;
	enum client_fate fate;
};

static bool run(struct client *c, apart_work *work, struct job *j, struct err *err)
{
	const struct watched *w = (const struct watched *)c;

	j->inner = w->inner;
	return apart(w->folder, work, j, sizeof *j, err);
}

static bool do_ready(void *job, struct err *err)
{
	struct job *j = job;

	return j->inner->ops->ready(j->inner, err);
}

static bool apart_ready(struct client *c, struct err *err)
{
	struct job j = {0};

	return run(c, do_ready, &j, err);
}

static bool answer(struct job *j, char *text)
{
	text_copy(j->text, sizeof j->text, text);
	free(text);
	return true;
}

static bool do_prepare(void *job, struct err *err)
{
	struct job *j = job;
	char *name;

	return j->inner->ops->prepare(j->inner, j->delivery, &name, err) && answer(j, name);
}

static bool apart_prepare(struct client *c, const struct delivery *d, char **file_name,
			  struct err *err)
{
	struct job j = {.delivery = d};

	if (!run(c, do_prepare, &j, err))
		return false;
	*file_name = mem_dup(j.text);
	return true;
}

static bool do_deliver(void *job, struct err *err)
{
	struct job *j = job;
	char *path;

	return j->inner->ops->deliver(j->inner, j->delivery, j->resumed, &path, err) &&
	       answer(j, path);
}

static bool apart_deliver(struct client *c, const struct delivery *d, bool resumed, char **path,
			  struct err *err)
{
	struct job j = {.delivery = d, .resumed = resumed};

	if (!run(c, do_deliver, &j, err))
		return false;
	*path = mem_dup(j.text);
	return true;
}

static bool do_backlog(void *job, struct err *err)
{
	struct job *j = job;

	return j->inner->ops->backlog(j->inner, j->before, &j->backlog, err);
}

static bool apart_backlog(struct client *c, int64_t before, struct client_backlog *backlog,
			  struct err *err)
{
	struct job j = {.before = before};

	if (!run(c, do_backlog, &j, err))
		return false;
	*backlog = j.backlog;
	return true;
}

static bool do_fate(void *job, struct err *err)
{
	struct job *j = job;

	return j->inner->ops->fate(j->inner, j->path, &j->fate, err);
}

static bool apart_fate(struct client *c, const char *path, enum client_fate *fate, struct err *err)
{
	struct job j = {.path = path};

	if (!run(c, do_fate, &j, err))
		return false;
	*fate = j.fate;
	return true;
}

static void apart_close(struct client *c)
{
	struct watched *w = (struct watched *)c;

	client_close(w->inner);
	free(w->folder);
	free(w);
}

static const struct client_ops apart_ops = {
	.ready = apart_ready,
	.prepare = apart_prepare,
	.deliver = apart_deliver,
	.backlog = apart_backlog,
	.fate = apart_fate,
	.close = apart_close,
};

struct client *client_apart_open(struct client *inner, const char *folder)
{
	struct watched *w = mem_alloc(sizeof *w);

	w->base.ops = &apart_ops;
	w->inner = inner;
	w->folder = mem_dup(folder);
	return &w->base;
}
