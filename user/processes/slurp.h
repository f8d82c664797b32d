/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whole files of the kernel's, again and again, into memory that is kept. */
#ifndef TACHO_USER_PROCESSES_SLURP_H
#define TACHO_USER_PROCESSES_SLURP_H

#include <stddef.h>

#define SLURP_MAX (8 * 1024 * 1024) /* /proc/stat of the largest machine has a third of that */

/* Zero-initialise; slurp__free at the end. */
struct slurp {
	char *data; /* NULL before the first reading; then with a NUL behind its sz bytes */
	size_t sz;
	size_t capacity;
};

/* From the file's beginning, wherever it stands. 0; -EFBIG when it does not fit into SLURP_MAX
 * bytes; another negative errno. What was there is gone in any case. */
int slurp__read(struct slurp *slurp, int fd);

/* The same of a path, as openat(2) takes it. */
int slurp__read_at(struct slurp *slurp, int dir_fd, const char *path);

void slurp__free(struct slurp *slurp);

#endif
