/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files of activities that are read again, and what was told about them. Include cmocka.h first. */
#ifndef TACHO_TESTS_ACTIVITIES_FIXTURE_H
#define TACHO_TESTS_ACTIVITIES_FIXTURE_H

#include "analysis/activities.h"
#include "scratch.h"

#define DETAIL_HEADER                                                                              \
	"state,start_ns,duration_ns,pid,tid,comm,ended,failed,depth,return_value,binary,function"  \
	"\r\n"
#define OLD_DETAIL_HEADER "state,start_ns,duration_ns,pid,tid,comm,ended,depth,binary,function\r\n"
#define SUMMARY_HEADER                                                                             \
	"from_ns,to_ns,state,count,returned,exception,unwound,thread_exit,exec,killed,sum_ns,"     \
	"min_ns,max_ns,ge_0_ns,ge_2_ns\r\n"
#define PROBES_HEADER                                                                              \
	"time_ns,event,state,binary,build_id,function,symbol,offset,exit,calls,last_hit_ns\r\n"
#define LEDGER_HEADER                                                                              \
	"time_ns,state,entries,returned,exception,unwound,thread_exit,exec,killed,open,"           \
	"lost_ring,lost_nesting,lost_other,unmatched_returns\r\n"

struct fixture {
	struct scratch scratch;
	struct activities *activities;
	struct activities_watch watch;
	char told[4096]; /* "some.csv:3: why\n" of each malformed row */
};

static inline void note_malformed(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
				  const char *wrong)
{
	struct fixture *fixture = ctx;
	const char *name = strrchr(path, '/');
	size_t sz = strlen(fixture->told);

	assert_true(line_cnt >= 1);
	snprintf(fixture->told + sz, sizeof(fixture->told) - sz, "%s:%llu: %s\n",
		 name ? name + 1 : path, (unsigned long long)line, wrong);
}

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	fixture->watch = (struct activities_watch) { .malformed = note_malformed, .ctx = fixture };
	fixture->activities = activities__new(&fixture->watch);
	assert_non_null(fixture->activities);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	activities__free(fixture->activities);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

static inline void put(struct fixture *fixture, const char *name, const char *text)
{
	scratch__write(&fixture->scratch, name, text, strlen(text));
}

static inline void add(struct fixture *fixture, const char *path)
{
	struct fault why = {};

	if (activities__add_path(fixture->activities, path, &why))
		fail_msg("%s", why.text);
	assert_string_equal(why.text, "");
}

static inline void add_file(struct fixture *fixture, const char *text)
{
	put(fixture, "file", text);
	add(fixture, scratch__at(&fixture->scratch, "file"));
}

static inline void add_dir(struct fixture *fixture)
{
	add(fixture, fixture->scratch.path);
}

static const struct activity_series *find(const struct fixture *fixture, const char *state)
{
	const struct activity_series *series;

	for (size_t i = 0; i < activities__series_cnt(fixture->activities); i++) {
		series = activities__series(fixture->activities, i);
		if (!strcmp(series->state, state))
			return series;
	}
	fail_msg("no state '%s'", state);
	return NULL;
}

static int compare_durations(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* "STATE first..last duration duration\n" of each series, durations ascending; "STATE\n" of one
 * without any. */
static inline void expect(const struct fixture *fixture, const char *expected)
{
	char text[4096] = "";
	size_t sz = 0;

	for (size_t i = 0; i < activities__series_cnt(fixture->activities); i++) {
		const struct activity_series *series = activities__series(fixture->activities, i);
		uint64_t *durations = activity_series__durations(series);

		assert_non_null(durations);
		assert_int_equal(durations__cnt(&series->durations), series->cnt);
		qsort(durations, series->cnt, sizeof(*durations), compare_durations);
		sz += (size_t)snprintf(text + sz, sizeof(text) - sz, "%s", series->state);
		if (series->cnt)
			sz += (size_t)snprintf(text + sz, sizeof(text) - sz, " %llu..%llu",
					       (unsigned long long)series->first_ns,
					       (unsigned long long)series->last_ns);
		for (size_t k = 0; k < series->cnt; k++)
			sz += (size_t)snprintf(text + sz, sizeof(text) - sz, " %llu",
					       (unsigned long long)durations[k]);
		sz += (size_t)snprintf(text + sz, sizeof(text) - sz, "\n");
		free(durations);
	}
	assert_string_equal(text, expected);
}

static inline void expect_bad_rows(const struct fixture *fixture, const char *told,
				   uint64_t malformed, uint64_t torn)
{
	assert_string_equal(fixture->told, told);
	assert_int_equal(activities__malformed_cnt(fixture->activities), malformed);
	assert_int_equal(activities__torn_cnt(fixture->activities), torn);
}

static inline void expect_no_bad_rows(const struct fixture *fixture)
{
	expect_bad_rows(fixture, "", 0, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
