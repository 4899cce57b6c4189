/* Clients; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* What shows only when all keys are known. */
static const char *client_fault(struct config_client *c)
{
	bool scgi = c->url && text_starts(c->url, "scgi://");

	if (!c->type)
		return c->watch_folder ? NULL : ": a client of Type watch needs a WatchDirectory";
	if (scgi && !c->type->takes_scgi)
		return ": only rtorrent can be reached by scgi://";
	if (!c->url && !c->socket)
		return ": it needs a URL";
	if (!c->url && !c->type->takes_scgi)
		c->url = mem_dup("http://localhost/");
	if (c->type->takes_scgi && c->url && !scgi && c->socket)
		return ": give a URL or a Socket, not both";
	return NULL;
}

static bool has_type(const json_t *own)
{
	const json_t *type = json_object_get(own, "Type");

	return type && !json_is_null(type) && json_string_length(type) + !json_is_string(type);
}

static void take_settings(struct reading *r, struct config_client *c, const json_t *own,
			  const char *path[3])
{
	size_t before = r->problems->n;

	if (!has_type(own))
		config_problem(r, IN_FILE(path, 2), ": it needs a Type");
	config_take_object(r, SETTING_CLIENT, c, own, path, 2);
	/* What was not taken is not missing. */
	const char *fault = r->problems->n == before ? client_fault(c) : NULL;
	if (fault)
		config_problem(r, IN_FILE(path, 2), "%s", fault);
}

static void take_client(struct reading *r, const char *name, const json_t *own)
{
	const char *path[3] = {"Clients", name, NULL};
	struct config_client new = {.name = mem_dup(name)};
	char why[SETTING_WHY];
	const char *fault = setting_form_fault(SETTING_PLAIN, name, why);
	size_t before = r->problems->n;

	if (!fault)
		fault = config_text_fault(name);
	if (fault || !*name)
		config_problem(r, IN_FILE(path, 2), "%s", fault ? fault : "has no name");
	else if (!json_is_object(own))
		config_problem(r, IN_FILE(path, 2), "is not an object");
	else
		take_settings(r, &new, own, path);
	new.faulty = r->problems->n > before;
	/* Also a faulty one.  Otherwise its containers would report that it does not exist. */
	r->c->clients = mem_grow(r->c->clients, r->c->n_clients + 1, sizeof *r->c->clients);
	r->c->clients[r->c->n_clients++] = new;
}

void config_take_clients(struct reading *r)
{
	const json_t *all = json_object_get(r->c->file, "Clients");
	const char *path[3] = {"Clients", NULL, NULL}, *name;
	json_t *own;

	if (all && !json_is_null(all) && !json_is_object(all))
		config_problem(r, IN_FILE(path, 1), "is not an object");
	if (json_object_size(all) > CONFIG_CLIENTS_MAX) {
		config_problem(r, IN_FILE(path, 1), "names more than 1000 clients");
		return;
	}
	json_object_foreach ((json_t *)all, name, own)
		take_client(r, name, own);
}
