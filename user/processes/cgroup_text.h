/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cgroups in the kernel's text files; pure. Paths are any bytes but NUL and line feed: the kernel
 * refuses that in names of cgroups (cgroup_mkdir, cgroup1_rename), and shows all others as they
 * are. */
#ifndef TACHO_USER_PROCESSES_CGROUP_TEXT_H
#define TACHO_USER_PROCESSES_CGROUP_TEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The one path that stands for all that /proc/PID/cgroup says, beginning with '/':
 *
 *   1. the one of version 2 ("0::"), if it is not the root;
 *   2. that of "name=systemd", if it is not the root;
 *   3. the deepest of the other hierarchies of version 1; of equally deep ones the first in the
 *      order of strcmp, so that it does not depend on the order of lines;
 *   4. the root.
 *
 * Returns 2 by the first rule, 1 by the others, or -ENAMETOOLONG.
 */
int cgroup_text__choose(const char *text, char *path, size_t sz);

/* The kernel puts this behind the path of version 2 of a cgroup that has been removed; a name may
 * end so all the same. Takes it away; false when it is not there. */
bool cgroup_text__cut_deleted(char *path);

struct cgroup_mount {
	char root[PATH_MAX];  /* the cgroup that is seen at ... */
	char point[PATH_MAX]; /* ... this place */
};

/* A line of /proc/self/mountinfo. False when it is no mount of version 2, or is damaged. */
bool cgroup_text__take_mount(const char *line, struct cgroup_mount *ret_mount);

#endif
