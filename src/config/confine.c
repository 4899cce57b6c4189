#include "config/confine.h"

#include "config/listen.h"
#include "config/setting.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define FILE_ENDING "File" /* of keys: PasswordFile, CAFile, ... */

/* What libraries read: resolver, CAs, time zones, their own parts. */
static const char *const system_folders[] = {"/etc",
					     "/usr",
					     "/lib",
					     "/lib64",
					     "/proc",
					     "/dev/urandom",
					     "/dev/random",
					     "/nix/store",
					     "/gnu/store",
					     "/run/systemd/resolve",
					     "/run/resolvconf",
					     "/run/NetworkManager",
					     "/run/connman",
					     "/var/lib/ca-certificates"};

static const char *const file_variables[] = {"SSL_CERT_FILE", "OPENSSL_CONF"};
static const char *const folder_variables[] = {"SSL_CERT_DIR", "TZDIR"};

/* A file is often replaced by another one of its name, so its folder is what is named. */
static void allow_folder_of(struct sandbox_rules *r, const char *path, enum sandbox_right right)
{
	OWN_STR char *real = path ? realpath(path, NULL) : NULL;
	OWN_STR char *folder = path ? fs_parent(path) : NULL;
	OWN_STR char *real_folder = real ? fs_parent(real) : NULL;

	sandbox_allow(r, folder, right);
	sandbox_allow(r, real_folder, right);
}

/* TZ can name a file: "/a/b", ":/a/b". */
static void allow_time_zone(struct sandbox_rules *r)
{
	const char *zone = getenv("TZ");

	if (zone && *zone == ':')
		zone++;
	if (zone && *zone == '/')
		allow_folder_of(r, zone, SANDBOX_READ);
}

static void allow_system(struct sandbox_rules *r)
{
	for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
		sandbox_allow(r, system_folders[i], SANDBOX_READ);
	allow_folder_of(r, "/etc/resolv.conf", SANDBOX_READ);
	allow_folder_of(r, "/etc/localtime", SANDBOX_READ);
	for (size_t i = 0; i < sizeof file_variables / sizeof *file_variables; i++)
		allow_folder_of(r, getenv(file_variables[i]), SANDBOX_READ);
	for (size_t i = 0; i < sizeof folder_variables / sizeof *folder_variables; i++)
		sandbox_allow(r, getenv(folder_variables[i]), SANDBOX_READ);
	allow_time_zone(r);
	sandbox_allow(r, "/dev/null", SANDBOX_WRITE);
}

static void allow_secret_files(struct sandbox_rules *r)
{
	EACH_SETTING (s, SETTING_TOP) {
		OWN_STR char *name = s->in_file ? mem_printf("%s_FILE", s->variable) : NULL;
		allow_folder_of(r, name ? getenv(name) : NULL, SANDBOX_READ);
	}
}

/* Each text of config.ptp whose key says that it names a file. */
static void allow_named_files(struct sandbox_rules *r, const json_t *value, const char *key)
{
	const char *name;
	json_t *own;
	size_t i;

	if (json_is_string(value) && text_ends(key, FILE_ENDING))
		allow_folder_of(r, json_string_value(value), SANDBOX_READ);
	json_object_foreach ((json_t *)(uintptr_t)value, name, own)
		allow_named_files(r, own, name);
	json_array_foreach (value, i, own)
		allow_named_files(r, own, key);
}

static void allow_containers(struct sandbox_rules *r, const struct config *c)
{
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *one = &c->containers[i];
		sandbox_allow(r, one->watch_folder, SANDBOX_WRITE);
		sandbox_allow(r, one->data_folder, SANDBOX_WRITE);
		sandbox_allow(r, one->after_fetch_exec, SANDBOX_RUN);
	}
	for (size_t i = 0; i < c->n_clients; i++)
		if (c->clients[i].ca_file)
			allow_folder_of(r, c->clients[i].ca_file, SANDBOX_READ);
}

static int port_of(const char *listen)
{
	struct listen_address a;

	if (!listen || !listen_parse(listen, &a))
		return -1;
	return ntohs(a.addr.ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)&a.addr)->sin6_port
			     : ((const struct sockaddr_in *)&a.addr)->sin_port);
}

void confine_rules(const struct config *c, struct sandbox_rules *r)
{
	*r = (struct sandbox_rules){.port = port_of(c->listen)};
	allow_system(r);
	allow_secret_files(r);
	allow_named_files(r, c->file, "");
	allow_folder_of(r, c->ca_file, SANDBOX_READ);
	sandbox_allow(r, c->state, SANDBOX_WRITE);
	allow_folder_of(r, c->path, c->named_by_environment ? SANDBOX_WRITE : SANDBOX_READ);
	if (c->utility)
		allow_folder_of(r, c->utility_path, SANDBOX_WRITE);
	allow_containers(r, c);
}
