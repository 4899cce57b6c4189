/*
 * config/config.h - from options, environment, secret files and config.ptp to one struct.
 *
 * Precedence: option, then NAME_FILE, then NAME in the environment, then config.ptp, then the
 * default.  config.ptp is the official utility's file (tracker notes); keys that are not known here
 * are kept.  All problems are collected, each with its source and a way out, and reported together.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "config/client_types.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "model/container.h"
#include "ports/notify.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Limits of what is read, and of what may be set. */
#define CONFIG_FILE_MAX_BYTES (8 * 1024 * 1024) /* config.ptp */
#define CONFIG_SECRET_MAX_BYTES 4096            /* a file that holds one value; a list of texts */
#define CONFIG_SETTINGS_MAX 80                  /* rows of config/setting.h */
#define CONFIG_CONTAINERS_MAX 10000
#define CONFIG_CLIENTS_MAX 1000
#define CONFIG_NOTIFY_MAX 10        /* entries */
#define CONFIG_CLIENT_TEXT_MAX 1024 /* bytes of a category, a path and the like */
#define CONFIG_SOCKET_MAX 107       /* bytes of a path: what sun_path holds */
#define CONFIG_PUBLIC_URL_MAX 500   /* bytes */
#define CONFIG_TOKEN_MIN 16         /* characters of ListenToken, and at most */
#define CONFIG_TOKEN_MAX 200
#define CONFIG_PER_CYCLE_MAX 1000
#define CONFIG_BACKUP_KEEP_MAX 1000
#define CONFIG_FETCH_SLEEP_MAX_S 86400
#define CONFIG_TIMEOUT_MAX_MS (3600 * 1000)
#define CONFIG_INTERVAL_MIN_MS (10 * 60 * 1000) /* for a tracker that is not on loopback */
#define CONFIG_INTERVAL_MAX_MS (30 * 24 * 3600 * INT64_C(1000))
#define CONFIG_FOLDER_BUILT_IN "/tmp/$name" /* the official utility's WatchDirectory */
#define CONFIG_AUDIT_INTERVAL_MAX_MS (365 * 24 * 3600 * INT64_C(1000))

/* One of Clients. */
struct config_client {
	char *name;                     /* owned, as are the other texts; NULL: not given */
	const struct client_type *type; /* NULL: a watch folder */
	char *watch_folder;             /* of a watch folder; $name not replaced yet */
	char *url, *socket, *user, *proxy_user, *ca_file;
	struct secret password, proxy_password;
	int timeout_ms;
	bool faulty; /* there are problems with it, so it cannot be used */
};

/* What was given for a setting. */
struct config_taken {
	bool from_environment;
	bool faulty;         /* it could not be taken */
	struct secret value; /* as text; unset: nothing */
};

enum config_utility_update { CONFIG_UPDATE_AUTO, CONFIG_UPDATE_NOTIFY, CONFIG_UPDATE_OFF };

struct problems {
	char **lines; /* owned */
	char **fixes; /* owned: of each the command or setting that fixes it; NULL: its line says */
	size_t n;
	size_t last; /* which was added last */
};

struct config {
	char *path;  /* owned: of config.ptp, which need not exist */
	char *state; /* owned: the state folder */
	struct secret user, key, ping_url;
	char *base_url, *fetch_url, *download_url, *version_url, *update_url; /* owned */
	char *ca_file;                                                        /* owned or NULL */
	bool sandbox;       /* the daemon gives up what it does not need */
	bool utility;       /* the official utility is the engine */
	char *utility_path; /* owned: archiver.py, by default beside config.ptp */
	enum config_utility_update utility_update;
	bool loopback; /* the tracker is on this machine */
	int64_t fetch_sleep_ms, interval_ms;
	unsigned per_cycle;
	int timeout_ms;
	enum log_level log_level;
	enum log_format log_format;
	mode_t mask;
	unsigned backup_keep;      /* daily copies of the ledger that are kept; 0: none is made */
	bool vault;                /* what is delivered is kept */
	bool shared_account;       /* other programs use the account, too */
	int64_t audit_interval_ms; /* of the daemon's audits; 0: none */
	struct config_client *clients; /* owned */
	size_t n_clients;
	char *listen;               /* owned: where the status page listens; NULL: nowhere */
	struct secret listen_token; /* unset: everybody may look */
	bool listen_open;           /* everybody may, though others reach it */
	char *listen_hosts;     /* owned: names that it is called by (config/hosts.h); or NULL */
	char *ledger_id;        /* owned: the id of the ledger that was used last; or NULL */
	char *public_url;       /* owned: a link to the page for messages and pings; or NULL */
	unsigned notify_events; /* EVENT_BITs, of targets that say nothing else */
	struct notify_target *notify; /* owned: the targets of messages */
	size_t n_notify;
	bool named_by_environment;    /* PTP_CONTAINERS names the containers */
	struct container *containers; /* owned, sorted by name */
	size_t n_containers;
	json_t *file;     /* owned: config.ptp as it was read; an empty object if there is none */
	bool file_broken; /* it is there, and nothing of it is known */
	struct config_taken taken[CONFIG_SETTINGS_MAX]; /* by the number of their row */
	struct problems warnings; /* what works, and may mean something else than was thought */
};

/* From the command line; NULL: not given. */
struct config_options {
	const char *path, *state, *log_level, *log_format;
};

enum config_need {
	CONFIG_CREDENTIALS = 1, /* ApiUser and ApiKey must be set */
	CONFIG_CONTAINERS = 2,  /* at least one container must be */
};

/* A line that is there already is not added again. */
void problems_add(struct problems *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What fixes the one that was added last. */
void problems_fix(struct problems *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void problems_clear(struct problems *p);

/*
 * Fills in *c (zeroed before), as far as it can, whether or not there are problems; the caller
 * clears both.  With problems it is good for looking at only: a setting that could not be taken has
 * its default, a size that is none is "?", and a container whose client cannot be used names it
 * still.
 */
void config_load(struct config *c, const struct config_options *o, unsigned need,
		 struct problems *p);
void config_clear(struct config *c);

/* Was something given for this top-level key that could not be taken? */
bool config_is_faulty(const struct config *c, const char *key);

/* NULL if Clients has none of this name. */
const struct config_client *config_client_find(const struct config *c, const char *name);

/* Only where config.ptp and the state are, for commands that need no more.  ERR_FATAL, WORD_CONFIG
 * if one of them is no path; *c is filled in anyway. */
bool config_places(struct config *c, const struct config_options *o, struct err *err) MUST_CHECK;

/* Write config.ptp from what is set: sorted, two spaces, 0600, atomically.  Unknown keys stay;
 * containers that are not set go. */
bool config_write(const struct config *c, struct err *err) MUST_CHECK;

/*
 * Change config.ptp: `edit` gets its JSON (as it stands, or empty) and returns false to leave the
 * file alone.  No other ptp-archiver process changes it in this time.
 */
bool config_edit(const struct config *c, bool (*edit)(json_t *root, void *ctx, struct err *err),
		 void *ctx, struct err *err) MUST_CHECK;

/* config.ptp for a backup into `out` (its max is CONFIG_FILE_MAX_BYTES): as it is, or without
 * secrets. Without them, keys that are not settings are left out as well, and so is a value that
 * holds a secret that the program knows.  Empty: there is no config.ptp. */
bool config_share(const struct config *c, bool secrets, struct buf *out,
		  struct err *err) MUST_CHECK;

/* Keep the tracker's ContainerID beside the container, as the official utility does. */
bool config_keep_container_id(const struct config *c, const char *name, const char *id,
			      struct err *err) MUST_CHECK;

/* The same with the id of the ledger. */
bool config_keep_ledger_id(const struct config *c, const char *id, struct err *err) MUST_CHECK;

/* The object at `key`, made if it is missing or null; NULL if something else is there. */
json_t *config_object(json_t *root, const char *key);

/* The defaults of a container, from `Default` in the file over the built-in ones; the caller's. */
json_t *config_container_defaults(const json_t *root);

#endif
