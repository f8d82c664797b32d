/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sole_user.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* check_conflicting_open(), fs/locks.c: i_readcount and i_writecount of the inode tell. */
static bool gets_write_lease(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK))
		return false;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return true;
}

/* A mapping of our own, as somebody else's would be; never touched. */
static void *map_anew(int fd)
{
	void *mapped = MAP_FAILED;
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		mapped = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
	}
	return mapped;
}

bool is_sole_user(int fd)
{
	void *mapped = map_anew(fd);
	bool counted;

	if (mapped == MAP_FAILED)
		return false;
	counted = !gets_write_lease(fd);
	munmap(mapped, 1);
	return counted && gets_write_lease(fd);
}
