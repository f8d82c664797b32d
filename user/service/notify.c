/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "../clock.h"

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
	sd_notifyf(0, "STATUS=%s", status);
}

uint64_t notify__alive_interval_ns(void)
{
	uint64_t allowed_us;

	return sd_watchdog_enabled(0, &allowed_us) > 0 ? allowed_us * 1000 / 2 : 0;
}

void notify__alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
