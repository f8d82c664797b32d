/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Since when there are rows in a file. Of one that we have begun, we know. Of one that was there at
 * the start, only the file system may know: its birth (Linux 4.11, and not all file systems). Its
 * first row is not older, but may be younger, so that such a file is rotated too early rather than
 * too late: with a recorder that is started again every hour, an age that were forgotten would
 * never be a day. Without a birth, the last change must do.
 *
 * The clock on the wall is asked once for that; from then on, time is monotonic.
 */
#include "datafile_internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#define NS_PER_S 1000000000LL

/* In the clock on the wall, which may have been wrong when the file was made: a birth in the future
 * is now, and no file is older than any age that can be set. */
static uint64_t age_by_birth_ns(int fd)
{
	struct statx_timestamp since;
	struct timespec now;
	struct statx stx;
	int64_t age_s;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &stx))
		return 0;
	since = stx.stx_mask & STATX_BTIME ? stx.stx_btime : stx.stx_mtime;
	clock_gettime(CLOCK_REALTIME, &now);
	if (since.tv_sec < 0)
		since.tv_sec = 0;
	age_s = now.tv_sec - since.tv_sec;
	if (age_s < 0 || (age_s == 0 && now.tv_nsec < since.tv_nsec))
		return 0;
	if (age_s > INT64_MAX / NS_PER_S - 1)
		age_s = INT64_MAX / NS_PER_S - 1;
	return (uint64_t)(age_s * NS_PER_S + now.tv_nsec - since.tv_nsec);
}

void datafile__begin_age(struct datafile *file, uint64_t now_ns)
{
	file->begun = true;
	file->begun_ns = now_ns;
}

bool datafile__is_old(struct datafile *file, uint64_t now_ns)
{
	if (!file->options.rotate_age_ns || file->fd < 0)
		return false;
	if (datafile__is_bare(file)) {
		file->begun = false;
		return false;
	}
	if (!file->begun)
		datafile__begin_age(file, now_ns - age_by_birth_ns(file->fd));
	/* a moment before the beginning is no great age */
	return now_ns - file->begun_ns >= file->options.rotate_age_ns &&
	       now_ns - file->begun_ns <= INT64_MAX;
}
