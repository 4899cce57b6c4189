/* What a value must be, where its type does not say; declared in config/config_parts.h.  A check
 * may store what it read. */
#include "config/config_parts.h"
#include "config/hosts.h"
#include "config/listen.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/scgi.h"
#include "base/text.h"
#include "ports/health.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool config_bool(const char *text, bool *out)
{
	static const char *const words[2][4] = {{"false", "no", "off", "0"},
						{"true", "yes", "on", "1"}};

	for (int yes = 0; yes < 2; yes++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(text, words[yes][i]) == 0) {
				*out = yes;
				return true;
			}
	return false;
}

const char *config_text_fault(const char *value)
{
	if (strlen(value) > CONFIG_CLIENT_TEXT_MAX)
		return "is longer than 1024 bytes";
	if (!text_is_utf8(value, strlen(value)))
		return "is not valid UTF-8";
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c))
			return "holds a control character";
	return NULL;
}

static void replace(char **to, const char *value)
{
	free(*to);
	*to = mem_dup(value);
}

/* ---- the top level ---- */

static const char *word_of(const char *value, size_t len)
{
	if (strlen(value) != len)
		return SETTING_UNEXPECTED;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && *value != '_')
			return SETTING_UNEXPECTED;
	return NULL;
}

const char *config_check_user(const struct setting_value *v)
{
	return word_of(v->text, 16);
}

const char *config_check_key(const struct setting_value *v)
{
	return word_of(v->text, 32);
}

const char *config_check_ping_url(const struct setting_value *v)
{
	return health_url_fault(v->text);
}

const char *config_check_base_url(const struct setting_value *v)
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

const char *config_check_relative(const struct setting_value *v)
{
	return strstr(v->text, "://") || text_starts(v->text, "//") || strpbrk(v->text, " \t\r\n#")
		       ? SETTING_UNEXPECTED
		       : NULL;
}

const char *config_check_ca_file(const struct setting_value *v)
{
	return fs_exists(v->text) ? NULL
				  : "is not there; name a PEM file with the CA's certificate";
}

const char *config_check_no_folder(const struct setting_value *v)
{
	return fs_is_folder(v->text) ? "is a folder; name the file, such as /app/archiver.py"
				     : NULL;
}

const char *config_check_listen(const struct setting_value *v)
{
	struct listen_address address;

	return listen_parse(v->text, &address) ? NULL : SETTING_UNEXPECTED;
}

const char *config_check_token(const struct setting_value *v)
{
	size_t len = strlen(v->text);

	for (const char *p = v->text; *p; p++)
		if (!isgraph((unsigned char)*p))
			return "holds something else than visible ASCII characters";
	return len >= CONFIG_TOKEN_MIN && len <= CONFIG_TOKEN_MAX
		       ? NULL
		       : "has not from 16 to 200 characters; `openssl rand -hex 16` makes one";
}

const char *config_check_hosts(const struct setting_value *v)
{
	return hosts_valid(v->text) ? NULL : SETTING_UNEXPECTED;
}

const char *config_check_notify_events(const struct setting_value *v)
{
	struct config *c = v->to;

	return event_kinds_parse(v->text, &c->notify_events) ? NULL : SETTING_UNEXPECTED;
}

const char *config_check_umask(const struct setting_value *v)
{
	struct config *c = v->to;
	unsigned long mask = strtoul(v->text, NULL, 8);

	if (!*v->text || strspn(v->text, "01234567") != strlen(v->text) || strlen(v->text) > 4 ||
	    mask > 0777)
		return SETTING_UNEXPECTED;
	c->mask = (mode_t)mask;
	return NULL;
}

/* ---- a container ---- */

/* "5TB" or "500" is nearly right: what may have been meant, the caller's, or NULL. */
static char *size_meant(const char *size)
{
	size_t digits = strspn(size, "0123456789.");
	char unit = size[digits] ? (char)toupper((unsigned char)size[digits]) : 'G';
	OWN_STR char *guess = mem_printf("%.*s%c", (int)(digits < 32 ? digits : 32), size, unit);

	return digits && num_size(guess, NULL) && strcmp(guess, size) != 0 ? OWN_TAKE(guess) : NULL;
}

const char *config_check_size(const struct setting_value *v)
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
const char *config_check_id(const struct setting_value *v)
{
	struct container *o = v->to;
	uint64_t number;

	if (num_u64(v->text, INT64_MAX, &number))
		text_copy(o->id, sizeof o->id, v->text);
	return NULL;
}

const struct config_client *config_client_find(const struct config *c, const char *name)
{
	for (size_t i = 0; name && i < c->n_clients; i++)
		if (strcmp(c->clients[i].name, name) == 0)
			return &c->clients[i];
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
const char *config_check_client(const struct setting_value *v)
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

const char *config_check_audit_client(const struct setting_value *v)
{
	const struct config_client *client = config_client_find(v->config, v->text);

	return client && (client->type || client->faulty) ? NULL : SETTING_UNEXPECTED;
}

/* A name that the client would refuse for each torrent is refused before any is asked for. */
const char *config_check_category(const struct setting_value *v)
{
	const struct container *o = v->to;
	const struct config_client *client = config_client_find(v->config, o->client);

	return client && client->type && !client->faulty
		       ? client_type_category_fault(client->type, v->text)
		       : NULL;
}

/* "a, b" becomes "a,b". */
const char *config_check_tags(const struct setting_value *v)
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

const char *config_check_save_path(const struct setting_value *v)
{
	bool windows = isalpha((unsigned char)v->text[0]) && v->text[1] == ':';

	return v->text[0] == '/' || v->text[0] == '\\' || windows ? NULL : SETTING_UNEXPECTED;
}

const char *config_check_reserve(const struct setting_value *v)
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

/* ---- a client ---- */

const char *config_check_type(const struct setting_value *v)
{
	struct config_client *c = v->to;

	c->type = client_type_find(v->text);
	return c->type || strcmp(v->text, CLIENT_TYPE_WATCH) == 0 ? NULL : SETTING_UNEXPECTED;
}

const char *config_check_client_url(const struct setting_value *v)
{
	bool scgi = text_starts(v->text, "scgi://");
	struct scgi_address address;
	struct http_url url;
	struct err err;

	if (strchr(v->text, '@'))
		return "holds a user name or password; write them as Username and PasswordFile";
	if (scgi && !scgi_address_of_url(v->text, &address, &err))
		return "is not of the form scgi://host:port; for a unix socket give its path as "
		       "Socket";
	return scgi || http_url_parse(v->text, &url, &err) ? NULL : SETTING_UNEXPECTED;
}

const char *config_check_socket(const struct setting_value *v)
{
	return v->text[0] == '/' && strlen(v->text) <= CONFIG_SOCKET_MAX ? NULL
									 : SETTING_UNEXPECTED;
}

/* ---- an entry of Notify ---- */

const char *config_check_events(const struct setting_value *v)
{
	struct config_entry *e = v->to;

	return event_kinds_parse(v->text, &e->events) ? NULL : SETTING_UNEXPECTED;
}
