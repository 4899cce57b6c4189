/* Writing config.ptp; declared in config/config.h. */
#include "config/config.h"
#include "config/setting.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"

#include <string.h>
#include <time.h>

#define LOCK_TRIES 50
#define LOCK_WAIT_MS 100

json_t *config_object(json_t *root, const char *key)
{
	json_t *value = json_object_get(root, key);

	if (!value || json_is_null(value)) {
		json_object_set_new(root, key, json_object());
		value = json_object_get(root, key);
	}
	return json_is_object(value) ? value : NULL;
}

static bool dump(const char *path, const json_t *root, struct err *err)
{
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	OWN_STR char *folder = fs_parent(path);

	if (!text)
		return err_set(err, ERR_TARGET, WORD_CONFIG, "%s cannot be written as JSON", path);
	OWN_STR char *line = mem_printf("%s\n", text);
	bool ok = fs_make_folder(folder, 0700, true, err) &&
		  fs_write(path, line, strlen(line), 0600, err);
	secret_wipe(line, strlen(line));
	secret_wipe(text, strlen(text));
	free(text);
	return ok;
}

static json_t *container_json(const struct container *c, json_t *old)
{
	json_t *all = json_is_object(old) ? json_copy(old) : json_object();
	uint64_t id;

	EACH_SETTING (s, SETTING_CONTAINER)
		if (s->official)
			json_object_set_new(all, s->key, setting_json(s, c));
	if (num_u64(c->id, INT64_MAX, &id) && id)
		json_object_set_new(all, "ContainerID", json_integer((json_int_t)id));
	return all;
}

static void put_top(json_t *root, const struct config *c)
{
	EACH_SETTING (s, SETTING_TOP) {
		json_t *value = s->official ? setting_json(s, c) : NULL;
		/* What is not set does not replace what is there. */
		if (value && (!json_is_null(value) || !json_object_get(root, s->key)))
			json_object_set(root, s->key, value);
		json_decref(value);
	}
}

static bool put_all(json_t *root, void *ctx, struct err *err)
{
	const struct config *c = ctx;
	json_t *containers = json_object();
	json_t *old = json_object_get(root, "Containers");

	(void)err;
	put_top(root, c);
	json_object_set_new(root, "Default", config_container_defaults(root));
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *one = &c->containers[i];
		json_object_set_new(containers, one->name,
				    container_json(one, json_object_get(old, one->name)));
	}
	return json_object_set_new(root, "Containers", containers) == 0;
}

static int lock(const struct config *c, struct err *err)
{
	OWN_STR char *path = fs_join(c->state, "config.lock");
	const struct timespec pause = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
	bool held = false;

	if (!fs_make_folder(c->state, 0700, true, err))
		return -1;
	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = fs_lock(path, &held, err);
		if (fd >= 0 || !held)
			return fd;
		nanosleep(&pause, NULL);
	}
	err_set(err, ERR_RETRY, WORD_CONFIG, "another process is changing %s", c->path);
	return -1;
}

static json_t *read_root(const char *path, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_FILE_MAX_BYTES);

	if (!fs_exists(path))
		return json_object();
	if (!fs_read_text(path, &bytes, err))
		return NULL;
	json_t *root = json_loadb(buf_text(&bytes), bytes.len, JSON_REJECT_DUPLICATES, NULL);
	secret_wipe(bytes.data, bytes.len);
	if (json_is_object(root))
		return root;
	json_decref(root);
	err_set(err, ERR_TARGET, WORD_CONFIG, "%s is no valid JSON object; fix it first", path);
	return NULL;
}

bool config_edit(const struct config *c, bool (*edit)(json_t *root, void *ctx, struct err *err),
		 void *ctx, struct err *err)
{
	OWN_FD int fd = lock(c, err);
	/* Through a symbolic link, as the official utility writes.  What was read is what is
	 * written. */
	OWN_STR char *path = fd >= 0 ? fs_target(c->path, err) : NULL;
	json_t *root = path ? read_root(path, err) : NULL;

	if (!root)
		return false;
	bool ok = edit(root, ctx, err) && dump(path, root, err);
	json_decref(root);
	return ok;
}

bool config_write(const struct config *c, struct err *err)
{
	return config_edit(c, put_all, (void *)(uintptr_t)c, err);
}

struct kept_id {
	const char *name, *id;
};

static bool set_id(json_t *root, void *ctx, struct err *err)
{
	const struct kept_id *kept = ctx;
	json_t *all = json_object_get(root, "Containers");
	json_t *own = json_object_get(all, kept->name);
	uint64_t id;

	if (!json_is_object(own) || !num_u64(kept->id, INT64_MAX, &id))
		return err_set(err, ERR_ITEM, WORD_CONFIG, "the container is not in the file");
	json_object_set_new(own, "ContainerID", json_integer((json_int_t)id));
	return true;
}

static bool set_ledger_id(json_t *root, void *ctx, struct err *err)
{
	(void)err;
	return json_object_set_new(root, "LedgerID", json_string(ctx)) == 0;
}

bool config_keep_ledger_id(const struct config *c, const char *id, struct err *err)
{
	return config_edit(c, set_ledger_id, (void *)(uintptr_t)id, err);
}

bool config_keep_container_id(const struct config *c, const char *name, const char *id,
			      struct err *err)
{
	struct kept_id kept = {name, id};

	return config_edit(c, set_id, &kept, err);
}
