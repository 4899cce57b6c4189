#include "system/service.h"

#include "base/own.h"

#include "unit.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A manager that listens under `name`; `@` stands for the abstract namespace's zero byte. */
static int listen_as(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void assert_heard(int fd, const char *text)
{
	char got[2 * SERVICE_TEXT_MAX] = "";

	assert_true(recv(fd, got, sizeof got - 1, 0) > 0);
	assert_string_equal(got, text);
}

static void a_manager_hears_one_line(void **state)
{
	(void)state;
	char name[64], folder[] = "/tmp/ptp-service-XXXXXX";
	char longer[2 * SERVICE_TEXT_MAX];

	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/notify", folder);
	OWN_FD int fd = listen_as(name);
	service_tell("READY=1");
	assert_heard(fd, "READY=1");
	service_tell("STATUS=%s", "a\nMAINPID=1");
	assert_heard(fd, "STATUS=a");
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	service_tell("%s", longer);
	longer[SERVICE_TEXT_MAX - 1] = '\0';
	assert_heard(fd, longer);
	unlink(name);
	service_tell("nobody listens any more");
	rmdir(folder);
}

static void a_manager_may_be_in_the_abstract_namespace(void **state)
{
	(void)state;
	char name[64];

	snprintf(name, sizeof name, "@ptp-archiver-test-%d", (int)getpid());
	OWN_FD int fd = listen_as(name);
	service_tell("READY=1");
	assert_heard(fd, "READY=1");
}

static void without_a_manager_nothing_happens(void **state)
{
	(void)state;
	char longer[200];

	memset(longer, 'x', sizeof longer - 1);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	const char *const names[] = {"", "/", "relative", "vsock:2:1234", longer};
	for (size_t i = 0; i < COUNT(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		service_tell("READY=1");
	}
	unsetenv("NOTIFY_SOCKET");
	service_tell("READY=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manager_hears_one_line),
		cmocka_unit_test(a_manager_may_be_in_the_abstract_namespace),
		cmocka_unit_test(without_a_manager_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
