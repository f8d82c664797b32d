/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TACHO_USER_WRITE_ALL_H
#define TACHO_USER_WRITE_ALL_H

#include <stddef.h>

/* write(2) until all of it is written. 0, or negative errno (-EIO if nothing more goes in and
 * nobody says why). *ret_written is set in either case; ret_written may be NULL. */
int write_all(int fd, const void *data, size_t sz, size_t *ret_written);

#endif
