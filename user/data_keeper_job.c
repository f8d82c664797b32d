/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One part after the other is compressed. The stages are drawn in data_keeper.h. */
#include "data_keeper_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output_dir.h"

#define RETRY_NS (30 * 1000000000ULL)

static bool is_disk_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT;
}

/* The part may have another number by now, or be gone (-ENOENT). */
static int find_part(const struct job *job, bool compressed, ino_t ino,
		     struct data_part_found *ret_found)
{
	struct data_part_found *parts;
	int err, found = -ENOENT;
	size_t cnt;

	err = data_parts__list(job->dir_fd, job->name, &parts, &cnt);
	if (err)
		return err;
	for (size_t i = 0; i < cnt && found; i++) {
		if (parts[i].part.compressed != compressed || parts[i].dev != job->dev ||
		    parts[i].ino != ino)
			continue;
		*ret_found = parts[i];
		found = 0;
	}
	free(parts);
	return found;
}

/* -ENOENT if the part, or what was made of it, is gone. */
static int find_both(const struct job *job, struct data_part_found *ret_original,
		     struct data_part_found *ret_packed)
{
	int err = find_part(job, false, job->ino, ret_original);

	return err ? err : find_part(job, true, job->packed_ino, ret_packed);
}

/* --- when it fails ------------------------------------------------------------------------- */

static void remove_temporary(const struct job *job)
{
	char temporary[NAME_MAX + 1];

	if (!data_parts__temporary(job->name, temporary))
		unlinkat(job->dir_fd, temporary, 0);
}

static void remove_packed(const struct job *job)
{
	struct data_part_found packed, original;
	char entry[NAME_MAX + 1];

	if (!find_both(job, &original, &packed) && packed.part.number == original.part.number &&
	    !data_part__entry(job->name, packed.part, entry))
		unlinkat(job->dir_fd, entry, 0);
}

static void end_job(struct job *job)
{
	close(job->dir_fd);
	*job = (struct job) {};
}

void data_keeper__give_up_job(struct data_keeper *keeper)
{
	struct job *job = &keeper->job;

	if (job->stage == JOB_NONE)
		return;
	if (job->stage == JOB_SETTLING)
		remove_packed(job);
	remove_temporary(job);
	end_job(job);
}

/* The part stays as it is. On a full disk, others would fare no better. */
static void fail(struct data_keeper *keeper, const char *name, unsigned int number, dev_t dev,
		 ino_t ino, int err, uint64_t now_ns)
{
	const char *reason = strerror(-err);

	keeper->given_up[keeper->given_up_cnt].dev = dev;
	keeper->given_up[keeper->given_up_cnt].ino = ino;
	keeper->given_up_cnt++;
	keeper->retry_ns = now_ns + RETRY_NS;
	keeper->paused = is_disk_full(err) || keeper->given_up_cnt == GIVEN_UP_MAX;
	if (err == -EAGAIN)
		reason = "somebody writes to it";
	data_keeper__notice(keeper, &keeper->told_failure,
			    "%s.%u: cannot be compressed: %s%s; it stays as it is until it can",
			    name, number, reason, is_disk_full(err) ? " (make room)" : "");
}

static void fail_job(struct data_keeper *keeper, int err, uint64_t now_ns)
{
	const struct job job = keeper->job;

	data_keeper__give_up_job(keeper);
	fail(keeper, job.name, job.number, job.dev, job.ino, err, now_ns);
}

/* --- going on ------------------------------------------------------------------------------ */

static void finish(struct data_keeper *keeper)
{
	part_packer__let_go(keeper->packer);
	end_job(&keeper->job);
}

static int remove_original(struct data_keeper *keeper)
{
	struct job *job = &keeper->job;
	struct data_part_found packed, original;
	char entry[NAME_MAX + 1];
	int err;

	err = find_both(job, &original, &packed);
	if (!err && packed.part.number != original.part.number)
		err = -ENOENT; /* somebody has meddled: who knows what they are */
	if (!err && (original.sz != job->sz || original.modified_ns != job->modified_ns))
		err = -EAGAIN;
	if (!err)
		err = data_part__entry(job->name, original.part, entry);
	if (!err && unlinkat(job->dir_fd, entry, 0))
		err = -errno;
	if (err)
		return err;
	keeper->told_failure = false;
	finish(keeper);
	return 0;
}

static int settle(struct data_keeper *keeper)
{
	struct job *job = &keeper->job;
	int fd;

	job->stage = JOB_SETTLING;
	if (!job->sync)
		return remove_original(keeper);
	fd = openat(job->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : part_packer__sync(keeper->packer, fd);
}

static bool is_packed_there(const struct job *job, const char *temporary)
{
	struct stat st;

	return !fstatat(job->dir_fd, temporary, &st, AT_SYMLINK_NOFOLLOW) &&
	       st.st_dev == job->dev && st.st_ino == job->packed_ino;
}

static int put_in_place(struct data_keeper *keeper)
{
	struct job *job = &keeper->job;
	char temporary[NAME_MAX + 1], entry[NAME_MAX + 1];
	struct data_part_found original;
	struct data_part part;
	int err;

	err = find_part(job, false, job->ino, &original);
	if (!err)
		err = data_parts__temporary(job->name, temporary);
	if (!err && !is_packed_there(job, temporary))
		err = -ENOENT;
	if (!err) {
		part = (struct data_part) { original.part.number, true };
		err = data_part__entry(job->name, part, entry);
	}
	if (!err && renameat(job->dir_fd, temporary, job->dir_fd, entry))
		err = -errno;
	return err ? err : settle(keeper);
}

static bool was_put_aside(const struct job *job)
{
	char temporary[NAME_MAX + 1];

	return !data_parts__temporary(job->name, temporary) && is_packed_there(job, temporary);
}

void data_keeper__advance_job(struct data_keeper *keeper, uint64_t now_ns)
{
	struct job *job = &keeper->job;
	int err;

	if (job->stage == JOB_NONE || !part_packer__done(keeper->packer, &err))
		return;
	if (!err && job->stage == JOB_SETTLING && !was_put_aside(job))
		err = remove_original(keeper);
	else if (!err)
		err = put_in_place(keeper);
	if (err == -ENOENT) /* rotation, or somebody, has deleted it meanwhile */
		data_keeper__give_up_job(keeper);
	else if (err)
		fail_job(keeper, err, now_ns);
}

/* --- beginning ----------------------------------------------------------------------------- */

static bool is_given_up(const struct data_keeper *keeper, const struct data_part_found *found)
{
	for (size_t i = 0; i < keeper->given_up_cnt; i++) {
		if (keeper->given_up[i].dev == found->dev && keeper->given_up[i].ino == found->ino)
			return true;
	}
	return false;
}

/* The newest, of any file: the oldest may be deleted before much is gained. */
static const struct kept_part *choose(const struct data_keeper *keeper)
{
	const struct kept_part *chosen = NULL;

	for (size_t i = 0; i < keeper->part_cnt; i++) {
		const struct data_part_found *found = &keeper->parts[i].found;

		if (!found->part.compressed && !is_given_up(keeper, found) &&
		    (!chosen || found->part.number < chosen->found.part.number))
			chosen = &keeper->parts[i];
	}
	return chosen;
}

static int open_part(int dir_fd, const char *name, const struct data_part_found *found, int *ret_fd,
		     struct stat *ret_st)
{
	char entry[NAME_MAX + 1];
	int fd;
	int err;

	err = data_part__entry(name, found->part, entry);
	if (err)
		return err;
	fd = openat(dir_fd, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_st))
		err = -errno;
	else if (ret_st->st_dev != found->dev || ret_st->st_ino != found->ino)
		err = -ENOENT; /* another one since the listing */
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

/* Readable by whom the part is. */
static int make_temporary(const struct job *job, const struct stat *original, int *ret_fd,
			  ino_t *ret_ino)
{
	char temporary[NAME_MAX + 1];
	struct stat st;
	int err, fd;

	err = data_parts__temporary(job->name, temporary);
	if (err)
		return err;
	unlinkat(job->dir_fd, temporary, 0);
	fd = openat(job->dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if ((st.st_uid == original->st_uid && st.st_gid == original->st_gid) ||
		 !fchown(fd, original->st_uid, original->st_gid))
		err = fchmod(fd, original->st_mode & 0777) ? -errno : 0;
	if (err) {
		close(fd);
		remove_temporary(job);
		return err;
	}
	*ret_fd = fd;
	*ret_ino = st.st_ino;
	return 0;
}

static int order(struct data_keeper *keeper, struct job *job, const struct data_part_found *found)
{
	struct stat st;
	int from = -1, to = -1;
	int err;

	err = open_part(job->dir_fd, job->name, found, &from, &st);
	if (err)
		return err;
	job->sz = (uint64_t)st.st_size;
	job->modified_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	err = make_temporary(job, &st, &to, &job->packed_ino);
	if (err) {
		close(from);
		return err;
	}
	err = part_packer__pack(keeper->packer, from, to, job->sync);
	if (err)
		remove_temporary(job);
	return err;
}

static void begin(struct data_keeper *keeper, const struct kept_part *part, uint64_t now_ns)
{
	const struct data_part_found *found = &part->found;
	struct job job = {
		.stage = JOB_PACKING,
		.name = keeper->names[part->name],
		.number = found->part.number,
		.dev = found->dev,
		.ino = found->ino,
		.sync = keeper->options.sync_ns != UINT64_MAX,
	};
	int err = 0;

	job.dir_fd = openat(output_dir__fd(keeper->options.dir), ".",
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job.dir_fd < 0)
		return; /* gone: the next flush makes another */
	if (!keeper->packer)
		err = part_packer__new(&keeper->packer);
	if (!err)
		err = order(keeper, &job, found);
	if (!err) {
		keeper->job = job;
		return;
	}
	close(job.dir_fd);
	if (err == -ENOENT)
		keeper->listed = false;
	else
		fail(keeper, job.name, job.number, job.dev, job.ino, err, now_ns);
}

void data_keeper__begin_job(struct data_keeper *keeper, uint64_t now_ns)
{
	const struct kept_part *part;
	int err;

	if (keeper->job.stage != JOB_NONE ||
	    (keeper->packer && !part_packer__done(keeper->packer, &err)))
		return;
	if (keeper->given_up_cnt && now_ns >= keeper->retry_ns) {
		keeper->given_up_cnt = 0;
		keeper->paused = false;
	}
	part = keeper->paused ? NULL : choose(keeper);
	if (part)
		begin(keeper, part, now_ns);
}
