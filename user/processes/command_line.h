/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line of a process as one line of text: as psutil's Process.cmdline() takes
 * /proc/PID/cmdline apart, with the arguments stripped and joined by single blanks, which is how
 * the column `command` of system_resource_data has it and what patterns are matched against.
 *
 *	"python3\0-m\0 x \0\0"    python3 -m x
 *	"postgres: writer"        postgres: writer         (a process that renamed itself)
 */
#ifndef TACHO_USER_PROCESSES_COMMAND_LINE_H
#define TACHO_USER_PROCESSES_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define COMMAND_LINE_SZ_MAX (2 << 20) /* what is read of one; execve(2) allows more, rarely */

/* Bytes in memory that grows as needed and is used again. Begin with {}. */
struct command_text {
	char *bytes; /* a NUL follows them; NULL at first */
	size_t sz;
	size_t capacity;
	bool cut; /* there was more than COMMAND_LINE_SZ_MAX */
};

void command_text__free(struct command_text *text);

/*
 * Reads /proc/PID/cmdline as it is, proc_fd being /proc. sz is 0 for kernel threads and for
 * processes that have ended but were not waited for. -ESRCH: there is no such process (any more);
 * or what else the kernel says, -EACCES with hidepid for instance.
 */
int command_line__read(int proc_fd, pid_t pid, struct command_text *raw);

/*
 * The raw bytes as text. cut: more followed that is not there, so that the end says nothing about
 * how the arguments are separated. sz 0: no command. 0 or -ENOMEM.
 *
 * Differs from psutil in one thing: a NUL byte within an argument, possible only where the process
 * has overwritten its command line without a NUL at the end, becomes a blank.
 */
int command_line__format(const char *raw, size_t raw_sz, bool cut, struct command_text *text);

#endif
