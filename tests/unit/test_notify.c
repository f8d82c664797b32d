/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/notify.h"

/* The manager's end of the socket, under an abstract name. */
static int manager_fd = -1;
static char told[512];

static int become_a_service(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64];
	int sz;

	(void)state;
	sz = snprintf(name, sizeof(name), "@tacho-test-notify-%d", (int)getpid());
	memcpy(address.sun_path, name, sz);
	address.sun_path[0] = '\0';
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (manager_fd < 0 || bind(manager_fd, (struct sockaddr *)&address,
				   offsetof(struct sockaddr_un, sun_path) + sz))
		return -1;
	return setenv("NOTIFY_SOCKET", name, 1);
}

static int retire(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return close(manager_fd);
}

static const char *what_was_told(void)
{
	ssize_t got = recv(manager_fd, told, sizeof(told) - 1, 0);

	told[got > 0 ? got : 0] = '\0';
	return told;
}

static void the_manager_is_told_each_thing(void **state)
{
	unsigned long long at_us;

	(void)state;
	notify__ready("3 probes");
	assert_string_equal(what_was_told(), "READY=1\nSTATUS=3 probes");
	notify__status("4 probes, 100% there");
	assert_string_equal(what_was_told(), "STATUS=4 probes, 100% there");
	notify__alive();
	assert_string_equal(what_was_told(), "WATCHDOG=1");
	notify__stopping();
	assert_string_equal(what_was_told(), "STOPPING=1");
	notify__reloading();
	assert_int_equal(sscanf(what_was_told(), "RELOADING=1\nMONOTONIC_USEC=%llu", &at_us), 1);
	assert_true(at_us > 0);
}

static void nobody_is_told_without_a_manager(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify__ready("3 probes");
	notify__alive();
	assert_string_equal(what_was_told(), "");
}

/* sd_notify would wait for room; with this case, for ever. */
static void a_manager_that_does_not_listen_holds_nothing_up(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		notify__alive();
	notify__status("3 probes");
	assert_string_equal(what_was_told(), "WATCHDOG=1");
}

static void the_manager_may_have_a_path(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/tacho-test.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	close(manager_fd);
	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(manager_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	notify__status("x");
	assert_string_equal(what_was_told(), "STATUS=x");
	unlink(address.sun_path);
	rmdir(folder);
}

static void it_is_alive_twice_as_often_as_the_manager_wants(void **state)
{
	(void)state;
	assert_int_equal(notify__alive_interval_ns(), 0);
	setenv("WATCHDOG_USEC", "3000000", 1);
	assert_int_equal(notify__alive_interval_ns(), 1500000000);
	setenv("WATCHDOG_PID", "1", 1); /* it means another process */
	assert_int_equal(notify__alive_interval_ns(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_manager_is_told_each_thing, become_a_service,
						retire),
		cmocka_unit_test_setup_teardown(nobody_is_told_without_a_manager, become_a_service,
						retire),
		cmocka_unit_test_setup_teardown(a_manager_that_does_not_listen_holds_nothing_up,
						become_a_service, retire),
		cmocka_unit_test_setup_teardown(the_manager_may_have_a_path, become_a_service,
						retire),
		cmocka_unit_test_setup_teardown(it_is_alive_twice_as_often_as_the_manager_wants,
						become_a_service, retire),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
