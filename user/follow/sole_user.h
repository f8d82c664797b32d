/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Has nobody but us this file open or mapped? The kernel counts that for write leases (fcntl(2)),
 * over all processes, those included that we may not look into.
 */
#ifndef TACHO_USER_FOLLOW_SOLE_USER_H
#define TACHO_USER_FOLLOW_SOLE_USER_H

#include <stdbool.h>

/*
 * True when it is certain. fd is open for reading only, and is all that this process has open of
 * the file. False when somebody has it open, and where nobody can say: without CAP_LEASE on
 * somebody else's file, on a file system without leases or (overlayfs) with mappings that are not
 * counted. SIGIO has to be blocked or handled. Who opens the file in this moment waits for it to
 * pass, or gets EAGAIN with O_NONBLOCK.
 */
bool is_sole_user(int fd);

#endif
