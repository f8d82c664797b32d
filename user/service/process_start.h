/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of processes are used again; together with when it began, a number is a name. */
#ifndef TACHO_USER_SERVICE_PROCESS_START_H
#define TACHO_USER_SERVICE_PROCESS_START_H

#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat (proc(5)): in ticks since the machine started. -ENOENT when there is
 * no such process, or only its remains (a zombie); -EINVAL when the file reads like nothing known.
 */
int process_start_ticks(pid_t pid, uint64_t *ret_ticks);

#endif
