/*
 * ports/engine_native.h - the engine that speaks the tracker's protocol itself.
 */
#ifndef PORTS_ENGINE_NATIVE_H
#define PORTS_ENGINE_NATIVE_H

#include "base/http.h"
#include "ports/engine.h"

/* The version of the official utility whose protocol is spoken here. */
#define ENGINE_NATIVE_SPEAKS "0.10"

struct engine_native_options {
	struct engine_tracker tracker;
	/* Called before a redirect within the tracker is followed; may be NULL. */
	bool (*before_redirect)(void *ctx, struct err *err);
	void *ctx;
};

struct engine *engine_native_open(const struct engine_native_options *o,
				  struct err *err) MUST_CHECK;

#endif
