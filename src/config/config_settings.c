/* The top-level settings; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "config/hosts.h"
#include "config/listen.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "ports/health.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- one row each ---- */

struct setting {
	const char *key;      /* in config.ptp */
	const char *variable; /* in the environment; NULL: none */
	bool in_file;         /* VARIABLE_FILE may name a file that holds it */
	const char *fallback; /* NULL: unset */
	/* NULL: Notify, a list (config_parts.h).  NULL if the value was taken, else what is wrong
	 * with it and what would be right.  The answer never quotes a secret. */
	const char *(*take)(struct config *c, const char *value);
};

static bool is_word(const char *value, size_t len)
{
	if (strlen(value) != len)
		return false;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && *value != '_')
			return false;
	return true;
}

static const char *take_user(struct config *c, const char *value)
{
	if (!is_word(value, 16))
		return "is not of the right form: 16 letters and digits, from your profile page";
	secret_set(&c->user, value);
	return NULL;
}

static const char *take_key(struct config *c, const char *value)
{
	if (!is_word(value, 32))
		return "is not of the right form: 32 letters and digits, from your profile page";
	secret_set(&c->key, value);
	return NULL;
}

static const char *take_ping_url(struct config *c, const char *value)
{
	const char *fault = health_url_fault(value);

	if (!fault)
		secret_set(&c->ping_url, value);
	return fault;
}

static const char *take_base_url(struct config *c, const char *value)
{
	struct http_url url;
	struct err err;

	if (!http_url_parse(value, &url, &err))
		return "is not a complete URL; it is https://passthepopcorn.me unless you test";
	if (!url.tls && !url.loopback)
		return "is plain http, which would show the API key to everybody on the way; use "
		       "https://";
	c->loopback = url.loopback;
	free(c->base_url);
	c->base_url = mem_dup(value);
	return NULL;
}

static const char *take_relative(char **to, const char *value)
{
	if (strstr(value, "://") || text_starts(value, "//") || strpbrk(value, " \t\r\n#"))
		return "is not a URL relative to BaseURL, such as archive.php?action=fetch";
	free(*to);
	*to = mem_dup(value);
	return NULL;
}

static const char *take_fetch_url(struct config *c, const char *value)
{
	return take_relative(&c->fetch_url, value);
}

static const char *take_download_url(struct config *c, const char *value)
{
	return take_relative(&c->download_url, value);
}

static const char *take_version_url(struct config *c, const char *value)
{
	return take_relative(&c->version_url, value);
}

static const char *take_update_url(struct config *c, const char *value)
{
	return take_relative(&c->update_url, value);
}

static const char *take_fetch_sleep(struct config *c, const char *value)
{
	if (!num_milli(value, CONFIG_FETCH_SLEEP_MAX_S, &c->fetch_sleep_ms))
		return "is not a number of seconds from 0 to 86400, such as 15";
	free(c->fetch_sleep_text);
	c->fetch_sleep_text = mem_dup(value);
	return NULL;
}

static const char *take_interval(struct config *c, const char *value)
{
	if (!num_duration(value, CONFIG_INTERVAL_MAX_MS, &c->interval_ms))
		return "is not a duration of at most 30 days with one of the units s m h d, such "
		       "as 6h";
	return NULL;
}

static const char *take_per_cycle(struct config *c, const char *value)
{
	uint64_t n;

	if (!num_u64(value, CONFIG_PER_CYCLE_MAX, &n) || n == 0)
		return "is not a whole number from 1 to 1000";
	c->per_cycle = (unsigned)n;
	return NULL;
}

static const char *take_timeout(struct config *c, const char *value)
{
	int64_t ms;

	if (!num_duration(value, CONFIG_TIMEOUT_MAX_MS, &ms))
		return "is not a duration of at most 1h, such as 60s";
	c->timeout_ms = (int)ms;
	return NULL;
}

static const char *take_ca_file(struct config *c, const char *value)
{
	if (!fs_exists(value))
		return "is not there; name a PEM file with the CA's certificate";
	free(c->ca_file);
	c->ca_file = mem_dup(value);
	return NULL;
}

static const char *take_engine(struct config *c, const char *value)
{
	c->utility = strcmp(value, "utility") == 0;
	return c->utility || strcmp(value, "native") == 0
		       ? NULL
		       : "is neither native nor utility (the official archiver.py)";
}

static const char *take_utility_path(struct config *c, const char *value)
{
	if (fs_is_folder(value))
		return "is a folder; name the file, such as /app/archiver.py";
	free(c->utility_path);
	c->utility_path = mem_dup(value);
	return NULL;
}

static const char *take_utility_update(struct config *c, const char *value)
{
	static const char *const words[] = {[CONFIG_UPDATE_AUTO] = "auto",
					    [CONFIG_UPDATE_NOTIFY] = "notify",
					    [CONFIG_UPDATE_OFF] = "off"};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(value, words[i]) == 0) {
			c->utility_update = (enum config_utility_update)i;
			return NULL;
		}
	return "is none of auto, notify, off";
}

static const char *take_log_level(struct config *c, const char *value)
{
	return log_level_parse(value, &c->log_level) ? NULL : "is none of error, warn, info, debug";
}

static const char *take_log_format(struct config *c, const char *value)
{
	return log_format_parse(value, &c->log_format) ? NULL : "is neither text nor json";
}

const char *config_take_bool(bool *out, const char *value)
{
	static const char *const words[2][4] = {{"false", "no", "off", "0"},
						{"true", "yes", "on", "1"}};

	for (int yes = 0; yes < 2; yes++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(value, words[yes][i]) == 0) {
				*out = yes;
				return NULL;
			}
	return "is neither true nor false";
}

static const char *take_vault(struct config *c, const char *value)
{
	return config_take_bool(&c->vault, value);
}

static const char *take_audit_interval(struct config *c, const char *value)
{
	bool on = true;

	if (!config_take_bool(&on, value) && !on) {
		c->audit_interval_ms = 0;
		return NULL;
	}
	if (!num_duration(value, CONFIG_AUDIT_INTERVAL_MAX_MS, &c->audit_interval_ms))
		return "is neither off nor a duration of at most 365 days, such as 7d";
	return NULL;
}

static const char *take_listen(struct config *c, const char *value)
{
	struct listen_address address;

	if (!listen_parse(value, &address))
		return "is not an address and a port, such as 127.0.0.1:9980 or [::1]:9980";
	free(c->listen);
	c->listen = mem_dup(value);
	return NULL;
}

static const char *take_listen_token(struct config *c, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = value; *p; p++)
		if (!isgraph((unsigned char)*p))
			return "holds something else than visible ASCII characters";
	if (len < CONFIG_TOKEN_MIN || len > CONFIG_TOKEN_MAX)
		return "has not from 16 to 200 characters; `openssl rand -hex 16` makes one";
	secret_set(&c->listen_token, value);
	return NULL;
}

static const char *take_listen_open(struct config *c, const char *value)
{
	return config_take_bool(&c->listen_open, value);
}

static const char *take_listen_hosts(struct config *c, const char *value)
{
	if (!hosts_valid(value))
		return "holds what is no host name; it is a list of names without port, such as "
		       "ptp.example.org, or * for any";
	free(c->listen_hosts);
	c->listen_hosts = mem_dup(value);
	return NULL;
}

static const char *take_notify_events(struct config *c, const char *value)
{
	return event_kinds_parse(value, &c->notify_events)
		       ? NULL
		       : "holds a word that is none of failure, full, lost, version, pick-up, "
			 "client, audit, digest, all, none";
}

static const char *take_umask(struct config *c, const char *value)
{
	char *end;
	unsigned long mask = strtoul(value, &end, 8);

	if (!*value || strspn(value, "01234567") != strlen(value) || strlen(value) > 4 ||
	    mask > 0777)
		return "is not an octal number from 000 to 777, such as 007";
	c->mask = (mode_t)mask;
	return NULL;
}

static const struct setting settings[] = {
	{"ApiUser", "PTP_USER", true, NULL, take_user},
	{"ApiKey", "PTP_KEY", true, NULL, take_key},
	{"HealthchecksURL", "HC_URL", true, NULL, take_ping_url},
	{"BaseURL", "PTP_BASE_URL", false, "https://passthepopcorn.me", take_base_url},
	{"FetchURL", NULL, false, "archive.php?action=fetch", take_fetch_url},
	{"UpdateURL", NULL, false, "archive.php?action=script", take_update_url},
	{"VersionURL", NULL, false, "archive.php?action=scriptver", take_version_url},
	{"DownloadURL", NULL, false, "torrents.php?action=download", take_download_url},
	{"FetchSleep", "PTP_FETCH_SLEEP", false, "5", take_fetch_sleep},
	{"Interval", "PTP_INTERVAL", false, "6h", take_interval},
	{"PerCycle", "PTP_PER_CYCLE", false, "1", take_per_cycle},
	{"Timeout", "PTP_TIMEOUT", false, "60s", take_timeout},
	{"CAFile", "PTP_CA_FILE", false, NULL, take_ca_file},
	{"Engine", "PTP_ENGINE", false, "native", take_engine},
	{"UtilityPath", "PTP_UTILITY_PATH", false, NULL, take_utility_path},
	{"UtilityUpdate", "PTP_UTILITY_UPDATE", false, "auto", take_utility_update},
	{"LogLevel", "LOG_LEVEL", false, "info", take_log_level},
	{"LogFormat", "LOG_FORMAT", false, "text", take_log_format},
	{"Vault", "PTP_VAULT", false, "true", take_vault},
	{"AuditInterval", "PTP_AUDIT_INTERVAL", false, "7d", take_audit_interval},
	{"Listen", "PTP_LISTEN", false, NULL, take_listen},
	{"ListenToken", "PTP_LISTEN_TOKEN", true, NULL, take_listen_token},
	{"ListenOpen", "PTP_LISTEN_OPEN", false, "false", take_listen_open},
	{"ListenHosts", "PTP_LISTEN_HOSTS", false, NULL, take_listen_hosts},
	{"Notify", "PTP_NOTIFY", true, NULL, NULL},
	{"NotifyEvents", "PTP_NOTIFY_EVENTS", false,
	 "failure, full, lost, version, pick-up, client, audit", take_notify_events},
	{"Umask", "UMASK", false, "007", take_umask},
};

#define N_SETTINGS (sizeof settings / sizeof *settings)

/* The content of the file that VARIABLE_FILE names, white space trimmed; the caller's.  NULL with
 * *wrong set: the problem was reported. */
static char *from_secret_file(struct config_load_state *l, const struct setting *s, bool *wrong)
{
	OWN_STR char *variable = mem_printf("%s_FILE", s->variable);
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_SECRET_MAX_BYTES);
	const char *path = config_environment(variable);
	struct err err;

	*wrong = false;
	if (!path)
		return NULL;
	*wrong = true;
	if (!fs_read_text(path, &bytes, &err)) {
		problems_add(l->problems, "%s: %s", variable, err.msg);
		problems_mend(
			l->problems,
			"have %s name a file that this user can read, with the value and no more",
			variable);
		return NULL;
	}
	char *text = text_strip(bytes.data ? bytes.data : (char[]){""});
	char *copy = *text ? mem_dup(text) : NULL;
	secret_wipe(bytes.data, bytes.len);
	*wrong = !copy;
	if (*wrong) {
		problems_add(l->problems, "%s: the file %s is empty", variable, path);
		problems_mend(l->problems, "write the value into %s, or unset %s", path, variable);
	}
	return copy;
}

static void note_given(struct config_load_state *l, const struct setting *s)
{
	l->user_given |= strcmp(s->key, "ApiUser") == 0;
	l->key_given |= strcmp(s->key, "ApiKey") == 0;
}

static void note_faulty(struct config_load_state *l, const struct setting *s)
{
	struct config *c = l->c;

	_Static_assert(N_SETTINGS <= CONFIG_SETTINGS_MAX, "each may be faulty");
	if (!config_is_faulty(c, s->key))
		c->faulty[c->n_faulty++] = s->key;
}

static void keep_text(struct config_load_state *l, const struct setting *s, const char *value)
{
	secret_set(&l->c->taken[s - settings].value, value);
}

static void take(struct config_load_state *l, const struct setting *s, const char *value,
		 struct config_place place)
{
	note_given(l, s);
	keep_text(l, s, value);
	size_t before = l->problems->n;
	const char *fault = s->take ? s->take(l->c, value) : NULL;

	if (!s->take)
		config_take_notify_words(l, &place, value);
	if (fault)
		config_problem(l, &place, " %s", fault);
	if (l->problems->n == before)
		return;
	if (s->fallback)
		problems_mend(l->problems, "%s, or take it out: %s is %s then",
			      l->problems->mends[l->problems->last], s->key, s->fallback);
	note_faulty(l, s);
	/* It may have been taken in part. */
	if (s->fallback)
		s->take(l->c, s->fallback);
}

static void take_from_file(struct config_load_state *l, const struct setting *s)
{
	const json_t *value = json_object_get(l->c->file, s->key);
	OWN_STR char *text = config_value_text(value);

	if (text) {
		take(l, s, text, (struct config_place){.path = &s->key, .depth = 1});
	} else if (!s->take && json_is_array(value)) {
		OWN_WIPED char *list = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
		keep_text(l, s, list);
		config_take_notify_list(l, value);
	} else {
		if (value && !json_is_null(value)) {
			config_file_problem(l, &s->key, 1, " is neither a text nor a number");
			note_faulty(l, s);
		}
		if (s->fallback)
			s->take(l->c, s->fallback);
	}
	if (text)
		secret_wipe(text, strlen(text));
}

static void take_secret(struct config_load_state *l, const struct setting *s, const char *value)
{
	OWN_STR char *source = mem_printf("%s_FILE: its content", s->variable);
	size_t before = l->problems->n;

	take(l, s, value, (struct config_place){.literal = source});
	if (l->problems->n > before)
		problems_mend(l->problems, "correct what the file holds that %s_FILE names",
			      s->variable);
}

static const char *option_name(const struct setting *s)
{
	return strcmp(s->key, "LogLevel") == 0 ? "--log-level" : "--log-format";
}

static void take_setting(struct config_load_state *l, const struct setting *s, const char *option)
{
	bool wrong = false;
	OWN_STR char *secret = s->in_file ? from_secret_file(l, s, &wrong) : NULL;
	const char *value = config_environment(s->variable);

	/* The defaults are there even where a value is wrong. */
	if (s->fallback)
		s->take(l->c, s->fallback);
	keep_text(l, s, s->fallback);
	l->c->taken[s - settings].from_environment = !option && (secret || value || wrong);
	if (option) {
		take(l, s, option, (struct config_place){.literal = option_name(s)});
	} else if (secret) {
		take_secret(l, s, secret);
		secret_wipe(secret, strlen(secret));
	} else if (value) {
		take(l, s, value, (struct config_place){.literal = s->variable});
	} else if (wrong) {
		note_given(l, s);
		note_faulty(l, s);
	} else {
		take_from_file(l, s);
	}
}

void config_take_settings(struct config_load_state *l, const struct config_options *o)
{
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const char *option = strcmp(settings[i].key, "LogLevel") == 0    ? o->log_level
				     : strcmp(settings[i].key, "LogFormat") == 0 ? o->log_format
										 : NULL;
		take_setting(l, &settings[i], option);
	}
	config_finish_notify(l->c);
}

size_t config_setting_keys(const char *keys[], size_t room)
{
	size_t n = 0;

	for (; n < N_SETTINGS && n < room; n++)
		keys[n] = settings[n].key;
	return n;
}

/* What is a setting, too, and has its own ways of being read. */
static const struct config_setting others[] = {
	{"config.ptp", "Containers", "PTP_CONTAINERS", false, NULL},
	{"config.ptp", "Clients", NULL, false, NULL},
	{"config.ptp", "Default", NULL, false, NULL},
	{"config.ptp", NULL, "PTP_CONFIG", false, NULL},
	{"config.ptp", NULL, "PTP_STATE", false, NULL},
	{"config.ptp", NULL, "NO_COLOR", false, NULL},
};

#define N_OTHERS (sizeof others / sizeof *others)

static size_t count_container_keys(void)
{
	size_t n = 0;

	while (config_container_key(n, NULL))
		n++;
	return n;
}

bool config_setting(size_t i, struct config_setting *out)
{
	size_t n_container = count_container_keys();

	if (i < N_SETTINGS) {
		const struct setting *s = &settings[i];
		*out = (struct config_setting){"config.ptp", s->key, s->variable, s->in_file,
					       s->fallback};
		return true;
	}
	i -= N_SETTINGS;
	if (i < N_OTHERS) {
		*out = others[i];
		return true;
	}
	i -= N_OTHERS;
	*out = (struct config_setting){.of = i < n_container ? "container" : "client"};
	out->key = i < n_container ? config_container_key(i, &out->variable)
				   : config_client_key(i - n_container);
	return out->key != NULL;
}
