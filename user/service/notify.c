/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "notify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../clock.h"

/* "/path" or "@abstract", as sd_notify(3) has them; newer managers know others. */
static bool parse_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_sz)
{
	size_t sz = name ? strlen(name) : 0;

	if (sz < 2 || sz >= sizeof(ret_address->sun_path) || (*name != '/' && *name != '@'))
		return false;
	*ret_address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	memcpy(ret_address->sun_path, name, sz);
	if (*name == '@')
		ret_address->sun_path[0] = '\0';
	*ret_sz = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sz + (*name == '/'));
	return true;
}

/* sd_notify waits while the manager's queue is full. What is soon said again need not be said to a
 * manager that does not listen: rows would be lost meanwhile. */
static void send_at_once(const char *text)
{
	struct sockaddr_un address;
	socklen_t sz;
	int fd;

	if (!parse_address(getenv("NOTIFY_SOCKET"), &address, &sz)) {
		sd_notify(0, text);
		return;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
	       sz);
	close(fd);
}

void notify__ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify__reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_monotonic_ns() / 1000);
}

void notify__stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify__status(const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "STATUS=%s", status);
	send_at_once(text);
}

uint64_t notify__alive_interval_ns(void)
{
	uint64_t allowed_us;

	return sd_watchdog_enabled(0, &allowed_us) > 0 ? allowed_us * 1000 / 2 : 0;
}

void notify__alive(void)
{
	send_at_once("WATCHDOG=1");
}
