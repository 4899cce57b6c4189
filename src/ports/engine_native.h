/*
 * ports/engine_native.h - the engine that speaks the tracker's protocol itself.
 */
#ifndef PORTS_ENGINE_NATIVE_H
#define PORTS_ENGINE_NATIVE_H

#include "base/http.h"
#include "base/secret.h"
#include "ports/engine.h"

/* The version of the official utility whose protocol is spoken here. */
#define ENGINE_NATIVE_SPEAKS "0.10"

struct engine_native_options {
	const struct secret *user, *key; /* borrowed for as long as the engine lives */
	const char *base_url;            /* copied, as are the other texts */
	/* Relative, with their query. */
	const char *fetch_url, *download_url, *version_url, *update_url;
	const char *ca_file; /* may be NULL */
	int timeout_ms;      /* for one request in all */
	struct wake *wake;   /* borrowed */
	/* Called before a redirect within the tracker is followed; may be NULL. */
	bool (*before_redirect)(void *ctx, struct err *err);
	void *ctx;
};

struct engine *engine_native_open(const struct engine_native_options *o,
				  struct err *err) MUST_CHECK;

#endif
