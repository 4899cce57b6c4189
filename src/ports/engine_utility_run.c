/* Running the utility; declared in ports/engine_utility_parts.h. */
#include "ports/engine_utility_parts.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <jansson.h>
#include <string.h>

/* ---- its configuration ---- */

static json_t *container_json(const struct utility *u, const struct container *c)
{
	OWN_STR char *staging = spool_place(&u->staging, c->name);
	json_t *one = json_pack("{s:s, s:i, s:n, s:s}", "Size", c->size, "MaxStalled",
				(int)c->max_stalled, "AfterFetchExec", "WatchDirectory", staging);

	if (c->id[0])
		json_object_set_new(one, "ContainerID",
				    json_integer((json_int_t)strtoll(c->id, NULL, 10)));
	return one;
}

static json_t *config_json(const struct utility *u)
{
	const struct engine_tracker *t = &u->o.tracker;
	json_t *containers = json_object();

	for (size_t i = 0; i < u->o.n_containers; i++)
		json_object_set_new(containers, u->o.containers[i].name,
				    container_json(u, &u->o.containers[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:{s:s, s:i, s:n, s:s}, s:o}",
			 "ApiUser", secret_reveal(t->user), "ApiKey", secret_reveal(t->key),
			 "BaseURL", t->base_url, "FetchURL", t->fetch_url, "DownloadURL",
			 t->download_url, "VersionURL", t->version_url, "UpdateURL", t->update_url,
			 "FetchSleep", 10, "Default", "Size", "500G", "MaxStalled", 0,
			 "AfterFetchExec", "WatchDirectory", u->folder, "Containers", containers);
}

static bool write_config(const struct utility *u, struct err *err)
{
	json_t *root = config_json(u);
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);

	json_decref(root);
	if (!text)
		return err_set(err, ERR_TARGET, WORD_CONFIG,
			       "the utility's config.ptp cannot be written as JSON");
	bool ok = fs_write(u->config, text, strlen(text), 0600, err);
	secret_wipe(text, strlen(text));
	free(text);
	return ok;
}

void utility_container_id(const struct utility *u, const char *container, char id[REPLY_ID_SIZE])
{
	OWN_BUF struct buf bytes = BUF_MAX(UTILITY_CONFIG_MAX_BYTES);
	struct err ignored;

	id[0] = '\0';
	if (!fs_read_regular(u->config, &bytes, &ignored))
		return;
	json_t *root = json_loadb(buf_text(&bytes), bytes.len, 0, NULL);
	const json_t *all = json_object_get(root, "Containers");
	const json_t *value = json_object_get(json_object_get(all, container), "ContainerID");
	if (json_is_integer(value) && json_integer_value(value) > 0)
		snprintf(id, REPLY_ID_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	json_decref(root);
	secret_wipe(bytes.data, bytes.len);
}

/* ---- its environment ---- */

static const char *const passed_on[] = {
	"PATH",        "LANG",      "LC_ALL",        "TZ",           "HTTP_PROXY",
	"HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",      "http_proxy",   "https_proxy",
	"all_proxy",   "no_proxy",  "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"};

#define N_PASSED_ON (sizeof passed_on / sizeof *passed_on)
#define N_FIXED 6

struct environment {
	char *list[N_PASSED_ON + N_FIXED + 1]; /* owned, each of them */
	size_t n;
};

static void environment_clear(struct environment *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->list[i]);
}

static void environment_fill(struct environment *e, const struct utility *u)
{
	for (size_t i = 0; i < N_PASSED_ON; i++) {
		const char *value = getenv(passed_on[i]);
		bool replaced = u->ca_file && strcmp(passed_on[i], "REQUESTS_CA_BUNDLE") == 0;
		if (value && !replaced)
			e->list[e->n++] = mem_printf("%s=%s", passed_on[i], value);
	}
	if (u->ca_file)
		e->list[e->n++] = mem_printf("REQUESTS_CA_BUNDLE=%s", u->ca_file);
	e->list[e->n++] = mem_printf("HOME=%s", u->folder);
	e->list[e->n++] = mem_dup("PYTHONUTF8=1");
	e->list[e->n++] = mem_dup("PYTHONUNBUFFERED=1");
	e->list[e->n++] = mem_dup("PYTHONDONTWRITEBYTECODE=1");
}

/* ---- running ---- */

static bool run(struct utility *u, const char *const words[], size_t n, int timeout_ms, int keep,
		struct buf *output, struct proc_end *end, struct err *err)
{
	OWN(environment_clear) struct environment environment = {0};
	char *argv[8] = {(char[]){"python3"}};
	struct err why;

	environment_fill(&environment, u);
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = mem_dup(words[i]);
	const struct proc_spec spec = {.argv = argv,
				       .env = environment.list,
				       .folder = u->folder,
				       .keep = keep,
				       .all = true,
				       .timeout_ms = timeout_ms,
				       .wake = u->o.tracker.wake};
	bool ok = proc_run(&spec, output, end, &why);
	for (size_t i = 0; i < n; i++)
		free(argv[i + 1]);
	if (ok)
		return true;
	if (why.code == WORD_CONFIG) {
		err_set(err, ERR_TARGET, WORD_CONFIG,
			"the official utility needs Python 3 with requests, and python3 is not "
			"there");
		return err_advise(err, ENGINE_UTILITY_ADVICE);
	}
	*err = why;
	return false;
}

bool utility_python(struct utility *u, const char *const words[], struct buf *output,
		    struct proc_end *end, struct err *err)
{
	size_t n = 0;

	while (words[n])
		n++;
	return run(u, words, n, UTILITY_LOCAL_MS, 0, output, end, err);
}

bool utility_run(struct utility *u, const char *script, const char *const words[], int timeout_ms,
		 struct buf *output, struct proc_end *end, struct err *err)
{
	const char *all[6] = {script};
	size_t n = 1;

	for (size_t i = 0; words[i]; i++)
		all[n++] = words[i];
	all[n++] = "--config";
	all[n++] = u->config;
	OWN_FD int lock = spool_lock(&u->staging, err);
	return lock >= 0 && write_config(u, err) &&
	       run(u, all, n, timeout_ms, lock, output, end, err);
}

/* ---- its output ---- */

char *utility_masked(const char *text)
{
	return secret_mask(text, strlen(text), UTILITY_LOGGED_LINE_BYTES);
}

void utility_log(const char *container, const struct buf *output)
{
	const char *at = buf_text(output);

	for (int i = 0; *at && i < UTILITY_LOGGED_LINES; i++) {
		size_t len = strcspn(at, "\n");
		OWN_STR char *line = secret_mask(at, len, UTILITY_LOGGED_LINE_BYTES);
		if (len)
			log_warn(container, "archiver.py: %s", line);
		at += len + (at[len] == '\n');
	}
	if (*at || output->full)
		log_warn(container, "archiver.py: (more output was left out)");
}
