/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A data file with all that rotation has made of it, opened: NAME.8.zst ... NAME.1 NAME, the oldest
 * first, as far as they exist (data_parts.h). A recorder may rotate and
 * pack them in the meantime; no file is missed or met twice for that.
 */
#ifndef TACHO_USER_ANALYSIS_DATA_FILES_H
#define TACHO_USER_ANALYSIS_DATA_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "fault.h"

struct data_file {
	int fd;
	char *path; /* under which it was opened */
	dev_t dev;
	ino_t ino;
	struct timespec modified;
	bool packed; /* by its name */
};

struct data_files {
	struct data_file *files;
	size_t cnt; /* 0: there are none of this name */
};

/* *ret_files is untouched on failure. */
int data_files__open(const char *dir, const char *name, struct data_files *ret_files,
		     struct fault *why);
void data_files__close(struct data_files *files);

#endif
