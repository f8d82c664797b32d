/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ways a call ends, as the files spell them: one table for who writes and who reads. */
#ifndef TACHO_USER_ENDED_H
#define TACHO_USER_ENDED_H

#include <stdbool.h>

#include "tacho/event.h"

const char *ended_name(enum tacho_ended ended); /* "" for a number that is none */

/* 0, or -EINVAL when no ending is called so. */
int ended_parse(const char *text, enum tacho_ended *ret_ended);

/* Did control leave the function, by whichever way? Otherwise the call was cut off: by the end of
 * its thread or process, or of the recording. */
bool ended_finished(enum tacho_ended ended);

#endif
