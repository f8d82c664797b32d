/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t sz, size_t *ret_written)
{
	size_t written = 0;
	ssize_t n;
	int err = 0;

	while (written < sz && !err) {
		n = write(fd, (const char *)data + written, sz - written);
		if (n > 0)
			written += (size_t)n;
		else if (n == 0)
			err = -EIO;
		else if (errno != EINTR)
			err = -errno;
	}
	if (ret_written)
		*ret_written = written;
	return err;
}
