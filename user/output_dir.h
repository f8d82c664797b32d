/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The directory that a recorder owns while it runs. */
#ifndef TACHO_USER_OUTPUT_DIR_H
#define TACHO_USER_OUTPUT_DIR_H

#include <stdbool.h>

#include "fault.h"

struct output_dir;

/*
 * Makes path and its parents (0755 less umask) if missing, opens it, checks that files can be made
 * in it, and takes an exclusive flock(2) on the directory itself, so that no second recorder writes
 * there and nothing is left behind. -EBUSY with why (naming the other's pid, found in /proc/locks)
 * when somebody has it.
 */
int output_dir__open(const char *path, struct output_dir **ret_dir, struct fault *why);
void output_dir__free(struct output_dir *dir);

const char *output_dir__path(const struct output_dir *dir); /* absolute */
int output_dir__fd(const struct output_dir *dir);

/* Makes and opens it afresh if path no longer leads to it (deleted or renamed by somebody).
 * *ret_renewed says whether it did. */
int output_dir__renew(struct output_dir *dir, bool *ret_renewed, struct fault *why);

#endif
