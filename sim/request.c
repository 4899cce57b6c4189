#include "request.h"

#include "base/mem.h"
#include "base/text.h"
#include "limits.h"

#include <string.h>
#include <strings.h>
#include <time.h>

struct request *request_new(const char *target)
{
	struct request *r = mem_alloc(sizeof *r);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->at = (double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1e3;
	r->target = mem_dup(target);
	r->query = json_object();
	r->headers = json_object();
	r->body.max = SIM_UPLOAD_BYTES;
	r->socket = -1;
	return r;
}

void request_free(struct request *r)
{
	if (!r)
		return;
	free(r->target);
	free(r->method);
	free(r->path);
	json_decref(r->query);
	json_decref(r->headers);
	buf_clear(&r->body);
	free(r);
}

const char *request_query(const struct request *r, const char *name)
{
	return json_string_value(json_object_get(r->query, name));
}

const char *request_header(const struct request *r, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach (r->headers, key, value)
		if (strcasecmp(key, name) == 0)
			return json_string_value(value);
	return NULL;
}

json_t *request_text(const char *bytes, size_t len)
{
	OWN_BUF struct buf text = BUF_MAX(3 * len + 1);

	for (size_t i = 0; i < len;) {
		size_t n = text_utf8_len(bytes + i, len - i);

		if (n)
			buf_add(&text, bytes + i, n);
		else
			buf_puts(&text, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	return json_stringn(buf_text(&text), text.len);
}
