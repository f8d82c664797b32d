/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this machine can do, found out by trying it. Probes are put on this program's own file, and
 * on functions that only a child of the doctor calls; nothing else on the machine notices. Needs no
 * privileges: what cannot be tried without is reported as such.
 */
#ifndef TACHO_USER_DOCTOR_DOCTOR_H
#define TACHO_USER_DOCTOR_DOCTOR_H

#include "report.h"

/* Told what is done next; may be left out. */
struct doctor_watch {
	void (*step)(void *ctx, const char *what);
	void *ctx;
};

/* Takes about a second. SIGCHLD must not be ignored. */
void doctor__examine(const struct doctor_watch *watch, struct doctor_report *ret_report);

#endif
