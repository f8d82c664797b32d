/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Can it be noticed that a file appears, or is about to be written to? Tried in a directory of our
 * own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "examination.h"
#include "../proc_text.h"

#define WATCHES_PATH "/proc/sys/fs/inotify/max_user_watches"
#define WATCHES_ENOUGH 1024

struct place {
	char directory[256];
	char file[300];
};

static int place__make(struct place *place)
{
	const char *parent = getenv("TMPDIR");
	int sz;

	sz = snprintf(place->directory, sizeof(place->directory), "%s/tacho-doctor.XXXXXX",
		      parent && *parent ? parent : "/tmp");
	if (sz < 0 || (size_t)sz >= sizeof(place->directory))
		return -ENAMETOOLONG;
	if (!mkdtemp(place->directory))
		return -errno;
	snprintf(place->file, sizeof(place->file), "%s/file", place->directory);
	return 0;
}

static void place__remove(const struct place *place)
{
	unlink(place->file);
	rmdir(place->directory);
}

/* --- inotify -------------------------------------------------------------------------------- */

/* Makes the file. */
static int try_inotify(const struct place *place)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char event[sizeof(struct inotify_event) + 256];
	int err = 0;
	int file;

	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, place->directory, IN_CREATE) < 0)
		err = -errno;
	file = open(place->file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (!err && file < 0)
		err = -errno;
	if (file >= 0)
		close(file);
	if (!err && read(fd, event, sizeof(event)) <= 0)
		err = errno == EAGAIN ? -ENODATA : -errno;
	close(fd);
	return err;
}

static void check_inotify(struct examination *x, const struct place *place)
{
	uint64_t watches = 0;
	int err = try_inotify(place);

	if (err) {
		doctor_report__add(x->report, "inotify", DOCTOR_FALLBACK, "%s",
				   err == -ENODATA ? "nothing was heard" : strerror(-err));
		doctor_report__remedy(x->report, "binaries that appear or are replaced are found "
						 "late: raise fs.inotify.max_user_instances and "
						 "max_user_watches");
		return;
	}
	if (proc_text__read_number(WATCHES_PATH, &watches) || watches >= WATCHES_ENOUGH) {
		doctor_report__add(x->report, "inotify", DOCTOR_OK,
				   "a new file was heard of; %llu watches a user",
				   (unsigned long long)watches);
		return;
	}
	doctor_report__add(x->report, "inotify", DOCTOR_FALLBACK, "only %llu watches a user",
			   (unsigned long long)watches);
	doctor_report__remedy(x->report,
			      "in more directories than that, binaries that appear or are replaced "
			      "are found late: sysctl fs.inotify.max_user_watches=65536");
}

/* --- leases --------------------------------------------------------------------------------- */

/* A writer of a leased file waits, or does not get it if it will not wait; the holder is sent
 * SIGIO. Blocked and taken here, which else would end the process. */
static int lease_and_write(const char *path, int reader)
{
	int err = 0;
	int writer;

	if (fcntl(reader, F_SETLEASE, F_RDLCK))
		return -errno;
	writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (writer >= 0) {
		close(writer);
		err = -ENODATA;
	} else if (errno != EWOULDBLOCK) {
		err = -errno;
	}
	fcntl(reader, F_SETLEASE, F_UNLCK);
	return err;
}

static int try_lease(const char *path)
{
	const struct timespec now = {};
	int reader = open(path, O_RDONLY | O_CLOEXEC);
	sigset_t signals, before;
	int err;

	if (reader < 0)
		return -errno;
	sigemptyset(&signals);
	sigaddset(&signals, SIGIO);
	sigprocmask(SIG_BLOCK, &signals, &before);
	err = lease_and_write(path, reader);
	if (!err && sigtimedwait(&signals, NULL, &now) != SIGIO)
		err = -ENODATA;
	close(reader);
	while (sigtimedwait(&signals, NULL, &now) == SIGIO)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

static void check_leases(struct examination *x, const struct place *place)
{
	int err = try_lease(place->file);

	if (!err) {
		doctor_report__add(x->report, "file leases", DOCTOR_OK,
				   "a writer had to wait for us");
		return;
	}
	doctor_report__add(x->report, "file leases", DOCTOR_FALLBACK, "%s: %s", place->file,
			   err == -ENODATA ? "a writer did not have to wait" : strerror(-err));
	doctor_report__remedy(x->report,
			      "a binary that is written to in place is noticed too late: see that "
			      "fs.leases-enable is 1, and that the file system has leases");
}

void check_files(struct examination *x)
{
	struct place place;
	int err = place__make(&place);

	if (!err) {
		check_inotify(x, &place);
		check_leases(x, &place);
		place__remove(&place);
		return;
	}
	for (int i = 0; i < 2; i++) {
		doctor_report__add(x->report, i ? "file leases" : "inotify", DOCTOR_NOT_TRIED,
				   "%s: %s", place.directory, strerror(-err));
		doctor_report__remedy(x->report, "it takes a directory that can be written to: set "
						 "TMPDIR");
	}
}
