#include "system/service.h"

#include "base/own.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A name that begins with `@` is one in the abstract namespace. */
static bool find_manager(struct sockaddr_un *to, socklen_t *len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof to->sun_path || (path[0] != '/' && path[0] != '@'))
		return false;
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, path, n);
	if (path[0] == '@')
		to->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

static int relay = -1;

void service_relay(int fd)
{
	relay = fd;
}

static void send_to(const struct sockaddr_un *to, socklen_t len, const char *text)
{
	OWN_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)to,
			     len);
}

void service_tell(const char *fmt, ...)
{
	char text[SERVICE_TEXT_MAX];
	struct sockaddr_un to;
	socklen_t len;
	va_list ap;

	if (!find_manager(&to, &len))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = '\0';
	if (relay >= 0)
		(void)send(relay, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	else
		send_to(&to, len, text);
}
