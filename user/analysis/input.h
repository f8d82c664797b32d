/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes of a data file: as they are, or unpacked if they begin as Zstandard frames do (RFC
 * 8878), whatever the file is called. Files are read, not mapped: they may be pipes, and may grow
 * or be cut short meanwhile.
 */
#ifndef TACHO_USER_ANALYSIS_INPUT_H
#define TACHO_USER_ANALYSIS_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"

struct input;

/* From where the descriptor stands. Both are borrowed for the life of the input. NULL without
 * memory. */
struct input *input__new(int fd, const char *path);
void input__free(struct input *input);

/*
 * As many bytes as there are room for, fewer only at the end; 0 there, or a negative errno with
 * why: -EBADMSG for frames that are spoiled or cut short. What came before the fault is returned
 * before it.
 */
ssize_t input__read(struct input *input, char *data, size_t sz, struct fault *why);

/* How many bytes of the file were read so far, and how many there were at the start; 0: nobody
 * knows. */
uint64_t input__done(const struct input *input);
uint64_t input__size(const struct input *input);

#endif
