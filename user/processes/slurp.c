/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_CAPACITY 8192

/* Room for another byte and the NUL behind it. */
static int make_room(struct slurp *slurp)
{
	size_t more = slurp->capacity ? 2 * slurp->capacity : FIRST_CAPACITY;
	char *grown;

	if (slurp->sz + 1 < slurp->capacity)
		return 0;
	if (slurp->capacity >= SLURP_MAX)
		return -EFBIG;
	grown = realloc(slurp->data, more);
	if (!grown)
		return -ENOMEM;
	slurp->data = grown;
	slurp->capacity = more;
	return 0;
}

/* Reading on where the last piece ended, the kernel hands out the text that it made for the first
 * one (seq_read_iter, fs/seq_file.c): the pieces fit. */
int slurp__read(struct slurp *slurp, int fd)
{
	ssize_t got;
	int err;

	slurp->sz = 0;
	do {
		err = make_room(slurp);
		if (err)
			break;
		got = pread(fd, slurp->data + slurp->sz, slurp->capacity - 1 - slurp->sz,
			    (off_t)slurp->sz);
		if (got > 0)
			slurp->sz += (size_t)got;
		else if (got < 0 && errno != EINTR)
			err = -errno;
	} while (!err && got);
	if (slurp->data)
		slurp->data[slurp->sz] = '\0';
	return err;
}

int slurp__read_at(struct slurp *slurp, int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return -errno;
	err = slurp__read(slurp, fd);
	close(fd);
	return err;
}

void slurp__free(struct slurp *slurp)
{
	free(slurp->data);
	*slurp = (struct slurp) {};
}
