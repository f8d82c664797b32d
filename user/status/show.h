/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A status for people, or for programs. */
#ifndef TACHO_USER_STATUS_SHOW_H
#define TACHO_USER_STATUS_SHOW_H

#include <jansson.h>
#include <stdint.h>

#include "../screen.h"
#include "status.h"

struct shown_status {
	const char *path;
	const struct status *status;
	enum status_life life;
	uint64_t now_ns; /* CLOCK_REALTIME: what ages are counted from */
};

/* 0 or -ENOMEM. */
int status_show_text(const struct shown_status *shown, const struct screen *screen);

/* What the file says, with `file` and `life` before it; NULL without memory. */
json_t *status_show_json(const struct shown_status *shown);

#endif
