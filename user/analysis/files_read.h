/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which files were read already: a file that is given twice, by itself or with its directory, is
 * the same. A pipe is never the same twice.
 */
#ifndef TACHO_USER_ANALYSIS_FILES_READ_H
#define TACHO_USER_ANALYSIS_FILES_READ_H

#include <stddef.h>
#include <sys/types.h>

struct file_id {
	dev_t dev;
	ino_t ino;
};

/* Zero-initialise. */
struct files_read {
	struct file_id *ids;
	size_t cnt;
};

enum file_met {
	FILE_MET_FIRST,
	FILE_MET_AGAIN,
	FILE_MET_PIPE, /* or whatever else is no file */
};

/* What the descriptor is, which counts as read from now on. 0 or a negative errno. */
int files_read__note(struct files_read *files, int fd, enum file_met *ret_met);
void files_read__free(struct files_read *files);

#endif
