/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far the reading of files has come, on a terminal: for every command that reads them. */
#ifndef TACHO_USER_PROGRESS_H
#define TACHO_USER_PROGRESS_H

#include <stdint.h>

/* Zero-initialise. */
struct progress {
	uint64_t told_ns; /* when the status line was replaced; 0: reading has just begun */
};

/* So many bytes of the file were read, of so many (0: nobody knows). Nobody is told of what takes
 * no time. */
void progress__say(struct progress *progress, const char *path, uint64_t done, uint64_t size);

/* Reading has ended. */
void progress__end(struct progress *progress);

#endif
