/* What can be tested without looking into a folder or calling anybody; declared in doctor/doctor.h.
 */
#include "daemon/daemon_note.h"
#include "doctor/doctor.h"
#include "view/facts.h"
#include "config/hosts.h"
#include "config/listen.h"
#include "config/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "system/sandbox.h"
#include "base/own.h"
#include "base/text.h"
#include "base/url.h"
#include "ports/engine_utility.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define EARLIEST_CLOCK INT64_C(1704067200000) /* 2024-01-01: before this was written */
#define CA_FILE_MAX_BYTES (16 * 1024 * 1024)
#define DAY_MS (24 * 3600 * INT64_C(1000))

char *doctor_user(unsigned id)
{
	const struct passwd *p = getpwuid(id);

	return p ? mem_printf("%s (user %u)", p->pw_name, id) : mem_printf("user %u", id);
}

/* ---- config.ptp ---- */

void doctor_file(struct doctor *d)
{
	const char *path = d->config->path;
	OWN_STR char *quoted = text_quoted(path);
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (st.st_mode & 077) {
		doctor_say(d, DOCTOR_WARN, "config-file", path,
			   "others can read it, and with it the API key");
		doctor_fix(d, "chmod 600 %s", quoted);
	} else if (st.st_uid != geteuid()) {
		OWN_STR char *owner = doctor_user(st.st_uid);
		OWN_STR char *us = doctor_user(geteuid());
		doctor_say(
			d, DOCTOR_WARN, "config-file", path,
			"it belongs to %s, and this is %s: if it is written now, its owner cannot "
			"read it any more",
			owner, us);
		doctor_fix(d, "run ptp-archiver as the user that it belongs to (sudo -u)");
	} else {
		doctor_say(d, DOCTOR_OK, "config-file", path, "only its owner can read it");
	}
}

void doctor_daemon(struct doctor *d)
{
	OWN_STR char *differences = daemon_note_differences(d->config);

	if (!differences)
		return;
	OWN_STR char *way_out = daemon_note_way_out(d->config, "check");
	doctor_say(d, DOCTOR_WARN, "daemon-settings", "daemon",
		   "the running daemon has other settings than this command: %s", differences);
	doctor_fix(d, "%s", way_out);
}

void doctor_service(struct doctor *d)
{
	OWN_STR char *line = daemon_note_service(d->config, "check");

	if (!line)
		return;
	doctor_say(d, DOCTOR_WARN, "service-settings", "configuration",
		   "%s is not there, but this machine has the service, whose settings are "
		   "in " SERVICE_ENVIRONMENT " and " SERVICE_CONFIG,
		   d->config->path);
	doctor_fix(d, "to look at the service run, as root: %s", line);
}

/* `run` does not start so. */
static void say_no_containers(struct doctor *d)
{
	static const char test[] = "containers";
	const struct config *c = d->config;

	if (c->named_by_environment) {
		doctor_say(d, DOCTOR_FAIL, test, test,
			   "none that PTP_CONTAINERS names can be used, so `run` does not start");
		doctor_fix(d, "correct PTP_CONTAINERS, such as PTP_CONTAINERS=\"attic:800G\"");
	} else if (c->file_broken) {
		doctor_say(d, DOCTOR_FAIL, test, test,
			   "none is known while %s cannot be read, so `run` does not start",
			   c->path);
		doctor_fix(d, "fix %s, or set PTP_CONTAINERS", c->path);
	} else if (json_object_size(json_object_get(c->file, "Containers"))) {
		doctor_say(d, DOCTOR_FAIL, test, test,
			   "none of those in %s can be used, so `run` does not start", c->path);
		doctor_fix(d, "correct Containers in %s", c->path);
	} else {
		doctor_say(
			d, DOCTOR_FAIL, test, test,
			"there is none, so there is nothing to ask for, and `run` does not start");
		doctor_fix(d, "run `ptp-archiver create NAME --size 500G --watch DIR`, or set "
			      "PTP_CONTAINERS, such as PTP_CONTAINERS=\"attic:800G\", and "
			      "PTP_WATCH");
	}
}

/* Of what is set for a container, what only a client with an interface could heed; the caller's, ""
 * if nothing is. */
static char *idle_settings(const struct container *c)
{
	const struct {
		const char *key;
		bool set;
	} rows[] = {{"Category", c->placement.category},
		    {"Tags", c->placement.tags},
		    {"SavePath", c->placement.save_path},
		    {"Paused", c->placement.paused},
		    {"MaxActive", c->max_active}};
	struct buf out = {.max = 200};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].set)
			buf_printf(&out, "%s%s", out.len ? ", " : "", rows[i].key);
	return buf_take(&out);
}

static void check_idle(struct doctor *d, const struct container *c)
{
	OWN_STR char *idle = idle_settings(c);

	if (c->client || !*idle)
		return;
	doctor_say(d, DOCTOR_WARN, "idle-settings", c->name,
		   "%s: no effect with a watch folder, because there is no client to ask", idle);
	doctor_fix(d, "name a Client for %s, or remove what has no effect", c->name);
}

void doctor_containers(struct doctor *d)
{
	size_t n = d->config->n_containers;

	if (n)
		doctor_say(d, DOCTOR_OK, "containers", "containers", "%zu", n);
	else
		say_no_containers(d);
	for (size_t i = 0; i < n; i++)
		check_idle(d, &d->config->containers[i]);
}

void doctor_base_url(struct doctor *d)
{
	if (!d->config->loopback)
		return;
	doctor_say(d, DOCTOR_WARN, "tracker-url", "tracker", "on this machine, so this is a test");
	doctor_fix(d, "unset BaseURL (PTP_BASE_URL) to use PassThePopcorn");
}

/* ---- the ping URL ---- */

#define PING_KEY_LEN 22

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	return true;
}

/* A ping key and a slug. */
static bool has_ping_key(const char *path, const char *slug)
{
	if (!*slug || slug - path < PING_KEY_LEN + 2)
		return false;
	const char *key = slug - 1 - PING_KEY_LEN;
	return key[-1] == '/' && !memchr(key, '/', PING_KEY_LEN);
}

static void say_ping_form(struct doctor *d, const char *path)
{
	const char *last = fs_base_name(path);
	bool of_a_check = is_uuid(last);

	if (text_ends(path, "/details") && strstr(path, "/checks/")) {
		doctor_say(d, DOCTOR_FAIL, "ping-form", "ping URL",
			   "it is that of the check's page in a browser");
		doctor_fix(d, "copy the ping URL that this page shows into HealthchecksURL "
			      "(HC_URL)");
	} else if (of_a_check && strpbrk(last, "ABCDEF")) {
		doctor_say(d, DOCTOR_FAIL, "ping-form", "ping URL",
			   "its UUID has capital letters, and Healthchecks knows none");
		doctor_fix(d, "write the UUID of HealthchecksURL (HC_URL) in lower case");
	} else if (of_a_check || has_ping_key(path, last)) {
		doctor_say(d, DOCTOR_OK, "ping-form", "ping URL", "of the right form");
	} else {
		doctor_say(d, DOCTOR_WARN, "ping-form", "ping URL",
			   "it ends neither in a check's UUID, nor in a ping key of %d letters "
			   "and a slug",
			   PING_KEY_LEN);
		doctor_fix(d, "copy the check's ping URL again into HealthchecksURL (HC_URL); "
			      "`ptp-archiver check --online` tries it");
	}
}

void doctor_ping_form(struct doctor *d)
{
	const struct secret *url = &d->config->ping_url;

	if (!secret_is_set(url))
		return;
	const char *text = secret_reveal(url);
	size_t len = strcspn(text, "?#");
	while (len && text[len - 1] == '/')
		len--;
	OWN_WIPED char *path = mem_dupn(text, len);
	say_ping_form(d, path);
}

/* ---- the proxy ---- */

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

/* A name of NO_PROXY stands for itself and what is below it, as libcurl reads it. */
static bool is_listed(const char *host, char *list)
{
	char *save = NULL;

	for (char *name = strtok_r(list, ", \t", &save); name;
	     name = strtok_r(NULL, ", \t", &save)) {
		name += *name == '.';
		size_t len = strlen(name), all = strlen(host);
		if (strcmp(name, "*") == 0)
			return true;
		if (len && len <= all && strcasecmp(host + all - len, name) == 0 &&
		    (len == all || host[all - len - 1] == '.'))
			return true;
	}
	return false;
}

static bool is_exempt(const char *host)
{
	const char *list = is_set("no_proxy") ? getenv("no_proxy") : getenv("NO_PROXY");
	OWN_STR char *copy = mem_dup(list ? list : "");

	return is_listed(host, copy);
}

const char *doctor_proxy_variable(const char *host, bool tls)
{
	static const char *const names[2][4] = {
		{"http_proxy", "all_proxy", "ALL_PROXY", NULL},
		{"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}};

	for (int i = 0; i < 4 && names[tls][i]; i++)
		if (is_set(names[tls][i]))
			return is_exempt(host) ? NULL : names[tls][i];
	return NULL;
}

/* "http://proxy:3128" of a proxy's URL, without user and password; the caller's.  libcurl also
 * accepts a proxy without a scheme. */
static char *shown_proxy(const char *url)
{
	OWN_STR char *with_scheme = mem_printf("http://%s", url);
	OWN_STR char *bare = url_shown(with_scheme);
	char *whole = url_shown(url);

	if (whole)
		return whole;
	return mem_dup(bare ? bare + strlen("http://") : "a proxy whose URL cannot be read");
}

void doctor_proxy(struct doctor *d)
{
	struct http_url url;
	struct err ignored;

	if (!http_url_parse(d->config->base_url, &url, &ignored) || url.loopback)
		return;
	const char *variable = doctor_proxy_variable(url.host, url.tls);
	if (!variable)
		return;
	OWN_STR char *shown = shown_proxy(getenv(variable));
	doctor_say(d, DOCTOR_OK, "proxy", "proxy", "%s leads the way to the tracker through %s",
		   variable, shown);
}

/* ---- the CAs to trust ---- */

/* NULL, or what is wrong with the file; `why` has room for the system's words. */
static const char *ca_file_fault(const char *path, struct err *why)
{
	OWN_BUF struct buf bytes = BUF_MAX(CA_FILE_MAX_BYTES);

	if (fs_is_folder(path))
		return "it is a folder";
	if (!fs_read(path, &bytes, why))
		return why->msg;
	if (!bytes.len)
		return "it is empty";
	if (strstr(buf_text(&bytes), "CERTIFICATE-----"))
		return NULL;
	if (strstr(buf_text(&bytes), "PRIVATE KEY-----"))
		return "it holds a key, and no certificate";
	return "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)";
}

/* `variable`: which sets the path as well, in brackets, or "". */
static void check_ca_file(struct doctor *d, const char *about, const char *path,
			  const char *variable)
{
	struct err why;
	const char *fault = path ? ca_file_fault(path, &why) : NULL;

	if (!path)
		return;
	if (!fault) {
		doctor_say(d, DOCTOR_OK, "ca-file", about, "%s holds a certificate", path);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "ca-file", about, "%s cannot be used: %s", path, fault);
	doctor_fix(d,
		   "name a PEM file with the CA's certificate, that this user can read, or "
		   "unset CAFile%s",
		   variable);
}

void doctor_ca_files(struct doctor *d)
{
	check_ca_file(d, "CAFile", d->config->ca_file, " (PTP_CA_FILE)");
	for (size_t i = 0; i < d->config->n_clients; i++) {
		const struct config_client *c = &d->config->clients[i];
		OWN_STR char *about = mem_printf("client %s", c->name);
		if (c->url && text_starts(c->url, "https:"))
			check_ca_file(d, about, c->ca_file, "");
	}
}

/* ---- the clock ---- */

static int64_t last_request(const struct config *c)
{
	struct pace pace = {0};
	struct err ignored;
	struct ledger *l = wire_look(c);

	if (l && !ledger_get_pace(l, &pace, &ignored))
		pace.request.wall = 0;
	ledger_close(l);
	return pace.request.wall;
}

void doctor_clock(struct doctor *d)
{
	char now_text[CLOCK_TEXT];
	int64_t now = clock_now();
	bool bad = now < EARLIEST_CLOCK;

	clock_format(now, now_text);
	if (!bad && last_request(d->config) <= now + DAY_MS) {
		doctor_say(d, DOCTOR_OK, "clock", "clock", "%s", now_text);
		return;
	}
	doctor_say(d, bad ? DOCTOR_FAIL : DOCTOR_WARN, "clock", "clock", "it says %s, which is %s",
		   now_text,
		   bad ? "before this program was written" : "before the last call in the ledger");
	doctor_fix(d, "set the clock of this machine: timedatectl set-ntp true");
}

/* ---- the official utility ---- */

void doctor_utility(struct doctor *d)
{
	struct err err;

	if (!d->config->utility)
		return;
	if (engine_utility_python(d->config->utility_path, NULL, &err)) {
		doctor_say(d, DOCTOR_OK, "utility", "utility",
			   "python3 and its module requests are there");
		return;
	}
	OWN_STR char *fault = err_fault(&err);
	doctor_say(d, DOCTOR_FAIL, "utility", "utility", "%s", fault);
	doctor_fix(d, "%s", err_advice(&err) ? err_advice(&err) : ENGINE_UTILITY_ADVICE);
}

/* ---- the status page ---- */

/* 0, or why the address cannot be used. */
static int try_bind(const struct listen_address *a)
{
	OWN_FD int fd = socket(a->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)&a->addr, a->len) != 0)
		return errno;
	return 0;
}

static void say_page(struct doctor *d, int why, bool runs)
{
	const char *where = d->config->listen;

	if (!why && runs) {
		doctor_say(d, DOCTOR_WARN, "page-port", "status page",
			   "the daemon runs, and nobody listens on %s", where);
		doctor_fix(d, "restart the daemon: it takes Listen (PTP_LISTEN) when it starts");
	} else if (!why || (runs && why == EADDRINUSE)) {
		doctor_say(d, DOCTOR_OK, "page-port", "status page",
			   runs ? "the daemon runs, and %s is in use" : "%s is free for it", where);
	} else {
		doctor_say(d, DOCTOR_FAIL, "page-port", "status page", "%s cannot be used: %s%s",
			   where, strerror(why),
			   why == EADDRINUSE ? ", another program has this port" : "");
		doctor_fix(d,
			   "set Listen (PTP_LISTEN) to an address of this machine and a free "
			   "port%s",
			   why == EADDRINUSE ? "; `ss -ltnp` shows who has it"
			   : why == EACCES   ? " above 1023"
					     : "");
	}
}

static void say_names(struct doctor *d)
{
	const char *hosts = d->config->listen_hosts;

	if (secret_is_set(&d->config->listen_token))
		return;
	if (hosts_any(hosts)) {
		doctor_say(d, DOCTOR_WARN, "page-names", "status page",
			   "it may be called by any name and has no token: any web site that "
			   "somebody here looks at can read it");
		doctor_fix(d, "list the names in ListenHosts (PTP_LISTEN_HOSTS) in place of *, or "
			      "set a ListenToken (PTP_LISTEN_TOKEN)");
		return;
	}
	doctor_say(d, DOCTOR_OK, "page-names", "status page",
		   "it may be called by an IP address or a name that no web site can have%s%s",
		   hosts ? ", and by " : "", hosts ? hosts : "");
}

void doctor_page(struct doctor *d)
{
	struct listen_address address;

	if (!d->config->listen || !listen_parse(d->config->listen, &address))
		return;
	say_page(d, try_bind(&address), wire_daemon_runs(d->config));
	say_names(d);
}

/* ---- the sandbox ---- */

void doctor_sandbox(struct doctor *d)
{
	OWN_STR char *offered = sandbox_offered();

	if (d->config->sandbox && offered)
		doctor_say(d, DOCTOR_OK, "sandbox", "run", "run works in a sandbox: %s", offered);
	else if (offered)
		doctor_say(d, DOCTOR_OK, "sandbox", "run",
			   "it is off (Sandbox, PTP_SANDBOX); the kernel offers %s", offered);
}

/* ---- messages ---- */

static void say_telling(struct doctor *d, const struct notify_target *t, struct ledger *l)
{
	struct ledger_telling how = {0};
	struct fact f;
	struct err ignored;

	if (!l || !ledger_get_telling(l, t->fingerprint, &how, &ignored) ||
	    !facts_of_target(t->label, &how, 0, &f)) {
		doctor_say(d, DOCTOR_OK, "notify", t->label,
			   "of the right form; `ptp-archiver notify --test` sends a message");
		return;
	}
	OWN_STR char *title = fact_title(&f, clock_now());
	OWN_STR char *remedy = fact_remedy(&f, clock_now());
	doctor_say(d, DOCTOR_WARN, "notify", t->label, "%s", title);
	doctor_fix(d, "%s", remedy);
}

void doctor_notify(struct doctor *d)
{
	struct ledger *l = wire_look(d->config);

	for (size_t i = 0; i < d->config->n_notify; i++)
		say_telling(d, &d->config->notify[i], l);
	ledger_close(l);
}
