/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that appears under its name when it is whole, and not before: written as NAME.tmp, then
 * renamed. What is no ordinary file (a pipe, a device) is written as it is.
 */
#ifndef TACHO_USER_EXPORT_NEW_FILE_H
#define TACHO_USER_EXPORT_NEW_FILE_H

#include <stdio.h>

#include "fault.h"

/* Zero-initialise. */
struct new_file {
	FILE *out;
	char *path;
	char *unfinished; /* NULL: written in place */
};

/* For files; one that is there already is fine. */
int new_directory(const char *path, struct fault *why);

/* path NULL: standard output. */
int new_file__open(struct new_file *file, const char *path, struct fault *why);

/* The same, with a name of its own until it is whole. Both are copied. */
int new_file__open_as(struct new_file *file, const char *path, const char *unfinished,
		      struct fault *why);

/* 0, or why it is not whole; nothing is left of it then. */
int new_file__finish(struct new_file *file, struct fault *why);

/* Nothing is left of it, unless it was finished. */
void new_file__abandon(struct new_file *file);

#endif
