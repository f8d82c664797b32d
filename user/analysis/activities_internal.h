/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the activities module share; nobody else includes this.
 *
 *     activities.c         the series, and which files a path stands for
 *     activities_rows.c    what the rows of a file say
 *     activities_filter.c  which of them count
 */
#ifndef TACHO_USER_ANALYSIS_ACTIVITIES_INTERNAL_H
#define TACHO_USER_ANALYSIS_ACTIVITIES_INTERNAL_H

#include "analysis/activities.h"
#include "analysis/files_read.h"

struct activities {
	const struct activities_watch *watch;
	struct activity_series **series;
	size_t series_cnt;
	size_t series_capacity;
	void *by_state; /* a tsearch(3) tree of the same series, and of ignored ones */
	struct activity_series *recent; /* rows of one state often come in a row */
	struct files_read files_read;
	const struct activities_filter *filter; /* NULL: everything */
	const struct activities_other *other;	/* may be NULL */
	bool any_newest;
	uint64_t newest_ns;
	uint64_t nameless_cnt;
	uint64_t unsorted_cnt;
	uint64_t malformed_cnt;
	uint64_t torn_cnt;
};

/* activities_filter.c */

bool activities__take_state(const struct activities *activities, const char *state);

/* Has such a call, with the name of its thread or NULL, to be added? */
bool activities__take_call(struct activities *activities, const struct activity *activity,
			   const char *thread);
bool activities__take_sums(struct activities *activities, uint64_t from_ns, uint64_t to_ns,
			   uint64_t cnt);

/* activities.c */

/* The series of that state, new if need be, which may be ignored; NULL without memory. */
struct activity_series *activities__want(struct activities *activities, const char *state);
int activity_series__add(struct activity_series *series, struct activity activity);

/* Something took place in this time; called before it is added. */
void activity_series__span(struct activity_series *series, uint64_t from_ns, uint64_t to_ns);

/* activities_rows.c */
int activities__read_fd(struct activities *activities, int fd, const char *path);

/* The ledger's next row, if one comes, is of another recording. */
void activities__close_ledger(struct activities *activities);

#endif
