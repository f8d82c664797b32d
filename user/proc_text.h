/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel says in small text files. */
#ifndef TACHO_USER_PROC_TEXT_H
#define TACHO_USER_PROC_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The file's first sz - 1 bytes, without the white space at the end. 0 or negative errno. */
int proc_text__read(const char *path, char *text, size_t sz);

/* A number (base 10 or 16) of /proc/PID/status: "CapEff", "Seccomp". -ENOENT when there is no such
 * line, -EINVAL when it holds anything else. */
int proc_text__status_number(const char *status, const char *field, int base, uint64_t *ret);

/* "none", "integrity" or "confidentiality", of "none [integrity] confidentiality"; -EINVAL when no
 * word is in brackets, or one that is too long. */
int proc_text__lockdown_mode(const char *lockdown, char *ret_mode, size_t sz);

/* A file that holds one number. */
int proc_text__read_number(const char *path, uint64_t *ret);

#endif
