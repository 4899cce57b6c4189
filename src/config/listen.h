/*
 * config/listen.h - an address to listen on, in text: "127.0.0.1:9980", "[::1]:9980",
 * "localhost:9980".
 */
#ifndef CONFIG_LISTEN_H
#define CONFIG_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

struct listen_address {
	struct sockaddr_storage addr;
	socklen_t len;
	bool loopback; /* nobody outside this machine (or container) reaches it */
};

/* A number, or localhost, and a port; port 0: any that is free.  Names are not looked up. */
bool listen_parse(const char *text, struct listen_address *out);

/* "127.0.0.1:9980" of a bound socket; the caller's. */
char *listen_text(int fd);

#endif
