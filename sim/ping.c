#include "ping.h"

#include "base/mem.h"
#include "base/text.h"
#include "limits.h"
#include "ping_path.h"

#include <string.h>

struct pings {
	json_t *list;    /* owned array of objects */
	json_t *created; /* owned array: checks made by create=1 */
	json_int_t n;
};

struct pings *ping_new(void)
{
	struct pings *p = mem_alloc(sizeof *p);

	p->list = json_array();
	p->created = json_array();
	return p;
}

void ping_free(struct pings *p)
{
	if (!p)
		return;
	json_decref(p->list);
	json_decref(p->created);
	free(p);
}

static bool contains(const json_t *array, const char *text)
{
	size_t i;
	json_t *item;

	json_array_foreach (array, i, item)
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

/* 0: there is no such check; else the status of a recorded ping. */
static unsigned find_check(struct pings *p, const struct scenario *sc, const struct request *r,
			   const struct ping_target *t)
{
	const json_t *known = scenario_ping_checks(sc);
	const char *create = request_query(r, "create");

	if (!known || contains(known, t->check) || contains(p->created, t->check))
		return 200;
	if (!t->slug || !create || strcmp(create, "1") != 0 ||
	    json_array_size(p->created) >= SIM_CHECKS)
		return 0;
	json_array_append_new(p->created, json_string(t->check));
	return 201;
}

static void store(struct pings *p, const struct request *r, const struct ping_target *t,
		  const char *rid, size_t limit)
{
	static const char *const kinds[] = {[PING_SUCCESS] = "success",
					    [PING_START] = "start",
					    [PING_FAIL] = "fail",
					    [PING_LOG] = "log",
					    [PING_EXIT] = "exitstatus"};
	size_t len = r->chunked ? 0 : r->body.len;
	const char *agent = request_header(r, "User-Agent");

	len = len < limit ? len : limit;
	if (json_array_size(p->list) >= SIM_PINGS)
		json_array_remove(p->list, 0);
	json_array_append_new(
		p->list,
		json_pack("{s:I, s:f, s:s, s:s, s:o, s:s?, s:s, s:o, s:I, s:b, s:s?}", "n", ++p->n,
			  "at", r->at, "check", t->check, "kind", kinds[t->kind], "exit_status",
			  t->kind == PING_EXIT ? json_integer(t->exit_status) : json_null(), "rid",
			  rid, "method", r->method, "body", request_text(buf_text(&r->body), len),
			  "body_bytes", (json_int_t)r->body_bytes, "utf8",
			  text_is_utf8(buf_text(&r->body), len), "user_agent", agent));
}

static void refuse(struct answer *a, enum ping_verdict v)
{
	if (v == PING_NO_ROUTE)
		answer_page(a, 404, "not_found");
	else if (v == PING_NOT_FOUND)
		answer_text(a, 404, "text/html; charset=utf-8", "not found");
	else
		answer_text(a, 400, "text/html; charset=utf-8", "invalid url format");
}

void ping_answer(struct pings *p, const struct scenario *sc, const struct request *r,
		 struct answer *a)
{
	const char *rid = request_query(r, "rid");
	size_t limit = scenario_ping_limit(sc);
	struct ping_target t;
	enum ping_verdict v = ping_parse(r->path, &t);

	answer_header(a, "Access-Control-Allow-Origin", "*");
	if (r->body.full || v != PING_VALID) {
		r->body.full ? (void)answer_page(a, 400, "error") : refuse(a, v);
		return;
	}
	unsigned status = find_check(p, sc, r, &t);
	if (!status) {
		refuse(a, PING_NOT_FOUND);
		return;
	}
	if (rid && !ping_is_uuid(rid)) {
		answer_text(a, 400, "text/html; charset=utf-8", "invalid uuid format");
		return;
	}
	store(p, r, &t, rid, limit);
	answer_text(a, status, "text/html; charset=utf-8", status == 201 ? "Created" : "OK");
	if (limit == SIZE_MAX)
		return;
	OWN_STR char *value = mem_printf("%zu", limit);
	answer_header(a, "Ping-Body-Limit", value);
}

json_t *ping_list(const struct pings *p)
{
	return json_deep_copy(p->list);
}
