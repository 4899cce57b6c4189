#include "base/http.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <dirent.h>
#include <limits.h>
#include <openssl/x509_vfy.h>
#include <string.h>
#include <strings.h>

#define HEADERS_TOO_LARGE 100 /* CURLE_TOO_LARGE, which 7.88 does not have yet */
#define CA_FOLDER "/etc/ssl/certs"

struct http {
	CURLM *multi;      /* owned */
	CURL *easy;        /* owned */
	struct wake *wake; /* borrowed */
	char *ca_file;     /* owned */
	char *user_agent;  /* owned */
	char *socket;      /* owned */
	bool ca_folder;
	bool repeatable; /* this transfer may be sent twice */
	bool sent;       /* the request of this transfer went out */
	bool again;      /* libcurl wanted to send it a second time */
	enum http_trouble trouble;
	char error[CURL_ERROR_SIZE];
};

/* Is there a folder of CA certificates with their hashed names?  It costs a third of the time that
 * libcurl needs to read the bundle. */
static bool has_hashed_folder(void)
{
	OWN_DIR DIR *dir = opendir(CA_FOLDER);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *n = entry->d_name;
		if (strspn(n, "0123456789abcdef") == 8 && n[8] == '.' &&
		    isdigit((unsigned char)n[9]))
			return true;
	}
	return false;
}

/* Any line switches them on for the life of the handle, and this one adds none.  CURLOPT_COOKIEFILE
 * would have to be set for each request, and leaks its list at each curl_easy_reset (7.88). */
static void keep_cookies(CURL *c)
{
	curl_easy_setopt(c, CURLOPT_COOKIELIST, "");
}

struct http *http_open(const struct http_options *options, struct err *err)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct http *h = mem_alloc(sizeof *h);
	h->multi = curl_multi_init();
	h->easy = curl_easy_init();
	h->wake = options->wake;
	h->ca_file = mem_dup(options->ca_file);
	h->user_agent = mem_dup(options->user_agent);
	h->socket = mem_dup(options->socket);
	h->ca_folder = (!options->ca_file || options->and_system) && has_hashed_folder();
	if (!h->multi || !h->easy) {
		http_close(h);
		err_set(err, ERR_FATAL, WORD_INTERNAL, "cannot start libcurl");
		return NULL;
	}
	if (options->cookies)
		keep_cookies(h->easy);
	return h;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	free(h->ca_file);
	free(h->user_agent);
	free(h->socket);
	free(h);
}

void http_reply_clear(struct http_reply *reply)
{
	buf_clear(&reply->body);
	free(reply->disposition);
	*reply = (struct http_reply){0};
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	return buf_add(ctx, bytes, size * n) ? size * n : 0;
}

static int on_send(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct http *h = ctx;

	(void)ip, (void)local_ip, (void)port, (void)local_port;
	h->again = h->sent && !h->repeatable;
	h->sent = true;
	return h->again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static struct curl_slist *header_list(const struct http_request *r)
{
	/* No server that we speak to answers "Expect: 100-continue" with profit. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; r->headers && r->headers[i]; i++)
		list = curl_slist_append(list, r->headers[i]);
	return list;
}

static void header_list_clear(struct curl_slist **list)
{
	for (struct curl_slist *at = *list; at; at = at->next)
		secret_wipe(at->data, strlen(at->data));
	curl_slist_free_all(*list);
}

static void set_trust(struct http *h)
{
	if (h->ca_file) {
		curl_easy_setopt(h->easy, CURLOPT_CAINFO, h->ca_file);
		curl_easy_setopt(h->easy, CURLOPT_CAPATH, h->ca_folder ? CA_FOLDER : NULL);
	} else if (h->ca_folder) {
		curl_easy_setopt(h->easy, CURLOPT_CAPATH, CA_FOLDER);
		curl_easy_setopt(h->easy, CURLOPT_CAINFO, NULL);
	}
}

/* Basic alone: libcurl sends it with the first request, and never to another host. */
static void set_credentials(CURL *c, const struct http_request *r)
{
	if (!r->user)
		return;
	curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(c, CURLOPT_USERNAME, r->user);
	curl_easy_setopt(c, CURLOPT_PASSWORD, r->password ? secret_reveal(r->password) : NULL);
}

static void set_body(CURL *c, const struct http_request *r, curl_mime *form)
{
	if (form) {
		curl_easy_setopt(c, CURLOPT_MIMEPOST, form);
	} else if (r->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
	}
}

static curl_mime *form_of(CURL *c, const struct http_request *r)
{
	curl_mime *form = r->parts ? curl_mime_init(c) : NULL;

	for (size_t i = 0; form && i < r->n_parts; i++) {
		const struct http_part *p = &r->parts[i];
		curl_mimepart *part = curl_mime_addpart(form);
		curl_mime_name(part, p->name);
		curl_mime_filename(part, p->file_name);
		curl_mime_type(part, p->type);
		curl_mime_data(part, p->bytes, p->len);
	}
	return form;
}

static void form_clear(curl_mime **form)
{
	curl_mime_free(*form);
}

static void set_request(struct http *h, const struct http_request *r, const char *url,
			const struct http_url *parts, struct curl_slist *headers, struct buf *body)
{
	CURL *c = h->easy;

	curl_easy_reset(c);
	h->error[0] = '\0';
	h->sent = h->again = false;
	h->trouble = HTTP_NO_TROUBLE;
	h->repeatable = r->repeatable;
	set_trust(h);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->user_agent);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->total_ms);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)r->stall_s);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, h);
	if (parts->loopback || h->socket)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (h->socket)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, h->socket);
}

static bool is_to_end(struct wake *wake, const struct http_request *r)
{
	return r->gives_way ? wake_asked(wake) : wake_stopping(wake);
}

/* Runs the transfer that is set up; false: stopped on request. */
static bool run(struct http *h, const struct http_request *r, CURLcode *code)
{
	struct wake *wake = r->to_the_end ? NULL : h->wake;
	int running = 1, left;
	CURLMsg *msg;
	bool stopped = false;

	curl_multi_add_handle(h->multi, h->easy);
	while (running && !(stopped = is_to_end(wake, r))) {
		struct curl_waitfd fd = {.fd = wake_fd(wake), .events = CURL_WAIT_POLLIN};
		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			break;
		if (running)
			curl_multi_poll(h->multi, &fd, wake ? 1 : 0, 1000, NULL);
	}
	*code = CURLE_RECV_ERROR;
	while ((msg = curl_multi_info_read(h->multi, &left)))
		if (msg->msg == CURLMSG_DONE)
			*code = msg->data.result;
	curl_multi_remove_handle(h->multi, h->easy);
	return !stopped;
}

static enum err_code code_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return WORD_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
		return WORD_TLS;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR:
	case CURLE_HTTP2:
		return WORD_PROTOCOL;
	default:
		return WORD_NETWORK;
	}
}

static enum http_trouble certificate_trouble(CURL *c)
{
	long why = X509_V_OK;

	curl_easy_getinfo(c, CURLINFO_SSL_VERIFYRESULT, &why);
	switch (why) {
	/* The name is compared before libcurl notes how the chain was. */
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return HTTP_CERT_HOST;
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return HTTP_CERT_DATE;
	default:
		return HTTP_CERT_ISSUER;
	}
}

static enum http_trouble trouble_of(CURL *c, CURLcode code)
{
	long proxy_status = 0;

	curl_easy_getinfo(c, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_NO_NAME;
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_NO_PROXY_NAME;
	case CURLE_PROXY:
		return HTTP_PROXY_REFUSES;
	case CURLE_COULDNT_CONNECT:
		return HTTP_NO_CONNECTION;
	case CURLE_PEER_FAILED_VERIFICATION:
		return certificate_trouble(c);
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_BAD_CA;
	default:
		break;
	}
	if (proxy_status >= 300)
		return HTTP_PROXY_REFUSES;
	if (code_of(code) == WORD_TLS)
		return HTTP_NO_TLS;
	return code == CURLE_OPERATION_TIMEDOUT ? HTTP_NO_ANSWER : HTTP_OTHER_TROUBLE;
}

static bool advise_tls(enum http_trouble trouble, struct err *err)
{
	if (trouble == HTTP_CERT_ISSUER)
		return err_advise(err,
				  "if its certificate is of a private CA, name that in CAFile");
	if (trouble == HTTP_CERT_HOST)
		return err_advise(err, "its certificate is for another name: correct the host in "
				       "the URL, or the certificate");
	return false;
}

/* As libcurl puts it when a header field, or all of them, pass its limit. */
static bool has_long_headers(const struct http *h, CURLcode code, const struct buf *body)
{
	return h->sent && !body->len && (code == CURLE_OUT_OF_MEMORY || code == HEADERS_TOO_LARGE);
}

static bool transfer_failed(struct http *h, CURLcode code, const struct http_url *parts,
			    const struct buf *body, struct err *err)
{
	h->trouble = body->full ? HTTP_TOO_LARGE : trouble_of(h->easy, code);
	if (body->full)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL,
			       "%s: the answer is larger than the %zu bytes that are allowed",
			       parts->host, body->max);
	if (h->again)
		return err_set(err, ERR_RETRY, WORD_NETWORK,
			       "%s: the kept-alive connection was closed before an answer came",
			       parts->host);
	if (has_long_headers(h, code, body)) {
		h->trouble = HTTP_TOO_LARGE;
		return err_set(err, ERR_RETRY, WORD_PROTOCOL,
			       "%s: the answer's headers are too long", parts->host);
	}
	const char *text = h->error[0] ? h->error : curl_easy_strerror(code);
	OWN_STR char *hidden = secret_mask(text, strlen(text), CURL_ERROR_SIZE);
	err_set(err, ERR_RETRY, code_of(code), "%s: %s", parts->host, hidden);
	return advise_tls(h->trouble, err);
}

static void keep_field(CURL *c, const char *name, char *out, size_t cap)
{
	struct curl_header *field;

	if (curl_easy_header(c, name, 0, CURLH_HEADER, -1, &field) == CURLHE_OK)
		text_copy(out, cap, field->value);
}

/* A text of the server's, for people.  The server may put into it what it was sent. */
static void keep_hidden(char *out, size_t cap, const char *text)
{
	OWN_STR char *hidden = secret_mask(text, strlen(text), cap - 1);

	text_copy(out, cap, hidden);
}

static void keep_type(CURL *c, struct http_reply *reply)
{
	struct curl_header *field;

	if (curl_easy_header(c, "Content-Type", 0, CURLH_HEADER, -1, &field) == CURLHE_OK)
		keep_hidden(reply->content_type, sizeof reply->content_type, field->value);
}

static enum http_guard guard_of(CURL *c)
{
	char server[32] = "", ray[8] = "", mitigated[8] = "";

	keep_field(c, "CF-Mitigated", mitigated, sizeof mitigated);
	keep_field(c, "CF-RAY", ray, sizeof ray);
	keep_field(c, "Server", server, sizeof server);
	if (*mitigated)
		return HTTP_GUARD_ANSWERS;
	return *ray || strcasecmp(server, "cloudflare") == 0 ? HTTP_GUARD_PASSES : HTTP_NO_GUARD;
}

static void keep_fields(CURL *c, const char *keep, struct http_reply *reply)
{
	struct curl_header *field;
	char date[64] = "";

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &reply->status);
	keep_field(c, "Date", date, sizeof date);
	reply->date = *date ? (int64_t)curl_getdate(date, NULL) * 1000 : 0;
	if (reply->date < 0)
		reply->date = 0;
	reply->guard = guard_of(c);
	keep_type(c, reply);
	keep_field(c, "Retry-After", reply->retry_after, sizeof reply->retry_after);
	if (keep)
		keep_field(c, keep, reply->kept, sizeof reply->kept);
	if (curl_easy_header(c, "Content-Disposition", 0, CURLH_HEADER, -1, &field) == CURLHE_OK)
		reply->disposition = mem_dup(field->value);
}

/* Where the redirect leads, the caller's; NULL if it is none, or not to be followed (then its host
 * is kept in the reply). */
static char *next_url(struct http *h, const char *url, struct http_reply *reply, unsigned left)
{
	char *target = NULL;
	struct http_url parts;
	struct err ignored;

	curl_easy_getinfo(h->easy, CURLINFO_REDIRECT_URL, &target);
	if (!target)
		return NULL;
	if (left && url_may_follow(url, target))
		return mem_dup(target);
	if (http_url_parse(target, &parts, &ignored))
		keep_hidden(reply->redirect_host, sizeof reply->redirect_host, parts.host);
	return NULL;
}

static bool perform_one(struct http *h, const struct http_request *r, const char *url,
			struct http_reply *reply, struct err *err)
{
	struct http_url parts;
	CURLcode code;

	if (!http_url_parse(url, &parts, err))
		return false;
	OWN(header_list_clear) struct curl_slist *headers = header_list(r);
	OWN(form_clear) curl_mime *form = form_of(h->easy, r);
	reply->body.max = r->max_body;
	set_request(h, r, url, &parts, headers, &reply->body);
	set_credentials(h->easy, r);
	set_body(h->easy, r, form);
	bool ran = run(h, r, &code);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(h->easy, CURLOPT_MIMEPOST, NULL);
	if (!ran)
		return wake_stopped(err);
	if (code != CURLE_OK)
		return transfer_failed(h, code, &parts, &reply->body, err);
	keep_fields(h->easy, r->keep, reply);
	return true;
}

bool http_perform(struct http *h, const struct http_request *r, struct http_reply *reply,
		  struct err *err)
{
	OWN_STR char *url = mem_dup(r->url);
	bool arrived = false;

	for (unsigned left = r->max_redirects;; left--) {
		OWN_HTTP_REPLY struct http_reply got = {0};
		bool ok = perform_one(h, r, url, &got, err);
		h->sent |= arrived;
		if (!ok)
			return false;
		char *next = next_url(h, url, &got, left);
		if (!next) {
			*reply = got;
			reply->redirects = r->max_redirects - left;
			got = (struct http_reply){0};
			return true;
		}
		free(url);
		url = next;
		arrived = true;
		if (r->before_redirect && !r->before_redirect(r->ctx, err))
			return false;
	}
}

enum http_trouble http_trouble(const struct http *h)
{
	return h->trouble;
}

bool http_may_have_arrived(const struct http *h)
{
	return h->sent;
}

static bool is_loopback(const char *host)
{
	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	/* libcurl has written any numeric form of an IPv4 address out by now. */
	return text_starts(host, "127.") && strspn(host, "0123456789.") == strlen(host);
}

bool http_url_parse(const char *url, struct http_url *out, struct err *err)
{
	OWN_URL struct url u = {0};

	if (!url_read(url, &u) || (strcmp(u.scheme, "http") && strcmp(u.scheme, "https")) ||
	    strlen(u.host) >= sizeof out->host)
		return err_set(err, ERR_TARGET, WORD_CONFIG,
			       "not a complete URL that begins with https:// (or http://)");
	text_copy(out->host, sizeof out->host, u.host);
	out->tls = strcmp(u.scheme, "https") == 0;
	out->loopback = is_loopback(u.host);
	return true;
}

int64_t http_retry_after(const char *field, int64_t now, int64_t date, int64_t max_ms,
			 bool *is_date)
{
	bool number = *field && strspn(field, "0123456789") == strlen(field);
	uint64_t seconds;
	int64_t wait;

	if (is_date)
		*is_date = !number;
	if (number)
		wait = num_u64(field, INT32_MAX, &seconds) ? (int64_t)seconds * 1000 : max_ms;
	else
		wait = (int64_t)curl_getdate(field, NULL) * 1000 - (date ? date : now);
	if (wait <= 0)
		return 0;
	return now + (wait > max_ms ? max_ms : wait);
}

const char *http_library(void)
{
	return curl_version();
}
