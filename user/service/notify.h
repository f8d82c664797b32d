/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a service tells its service manager (sd_notify(3)). Without one (no NOTIFY_SOCKET) every
 * function does nothing. A manager that cannot be reached is no reason to stop recording: nothing
 * here fails.
 */
#ifndef TACHO_USER_SERVICE_NOTIFY_H
#define TACHO_USER_SERVICE_NOTIFY_H

#include <stdint.h>

/* Everything that is there is attached; status is what `systemctl status` shows. Also ends what
 * notify__reloading began, whether or not the new settings were taken. */
void notify__ready(const char *status);
/* Type=notify-reload wants to know when it began (systemd 253 and newer; older ones pass it by). */
void notify__reloading(void);
void notify__stopping(void);
void notify__status(const char *status);

/* How often notify__alive is to be called (half of what the manager allows); 0: it does not watch.
 */
uint64_t notify__alive_interval_ns(void);
void notify__alive(void);

#endif
