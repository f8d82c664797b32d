/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the keeper share; nobody else includes this.
 *
 *     data_keeper.c      which parts there are, and which go
 *     data_keeper_job.c  the one that is being compressed
 */
#ifndef TACHO_USER_DATA_KEEPER_INTERNAL_H
#define TACHO_USER_DATA_KEEPER_INTERNAL_H

#include <limits.h>
#include <time.h>

#include "data_keeper.h"
#include "data_parts.h"
#include "part_packer.h"

struct kept_part {
	struct data_part_found found;
	size_t name; /* of keeper.names */
};

enum job_stage {
	JOB_NONE,
	JOB_PACKING,  /* into the temporary file */
	JOB_SETTLING, /* renamed; the directory is being synced */
};

struct job {
	enum job_stage stage;
	const char *name;
	unsigned int number; /* when it began */
	int dir_fd;	     /* the directory may be moved away meanwhile */
	dev_t dev;
	ino_t ino;   /* of the part */
	uint64_t sz; /* which must not change */
	int64_t modified_ns;
	ino_t packed_ino; /* of what is made of it */
	bool sync;
};

#define GIVEN_UP_MAX 8

struct data_keeper {
	struct sink_options options;
	char **names;
	size_t name_cnt;

	/* The parts, the oldest rows first, as of the last listing. */
	struct kept_part *parts;
	size_t part_cnt;
	uint64_t part_bytes;
	bool listed;
	dev_t listed_dev;
	ino_t listed_ino;
	struct timespec listed_change; /* of the directory */
	bool told_listing;
	bool told_deletion;

	struct job job;
	struct part_packer *packer; /* NULL until there is something to do */
	/* What could not be compressed is passed over until retry_ns; if paused, everything is. */
	struct {
		dev_t dev;
		ino_t ino;
	} given_up[GIVEN_UP_MAX];
	size_t given_up_cnt;
	bool paused;
	uint64_t retry_ns;
	bool told_failure;
};

void data_keeper__notice(const struct data_keeper *keeper, bool *told, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* data_keeper_job.c */

/* Goes on with the job as far as the packer is. */
void data_keeper__advance_job(struct data_keeper *keeper, uint64_t now_ns);
/* Begins one if there is none and the last listing knows something to do. */
void data_keeper__begin_job(struct data_keeper *keeper, uint64_t now_ns);
void data_keeper__give_up_job(struct data_keeper *keeper);

#endif
