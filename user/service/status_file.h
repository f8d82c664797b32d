/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small file that says how a recording goes, for `tacho status` and for monitoring. Readers see a
 * whole one, always: it is written beside and renamed. Anybody may read it.
 */
#ifndef TACHO_USER_SERVICE_STATUS_FILE_H
#define TACHO_USER_SERVICE_STATUS_FILE_H

#include <stddef.h>

#include "../fault.h"

/* What every status file begins with: a file that begins otherwise is not replaced. */
#define STATUS_FILE_HEAD "{\n  \"tacho_status\": "

struct status_file;

/* The folder must be there. Refuses (-EEXIST) a path that leads to something else than an old
 * status file. Writes nothing yet. */
int status_file__open(const char *path, struct status_file **ret_file, struct fault *why);

const char *status_file__path(const struct status_file *file);
int status_file__folder_fd(const struct status_file *file);

/* 0, or negative errno with why; the file is as it was then. */
int status_file__write(struct status_file *file, const char *data, size_t sz, struct fault *why);

/* Removes the file, if it is still the one that was written last, and frees. NULL is fine. */
void status_file__close(struct status_file *file);

#endif
