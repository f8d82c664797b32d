/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The cgroup of a process as one path, on machines with version 2, version 1 or both, as the
 * recorder's cgroup namespace shows it. Names are hostile: any bytes but NUL, '/' and line feed.
 */
#ifndef TACHO_USER_PROCESSES_CGROUPS_H
#define TACHO_USER_PROCESSES_CGROUPS_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"

struct cgroups;

#define CGROUP_PATH_SZ PATH_MAX /* the kernel shows no longer ones */

/* root: where proc/ is, and what the places of mounts begin with; normally "/". A machine without
 * cgroups is no failure. */
int cgroups__new(const char *root, struct cgroups **ret_cgroups, struct fault *why);
void cgroups__free(struct cgroups *cgroups); /* NULL is fine */

/*
 * By /proc/PID/cgroup; which of its paths is told in cgroup_text.h. 0; 1 when the cgroup has been
 * removed; -ESRCH when there is no such process; -ENAMETOOLONG; another negative errno. path is
 * untouched on failure.
 */
int cgroups__of_process(struct cgroups *cgroups, pid_t pid, char *path, size_t sz);

/*
 * By its id in version 2, which is its inode number: bpf_get_current_cgroup_id(), cgroup->kn->id.
 * What has been found once is remembered (CGROUPS_REMEMBERED of them; those that nobody has asked
 * for in the longest time are forgotten), also when the cgroup is removed: neither do such cgroups
 * ever get another name, nor such ids another cgroup.
 *
 * 0; -ENOENT when there is no such cgroup, or it is not below what is mounted; -ENODEV without a
 * mount of version 2; -EPERM without CAP_DAC_READ_SEARCH; -ENAMETOOLONG; another negative errno.
 * Before Linux 5.5 ids cannot be looked up: -ENOENT.
 */
int cgroups__by_id(struct cgroups *cgroups, uint64_t id, char *path, size_t sz);

#define CGROUPS_REMEMBERED 2048 /* about 100 bytes each, 4096 if somebody makes them long */

#endif
