#include "record.h"

#include "base/mem.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>

struct record {
	FILE *file;
};

struct record *record_open(const char *path, struct err *err)
{
	FILE *f = fopen(path, "ae");

	if (!f) {
		err_errno(err, ERR_FATAL, WORD_DISK, errno, "request log %s", path);
		return NULL;
	}
	struct record *rec = mem_alloc(sizeof *rec);
	rec->file = f;
	return rec;
}

void record_close(struct record *rec)
{
	if (!rec)
		return;
	fclose(rec->file);
	free(rec);
}

static json_t *status_json(const struct answer *a)
{
	if (a->way == ANSWER_HANG || a->way == ANSWER_DROP)
		return json_null();
	return json_integer(a->status);
}

static json_t *bytes_json(const struct answer *a)
{
	if (a->way == ANSWER_ENDLESS || a->way == ANSWER_BOMB)
		return json_null();
	if (a->way != ANSWER_WHOLE)
		return json_integer(0);
	return json_integer((json_int_t)(a->cut < a->body.len ? a->cut : a->body.len));
}

static json_t *line(uint64_t n, const struct request *r, enum endpoint e, const struct answer *a,
		    const char *fault)
{
	return json_pack("{s:I, s:f, s:s, s:s, s:o, s:o, s:O, s:O, s:o, s:I, s:s?, s:o, s:i, s:o}",
			 "n", (json_int_t)n, "at", r->at, "endpoint", endpoint_name(e), "method",
			 r->method, "target", request_text(r->target, strlen(r->target)), "path",
			 request_text(r->path, strlen(r->path)), "query", r->query, "headers",
			 r->headers, "body", request_text(buf_text(&r->body), r->body.len),
			 "body_bytes", (json_int_t)r->body_bytes, "fault", fault, "status",
			 status_json(a), "port", r->port, "bytes", bytes_json(a));
}

void record_write(struct record *rec, uint64_t n, const struct request *r, enum endpoint e,
		  const struct answer *a, const char *fault)
{
	json_t *object = line(n, r, e, a, fault);
	OWN_STR char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

	json_decref(object);
	if (!text || fprintf(rec->file, "%s\n", text) < 0 || fflush(rec->file) != 0)
		fprintf(stderr, "ptp-sim: request log: cannot write a line\n");
}
