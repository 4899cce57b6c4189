#include "config/listen.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool parse_v4(const char *host, uint16_t port, struct listen_address *out)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		return false;
	*out = (struct listen_address){.len = sizeof a,
				       .loopback = ntohl(a.sin_addr.s_addr) >> 24 == 127};
	memcpy(&out->addr, &a, sizeof a);
	return true;
}

static bool parse_v6(const char *host, uint16_t port, struct listen_address *out)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	size_t len = strlen(host);

	if (len < 2 || host[0] != '[' || host[len - 1] != ']')
		return false;
	OWN_STR char *inner = mem_dupn(host + 1, len - 2);
	if (inet_pton(AF_INET6, inner, &a.sin6_addr) != 1)
		return false;
	*out = (struct listen_address){.len = sizeof a,
				       .loopback = IN6_IS_ADDR_LOOPBACK(&a.sin6_addr)};
	memcpy(&out->addr, &a, sizeof a);
	return true;
}

bool listen_parse(const char *text, struct listen_address *out)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (!colon || !num_u64(colon + 1, UINT16_MAX, &port))
		return false;
	OWN_STR char *host = mem_dupn(text, (size_t)(colon - text));
	return parse_v4(host, (uint16_t)port, out) || parse_v6(host, (uint16_t)port, out);
}

char *listen_text(int fd)
{
	struct sockaddr_storage a = {0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t len = sizeof a;
	char host[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return mem_dup("?");
	memcpy(&v4, &a, sizeof v4);
	memcpy(&v6, &a, sizeof v6);
	if (a.ss_family == AF_INET)
		return mem_printf("%s:%u", inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host),
				  ntohs(v4.sin_port));
	return mem_printf("[%s]:%u", inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host),
			  ntohs(v6.sin6_port));
}
