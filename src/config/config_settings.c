/* The rows, and the checks that they have; declared in config/setting.h.  A check may store what it
 * read. */
#include "config/config_parts.h"
#include "config/hosts.h"
#include "config/listen.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/http.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/scgi.h"
#include "base/text.h"
#include "base/url.h"
#include "model/mark.h"
#include "ports/health.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- checks ---- */

static void replace(char **to, const char *value)
{
	free(*to);
	*to = mem_dup(value);
}

static const char *word_of(const char *value, size_t len)
{
	if (strlen(value) != len)
		return SETTING_UNEXPECTED;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && *value != '_')
			return SETTING_UNEXPECTED;
	return NULL;
}

#define PLACEHOLDER "is the placeholder of an example; copy yours from your profile page"

static const char *check_user(const struct setting_value *v)
{
	return config_is_placeholder(v->text) ? PLACEHOLDER : word_of(v->text, 16);
}

static const char *check_key(const struct setting_value *v)
{
	return config_is_placeholder(v->text) ? PLACEHOLDER : word_of(v->text, 32);
}

static const char *check_ping_url(const struct setting_value *v)
{
	if (config_is_placeholder(v->text))
		return "is the placeholder of an example; copy the ping URL from the check's page";
	return health_url_fault(v->text);
}

static bool has_login(const char *text)
{
	OWN_URL struct url u = {0};

	return url_read(text, &u) && u.login;
}

static const char *check_base_url(const struct setting_value *v)
{
	struct config *c = v->to;
	struct http_url url;
	struct err err;

	if (!http_url_parse(v->text, &url, &err))
		return "is not a complete URL; it is https://passthepopcorn.me unless you test";
	if (!url.tls && !url.loopback)
		return "is plain http, which would show the API key to everybody on the way; use "
		       "https://";
	c->loopback = url.loopback;
	return NULL;
}

static const char *check_relative(const struct setting_value *v)
{
	return strstr(v->text, "://") || text_starts(v->text, "//") || strpbrk(v->text, " \t\r\n#")
		       ? SETTING_UNEXPECTED
		       : NULL;
}

static const char *check_ca_file(const struct setting_value *v)
{
	return fs_exists(v->text) ? NULL
				  : "is not there; name a PEM file with the CA's certificate";
}

static const char *check_no_folder(const struct setting_value *v)
{
	return fs_is_folder(v->text) ? "is a folder; name the file, such as /app/archiver.py"
				     : NULL;
}

static const char *check_listen(const struct setting_value *v)
{
	struct listen_address address;

	return listen_parse(v->text, &address) ? NULL : SETTING_UNEXPECTED;
}

static const char *check_token(const struct setting_value *v)
{
	size_t len = strlen(v->text);

	if (config_is_placeholder(v->text))
		return "is the placeholder of an example; `openssl rand -hex 16` makes a token";
	for (const char *p = v->text; *p; p++)
		if (!isgraph((unsigned char)*p))
			return "holds something else than visible ASCII characters";
	return len >= CONFIG_TOKEN_MIN && len <= CONFIG_TOKEN_MAX
		       ? NULL
		       : "has not from 16 to 200 characters; `openssl rand -hex 16` makes one";
}

static const char *check_hosts(const struct setting_value *v)
{
	return hosts_valid(v->text) ? NULL : SETTING_UNEXPECTED;
}

static const char *check_ledger_id(const struct setting_value *v)
{
	uint8_t bytes[MARK_ID / 2];

	return hash_unhex(v->text, bytes, sizeof bytes) ? NULL : SETTING_UNEXPECTED;
}

static const char *check_public_url(const struct setting_value *v)
{
	struct http_url url;
	struct err err;

	if (!http_url_parse(v->text, &url, &err) || strlen(v->text) > CONFIG_PUBLIC_URL_MAX)
		return SETTING_UNEXPECTED;
	return has_login(v->text) ? "holds a user name or password; leave them out" : NULL;
}

static const char *check_notify_events(const struct setting_value *v)
{
	struct config *c = v->to;

	return event_kinds_parse(v->text, &c->notify_events) ? NULL : SETTING_UNEXPECTED;
}

static const char *check_umask(const struct setting_value *v)
{
	struct config *c = v->to;
	unsigned long mask = strtoul(v->text, NULL, 8);

	if (!*v->text || strspn(v->text, "01234567") != strlen(v->text) || strlen(v->text) > 4 ||
	    mask > 0777)
		return SETTING_UNEXPECTED;
	c->mask = (mode_t)mask;
	return NULL;
}

/* Of a container. */

/* From another folder a relative one would be another; and only $name is replaced. */
static const char *check_folder(const struct setting_value *v)
{
	const char *rest = text_starts(v->text, "$name") ? v->text + strlen("$name") : v->text;

	if (!*v->text)
		return NULL;
	if (strstr(v->text, "${"))
		return "holds ${, which nothing replaces here; write $name for the container's "
		       "name";
	if (*rest == '$')
		return "begins with a variable, which only a shell replaces; write the whole path";
	return *v->text == '/' ? NULL
			       : "is not an absolute path; write the whole path, such as "
				 "/srv/watch";
}

/* "5TB", "1,5T" or "500" is nearly right: what may have been meant, the caller's, or NULL. */
static char *size_meant(const char *size)
{
	size_t digits = strspn(size, "0123456789.,");
	const char *behind = size + digits + strspn(size + digits, " ");
	char unit = *behind ? (char)toupper((unsigned char)*behind) : 'G';
	OWN_STR char *guess = mem_printf("%.*s%c", (int)(digits < 32 ? digits : 32), size, unit);

	for (char *c = guess; *c; c++)
		if (*c == ',')
			*c = '.';

	return digits && num_size(guess, NULL) && strcmp(guess, size) != 0 ? OWN_TAKE(guess) : NULL;
}

static const char *check_size(const struct setting_value *v)
{
	if (num_size(v->text, NULL))
		return NULL;
	OWN_STR char *meant = size_meant(v->text);
	OWN_STR char *shown = text_printable(v->text, strlen(v->text), 40);
	snprintf(v->why, SETTING_WHY,
		 ": \"%s\" is not a size: a number above 0 and one of B K M G T P, such as 500G or "
		 "1.5T%s%s%s",
		 shown, meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
	return v->why;
}

/* The tracker's, written by us or the utility: anything else is as good as none. */
static const char *check_id(const struct setting_value *v)
{
	struct container *o = v->to;
	uint64_t number;

	if (num_u64(v->text, INT64_MAX, &number))
		text_copy(o->id, sizeof o->id, v->text);
	return NULL;
}

static void use_watch_client(struct container *o, const struct config_client *client)
{
	free(o->client);
	o->client = NULL;
	free(o->watch_folder);
	o->watch_folder =
		container_folder(client->watch_folder ? client->watch_folder : "", o->name);
}

/* A client that cannot be used is still named, so that the container does not count as one with a
 * watch folder. */
static const char *check_client(const struct setting_value *v)
{
	const struct config_client *client = config_client_find(v->config, v->text);
	struct container *o = v->to;

	if (client && !client->type && !client->faulty) {
		use_watch_client(o, client);
		return NULL;
	}
	const char *fault = config_text_fault(v->text);
	if (!fault)
		replace(&o->client, v->text);
	return fault || client ? fault : SETTING_UNEXPECTED;
}

static const char *check_audit_client(const struct setting_value *v)
{
	const struct config_client *client = config_client_find(v->config, v->text);

	return client && (client->type || client->faulty) ? NULL : SETTING_UNEXPECTED;
}

/* A name that the client would refuse for each torrent is refused before any is asked for. */
static const char *check_category(const struct setting_value *v)
{
	const struct container *o = v->to;
	const struct config_client *client = config_client_find(v->config, o->client);

	return client && client->type && !client->faulty
		       ? client_type_category_fault(client->type, v->text)
		       : NULL;
}

/* "a, b" becomes "a,b". */
static const char *check_tags(const struct setting_value *v)
{
	OWN_BUF struct buf tags = BUF_MAX(CONFIG_CLIENT_TEXT_MAX);
	OWN_STR char *copy = mem_dup(v->text);
	struct container *o = v->to;
	const char *fault = config_text_fault(v->text);
	char *rest = copy;

	for (char *tag; !fault && (tag = strsep(&rest, ","));) {
		tag = text_strip(tag);
		if (!*tag)
			return "holds an empty tag";
		buf_printf(&tags, "%s%s", tags.len ? "," : "", tag);
	}
	if (!fault)
		replace(&o->placement.tags, buf_text(&tags));
	return fault;
}

static const char *check_save_path(const struct setting_value *v)
{
	bool windows = isalpha((unsigned char)v->text[0]) && v->text[1] == ':';

	return v->text[0] == '/' || v->text[0] == '\\' || windows ? NULL : SETTING_UNEXPECTED;
}

static const char *check_reserve(const struct setting_value *v)
{
	size_t len = strlen(v->text);
	struct container *o = v->to;
	struct reserve r = {0};
	uint64_t percent;

	if (len > 1 && v->text[len - 1] == '%') {
		OWN_STR char *digits = mem_dupn(v->text, len - 1);
		if (!num_u64(digits, 99, &percent) || !percent)
			return "is not a percentage from 1% to 99%";
		r.percent = (unsigned)percent;
	} else if (strcmp(v->text, "0") != 0 && !num_size(v->text, &r.bytes)) {
		return SETTING_UNEXPECTED;
	}
	o->reserve = r;
	return NULL;
}

/* Of a client. */

static const char *check_type(const struct setting_value *v)
{
	struct config_client *c = v->to;

	c->type = client_type_find(v->text);
	return c->type || strcmp(v->text, CLIENT_TYPE_WATCH) == 0 ? NULL : SETTING_UNEXPECTED;
}

static const char *check_client_url(const struct setting_value *v)
{
	bool scgi = text_starts(v->text, "scgi://");
	struct scgi_address address;
	struct http_url url;
	struct err err;

	if (has_login(v->text))
		return "holds a user name or password; write them as Username and PasswordFile";
	if (scgi && !scgi_address_of_url(v->text, &address, &err))
		return "is not of the form scgi://host:port; for a unix socket give its path as "
		       "Socket";
	return scgi || http_url_parse(v->text, &url, &err) ? NULL : SETTING_UNEXPECTED;
}

static const char *check_socket(const struct setting_value *v)
{
	return v->text[0] == '/' && strlen(v->text) <= CONFIG_SOCKET_MAX ? NULL
									 : SETTING_UNEXPECTED;
}

/* Of an entry of Notify. */

static const char *check_events(const struct setting_value *v)
{
	struct config_entry *e = v->to;

	return event_kinds_parse(v->text, &e->events) ? NULL : SETTING_UNEXPECTED;
}

/* ---- the rows ---- */

#define FIELD(type, field) \
	.offset = offsetof(type, field), .size = sizeof(((const type *)NULL)->field)
#define TOP(field) .level = SETTING_TOP, FIELD(struct config, field)
#define CONTAINER(field) .level = SETTING_CONTAINER, FIELD(struct container, field)
#define CLIENT(field) .level = SETTING_CLIENT, FIELD(struct config_client, field)
#define ROW(of) .level = SETTING_##of /* without a field */
#define NOTIFY(field) .level = SETTING_NOTIFY, FIELD(struct config_entry, field)

#define RELATIVE(field)                                                              \
	TOP(field), .official = true, .type = SETTING_TEXT, .check = check_relative, \
		    .expects = "a URL relative to BaseURL"

#define EVENTS "failure, full, lost, version, pick-up, client, audit"

static const char *const engines[] = {"native", "utility", NULL};
static const char *const updates[] = {[CONFIG_UPDATE_AUTO] = "auto",
				      [CONFIG_UPDATE_NOTIFY] = "notify",
				      [CONFIG_UPDATE_OFF] = "off",
				      NULL};
static const char *const log_levels[] = {[LOG_ERROR] = "error",
					 [LOG_WARN] = "warn",
					 [LOG_INFO] = "info",
					 [LOG_DEBUG] = "debug",
					 NULL};
static const char *const log_formats[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json", NULL};

const struct setting config_settings[] = {
	/* ---- the top level ---- */
	{TOP(user), .key = "ApiUser", .variable = "PTP_USER", .in_file = true, .official = true,
	 .type = SETTING_SECRET, .check = check_user,
	 .expects = "16 letters and digits, from your profile page",
	 .help = "The API user of your profile page."},
	{TOP(key), .key = "ApiKey", .variable = "PTP_KEY", .in_file = true, .official = true,
	 .type = SETTING_SECRET, .check = check_key,
	 .expects = "32 letters and digits, from your profile page",
	 .help = "The API key of your profile page."},
	{ROW(TOP), .key = "Containers", .variable = "PTP_CONTAINERS",
	 .example = "attic:800G,cellar:1.5T",
	 .expects = "an object; in the variable a list of name:size",
	 .help = "The containers to keep filled. If the variable is set, it names them, and run "
		 "and fetch write "
		 "config.ptp from it."},
	{ROW(TOP), .key = "Default", .expects = "an object",
	 .help = "Settings for all containers. A container's own setting wins."},
	{ROW(TOP), .key = "Clients", .expects = "an object",
	 .help = "Your torrent clients, each under a name of your choice."},
	{TOP(ping_url), .key = "HealthchecksURL", .variable = "HC_URL", .in_file = true,
	 .type = SETTING_SECRET, .check = check_ping_url, .unset = "no pings",
	 .expects = "a complete URL", .example = "https://hc-ping.com/UUID",
	 .help = "The ping URL of a Healthchecks check, with its UUID or with ping key and slug. A "
		 "user and a password in it (https://user:password@host/) are sent as Basic "
		 "authentication."},
	{ROW(TOP), .key = "Notify", .form = SETTING_LIST, .variable = "PTP_NOTIFY", .in_file = true,
	 .list = true, .unset = "no messages", .example = "ntfy+https://ntfy.sh/TOPIC",
	 .expects = "at most 10 of SERVICE+URL, with blanks or commas between them",
	 .help = "Where to send messages about events. In config.ptp an array of such texts, and "
		 "of objects."},
	{ROW(TOP), .check = check_notify_events, .key = "NotifyEvents", .form = SETTING_LIST,
	 .variable = "PTP_NOTIFY_EVENTS", .list = true, .fallback = EVENTS,
	 .expects = "a list of these words: all, none, " EVENTS ", digest",
	 .help = "The events to send messages about. digest is a summary once a week."},
	{TOP(listen), .key = "Listen", .variable = "PTP_LISTEN", .type = SETTING_TEXT,
	 .check = check_listen, .unset = "no page",
	 .expects = "an address and a port, such as 127.0.0.1:9980 or [::1]:9980",
	 .help = "The address and port of the status page."},
	{TOP(listen_token), .key = "ListenToken", .variable = "PTP_LISTEN_TOKEN", .in_file = true,
	 .type = SETTING_SECRET, .check = check_token,
	 .expects = "16 to 200 visible ASCII characters",
	 .help = "The password of the status page. `openssl rand -hex 16` makes one."},
	{TOP(listen_open), .key = "ListenOpen", .variable = "PTP_LISTEN_OPEN", .type = SETTING_BOOL,
	 .fallback = "false",
	 .help = "Show the status page without a token to every machine that can reach it."},
	{TOP(listen_hosts), .key = "ListenHosts", .form = SETTING_LIST,
	 .variable = "PTP_LISTEN_HOSTS", .list = true, .type = SETTING_TEXT, .check = check_hosts,
	 .expects = "a list of host names without port, such as ptp.example.org, or * for any",
	 .example = "ptp.example.org",
	 .help = "Further host names under which the status page answers without a token, such as "
		 "that of a reverse proxy. An IP address, localhost and this machine's own name "
		 "always work. Any other name without a dot must be listed."},
	{TOP(public_url), .key = "PublicUrl", .variable = "PTP_PUBLIC_URL", .type = SETTING_TEXT,
	 .max = CONFIG_CLIENT_TEXT_MAX, .check = check_public_url, .unset = "no link",
	 .expects = "an http or https URL of at most 500 bytes",
	 .example = "https://ptp.example.org/",
	 .help = "The address of the status page, as your browser reaches it. Messages and pings "
		 "end with this link."},
	{TOP(sandbox), .key = "Sandbox", .variable = "PTP_SANDBOX", .type = SETTING_BOOL,
	 .fallback = "true",
	 .help = "Run the daemon in a sandbox, if the kernel has one: it can then reach only the "
		 "files that it needs, and cannot start programs itself."},
	{TOP(ledger_id), .key = "LedgerID", .type = SETTING_TEXT, .check = check_ledger_id,
	 .expects = "32 hexadecimal digits",
	 .help = "The id of the ledger. The program writes it here. A state folder without this "
		 "ledger may be another disk, so no new ledger is begun there by itself."},
	{TOP(interval_ms), .key = "Interval", .variable = "PTP_INTERVAL", .type = SETTING_DURATION,
	 .max = CONFIG_INTERVAL_MAX_MS, .fallback = "6h",
	 .help = "The time from one cycle to the next, within 10 %. It is at least 10m."},
	{TOP(per_cycle), .key = "PerCycle", .variable = "PTP_PER_CYCLE", .type = SETTING_COUNT,
	 .min = 1, .max = CONFIG_PER_CYCLE_MAX, .fallback = "1",
	 .help = "The most torrents that a container gets in one cycle."},
	{TOP(fetch_sleep_ms), .key = "FetchSleep", .variable = "PTP_FETCH_SLEEP", .official = true,
	 .type = SETTING_SECONDS, .max = CONFIG_FETCH_SLEEP_MAX_S, .fallback = "5", .example = "15",
	 .help = "The seconds between two fetch calls. Less than 10 counts as 10, unless BaseURL "
		 "is on this machine. If a tunnel there leads to the real tracker, set 10 or "
		 "more."},
	{TOP(timeout_ms), .key = "Timeout", .variable = "PTP_TIMEOUT", .type = SETTING_DURATION,
	 .max = CONFIG_TIMEOUT_MAX_MS, .fallback = "60s",
	 .help = "The time limit for one request to the tracker."},
	{TOP(base_url), .key = "BaseURL", .variable = "PTP_BASE_URL", .official = true,
	 .type = SETTING_TEXT, .check = check_base_url, .fallback = "https://passthepopcorn.me",
	 .expects = "a complete URL",
	 .help = "The tracker's address. Plain http is refused, except to this machine."},
	{RELATIVE(fetch_url), .key = "FetchURL", .fallback = "archive.php?action=fetch",
	 .help = "Where the tracker is asked for a torrent."},
	{RELATIVE(download_url), .key = "DownloadURL", .fallback = "torrents.php?action=download",
	 .help = "Where a .torrent is downloaded."},
	{RELATIVE(version_url), .key = "VersionURL", .fallback = "archive.php?action=scriptver",
	 .help = "Where the tracker is asked for the official utility's version."},
	{RELATIVE(update_url), .key = "UpdateURL", .fallback = "archive.php?action=script",
	 .help = "Where the official utility is downloaded."},
	{TOP(ca_file), .key = "CAFile", .variable = "PTP_CA_FILE", .type = SETTING_TEXT,
	 .check = check_ca_file, .unset = "the system's CAs", .expects = "a PEM file",
	 .help = "The only CAs to trust for the tracker. Pings and messages trust the system's as "
		 "well."},
	{TOP(utility), .key = "Engine", .variable = "PTP_ENGINE", .type = SETTING_WORD,
	 .words = engines, .fallback = "native",
	 .help = "Who speaks with the tracker: this program (native), or the official "
		 "archiver.py, which it runs (utility)."},
	{TOP(utility_path), .key = "UtilityPath", .variable = "PTP_UTILITY_PATH",
	 .type = SETTING_TEXT, .check = check_no_folder, .expects = "a file",
	 .unset = "archiver.py beside config.ptp", .example = "/app/archiver.py",
	 .help = "Where the official utility is. It is downloaded to there if it is missing."},
	{TOP(utility_update), .key = "UtilityUpdate", .variable = "PTP_UTILITY_UPDATE",
	 .type = SETTING_WORD, .words = updates, .fallback = "auto",
	 .help = "What to do about a newer utility: download it (auto), warn (notify), or do not "
		 "look (off)."},
	{TOP(vault), .key = "Vault", .variable = "PTP_VAULT", .type = SETTING_BOOL,
	 .fallback = "true", .help = "Keep a copy of each delivered .torrent in the state folder."},
	{TOP(shared_account), .key = "SharedAccount", .variable = "PTP_SHARED_ACCOUNT",
	 .type = SETTING_BOOL, .fallback = "false",
	 .help = "Other programs use the account, too. Then no possibly lost assignment is taken "
		 "up "
		 "before you settle it."},
	{TOP(backup_keep), .key = "BackupKeep", .variable = "PTP_BACKUP_KEEP",
	 .type = SETTING_COUNT, .max = CONFIG_BACKUP_KEEP_MAX, .fallback = "7",
	 .help = "How many daily copies of the ledger the daemon keeps in the folder backup of the "
		 "state folder. 0 makes none."},
	{TOP(audit_interval_ms), .key = "AuditInterval", .variable = "PTP_AUDIT_INTERVAL",
	 .type = SETTING_DURATION_OR_OFF, .max = CONFIG_AUDIT_INTERVAL_MAX_MS, .fallback = "7d",
	 .help = "The time from one audit of the daemon to the next."},
	{TOP(log_level), .key = "LogLevel", .variable = "LOG_LEVEL", .option = "--log-level",
	 .type = SETTING_WORD, .words = log_levels, .fallback = "info",
	 .help = "How much is logged."},
	{TOP(log_format), .key = "LogFormat", .variable = "LOG_FORMAT", .option = "--log-format",
	 .type = SETTING_WORD, .words = log_formats, .fallback = "text",
	 .help = "The form of the log on stderr, one line for each event."},
	{ROW(TOP), .check = check_umask, .key = "Umask", .variable = "UMASK", .fallback = "007",
	 .expects = "an octal number from 000 to 777",
	 .help = "The umask for delivered files and new folders. A torrent holds your passkey: by "
		 "default others cannot read it."},
	{ROW(TOP), .variable = "PTP_CONFIG", .option = "--config", .expects = "a file",
	 .unset = "./config.ptp if it exists, else ~/.config/ptp-archiver/config.ptp",
	 .help = "Where config.ptp is. XDG_CONFIG_HOME, if set, is used in place of ~/.config."},
	{ROW(TOP), .variable = "PTP_STATE", .option = "--state", .expects = "a folder",
	 .unset = "state beside config.ptp",
	 .help = "The folder of the ledger, the kept .torrent files and the locks."},
	{ROW(TOP), .variable = "NO_COLOR", .expects = "anything",
	 .help = "If it is set, output on a terminal has no colours."},

	/* ---- a container; the order matters, since Category is checked against Client ---- */
	{CONTAINER(size), .key = "Size", .official = true, .type = SETTING_TEXT,
	 .check = check_size, .fallback = "500G",
	 .expects = "a number above 0 and one of B K M G T P", .example = "1.5T",
	 .help = "How large the container is."},
	{CONTAINER(max_stalled), .key = "MaxStalled", .variable = "PTP_MAX_STALLED",
	 .official = true, .type = SETTING_COUNT, .max = CONTAINER_STALLED_MAX, .fallback = "0",
	 .help = "Ask for nothing while this many downloads stall in the client. The tracker "
		 "counts for itself as well; 0 is no limit."},
	{CONTAINER(after_fetch_exec), .key = "AfterFetchExec", .form = SETTING_COMMAND,
	 .official = true, .type = SETTING_TEXT, .expects = "commands with && between them",
	 .example = "chmod 0644 $path",
	 .help = "Commands to run after each delivery, without a shell. $path becomes the written "
		 "file, $name its name."},
	{CONTAINER(watch_folder), .key = "WatchDirectory", .variable = "PTP_WATCH",
	 .official = true, .named = true, .type = SETTING_FOLDER, .check = check_folder,
	 .fallback = CONFIG_FOLDER_BUILT_IN, .expects = "an absolute path",
	 .example = "/srv/watch/$name",
	 .help = "The folder that the torrent client watches; $name becomes the container's name. "
		 "The variable is for containers that PTP_CONTAINERS names, and is /watch if it is "
		 "not set."},
	{ROW(CONTAINER), .check = check_id, .key = "ContainerID", .expects = "a whole number",
	 .help = "The tracker's number of the container. It is written here as the official "
		 "utility does."},
	{ROW(CONTAINER), .check = check_client, .key = "Client", .variable = "PTP_CLIENT",
	 .expects = "the name of an entry of Clients",
	 .help = "The client that gets the torrents, in place of a watch folder."},
	{CONTAINER(audit_client), .key = "AuditClient", .variable = "PTP_AUDIT_CLIENT",
	 .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX, .check = check_audit_client,
	 .expects = "the name of an entry of Clients that has an interface",
	 .help = "The client that audit asks about torrents of a watch folder."},
	{CONTAINER(placement.category), .key = "Category", .variable = "PTP_CATEGORY",
	 .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX, .check = check_category,
	 .help = "The category or label that torrents get in the client."},
	{ROW(CONTAINER), .check = check_tags, .key = "Tags", .form = SETTING_WORDS,
	 .variable = "PTP_TAGS", .list = true, .expects = "words with commas between them",
	 .example = "ptp,archive", .help = "The tags that torrents get in the client."},
	{CONTAINER(placement.save_path), .key = "SavePath", .variable = "PTP_SAVE_PATH",
	 .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX, .check = check_save_path,
	 .expects = "an absolute path on the client's machine", .unset = "the client's default",
	 .help = "The folder that the client stores the data in."},
	{CONTAINER(placement.paused), .key = "Paused", .variable = "PTP_PAUSED",
	 .type = SETTING_BOOL, .fallback = "false",
	 .help = "Add torrents to the client without starting them."},
	{CONTAINER(max_active), .key = "MaxActive", .variable = "PTP_MAX_ACTIVE",
	 .type = SETTING_COUNT, .max = CONTAINER_STALLED_MAX, .fallback = "0",
	 .help = "Ask for nothing while the client has this many incomplete downloads in the "
		 "category, paused ones included. 0 is no limit."},
	{CONTAINER(max_pending), .key = "MaxPending", .variable = "PTP_MAX_PENDING",
	 .type = SETTING_COUNT, .max = CONTAINER_STALLED_MAX, .fallback = "2",
	 .help = "Ask for nothing while more torrents than this wait for the client. In a watch "
		 "folder, files older than a minute count."},
	{ROW(CONTAINER), .check = check_reserve, .key = "Reserve", .variable = "PTP_RESERVE",
	 .fallback = "0", .expects = "a size, such as 50G, or a percentage, such as 5%",
	 .example = "50G",
	 .help = "Ask for nothing while less space than this is free where the client stores. 0 is "
		 "no limit."},
	{CONTAINER(data_folder), .key = "DataDirectory", .variable = "PTP_DATA",
	 .type = SETTING_FOLDER, .check = check_folder, .expects = "an absolute path",
	 .help = "The client's data folder as this machine sees it. Reserve needs it for a watch "
		 "folder, and for % where the client does not report its disk's size."},
	{CONTAINER(pick_up_ms), .key = "PickUpWithin", .variable = "PTP_PICK_UP_WITHIN",
	 .type = SETTING_DURATION_OR_OFF, .max = CONFIG_INTERVAL_MAX_MS, .fallback = "1h",
	 .help = "Warn if a file stays longer in the watch folder. Use off for clients that leave "
		 "files there, such as rTorrent."},

	/* ---- a client ---- */
	{ROW(CLIENT), .check = check_type, .key = "Type", .words = client_type_words,
	 .help = "What kind of client it is. watch is a watch folder that containers share."},
	{CLIENT(url), .key = "URL", .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX,
	 .check = check_client_url,
	 .expects = "a complete URL that begins with https:// or http://",
	 .example = "http://localhost:8080",
	 .help = "The address of its web interface, with a sub-path if it has one. rtorrent also "
		 "takes scgi://host:port."},
	{CLIENT(socket), .key = "Socket", .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX,
	 .check = check_socket,
	 .expects = "the absolute path, of at most 107 bytes, of a unix socket",
	 .help = "A unix socket to connect to instead of the URL's host."},
	{CLIENT(user), .key = "Username", .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX,
	 .help = "The user to log in as."},
	{CLIENT(password), .key = "Password", .form = SETTING_PASSWORD, .type = SETTING_SECRET,
	 .help = "The password to log in with."},
	{CLIENT(password), .key = "PasswordFile", .form = SETTING_PASSWORD,
	 .type = SETTING_SECRET_FILE, .expects = "a file", .example = "/run/secrets/qb",
	 .help = "A file that holds the password. White space around it is ignored."},
	{CLIENT(proxy_user), .key = "ProxyUsername", .type = SETTING_TEXT,
	 .max = CONFIG_CLIENT_TEXT_MAX,
	 .help = "The user for Basic authentication at a reverse proxy in front of the client."},
	{CLIENT(proxy_password), .key = "ProxyPassword", .form = SETTING_PASSWORD,
	 .type = SETTING_SECRET, .help = "The password for that proxy."},
	{CLIENT(proxy_password), .key = "ProxyPasswordFile", .form = SETTING_PASSWORD,
	 .type = SETTING_SECRET_FILE, .expects = "a file",
	 .help = "A file that holds the password for that proxy."},
	{CLIENT(ca_file), .key = "CAFile", .type = SETTING_TEXT, .max = CONFIG_CLIENT_TEXT_MAX,
	 .check = check_ca_file, .expects = "a PEM file",
	 .help = "CAs to trust for this client, besides the system's."},
	{CLIENT(timeout_ms), .key = "Timeout", .type = SETTING_DURATION,
	 .max = CONFIG_TIMEOUT_MAX_MS, .fallback = "30s", .help = "The time limit for one call."},
	{CLIENT(watch_folder), .key = "WatchDirectory", .type = SETTING_TEXT,
	 .max = CONFIG_CLIENT_TEXT_MAX, .check = check_folder, .expects = "a folder",
	 .help = "For Type watch: the folder; $name becomes the container's name."},

	/* ---- an entry of Notify ---- */
	{NOTIFY(url), .key = "URL", .type = SETTING_SECRET, .expects = "SERVICE+URL",
	 .example = "ntfy+https://ntfy.sh/TOPIC", .help = "Where to send messages."},
	{NOTIFY(url), .key = "URLFile", .type = SETTING_SECRET_FILE, .expects = "a file",
	 .help = "A file that holds the URL."},
	{NOTIFY(token), .key = "Token", .type = SETTING_SECRET,
	 .help = "The token that the service asks for, if the URL does not hold it."},
	{NOTIFY(token), .key = "TokenFile", .type = SETTING_SECRET_FILE, .expects = "a file",
	 .help = "A file that holds the token."},
	{ROW(NOTIFY), .check = check_events, .key = "Events", .list = true,
	 .expects = "a list of these words: all, none, " EVENTS ", digest",
	 .unset = "as NotifyEvents", .help = "The events to send messages about."},
};

#define N_SETTINGS (sizeof config_settings / sizeof *config_settings)
_Static_assert(N_SETTINGS <= CONFIG_SETTINGS_MAX, "config.taken has room for each");
const size_t config_n_settings = N_SETTINGS;

static const struct {
	const char *name, *place;
} levels[SETTING_LEVELS] = {
	[SETTING_TOP] = {"config.ptp", "at the top of config.ptp"},
	[SETTING_CONTAINER] = {"container", "in an entry of Containers, or in Default"},
	[SETTING_CLIENT] = {"client", "in an entry of Clients"},
	[SETTING_NOTIFY] = {"notify", "in an entry of Notify"},
};

const struct setting *setting_next(enum setting_level level, const struct setting *s)
{
	for (s = s ? s + 1 : config_settings; s < config_settings + N_SETTINGS; s++)
		if (s->level == level)
			return s;
	return NULL;
}

const struct setting *setting_find(enum setting_level level, const char *key)
{
	EACH_SETTING (s, level)
		if (s->key && strcmp(s->key, key) == 0)
			return s;
	return NULL;
}

const char *setting_level_name(enum setting_level level)
{
	return levels[level].name;
}

const char *setting_level_place(enum setting_level level)
{
	return levels[level].place;
}

void setting_clear(enum setting_level level, void *of)
{
	EACH_SETTING (s, level)
		setting_release(s, of);
}

json_t *config_container_defaults(const json_t *root)
{
	json_t *all = json_object(), *own = json_object_get(root, "Default");

	EACH_SETTING (s, SETTING_CONTAINER)
		if (s->official)
			json_object_set_new(all, s->key, setting_default_json(s));
	if (json_is_object(own))
		json_object_update(all, own);
	return all;
}
