/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two recordings in files, and what comparing them finds. Include cmocka.h first. */
#ifndef TACHO_TESTS_COMPARE_FIXTURE_H
#define TACHO_TESTS_COMPARE_FIXTURE_H

#include "analysis/compare.h"
#include "scratch.h"

struct compare_fixture {
	struct scratch scratch;
	struct activities *recordings[COMPARE_SIDE_CNT];
	struct comparison *comparison;
};

static inline int compare_fixture__set_up(void **state)
{
	struct compare_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	*state = fixture;
	return 0;
}

static inline void compare_fixture__forget(struct compare_fixture *fixture)
{
	comparison__free(fixture->comparison);
	fixture->comparison = NULL;
	for (size_t s = 0; s < COMPARE_SIDE_CNT; s++) {
		activities__free(fixture->recordings[s]);
		fixture->recordings[s] = NULL;
	}
}

static inline int compare_fixture__tear_down(void **state)
{
	struct compare_fixture *fixture = *state;

	compare_fixture__forget(fixture);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

/* Adds calls of first, first + step, ... nanoseconds to the end of a file. */
static inline void put_calls(const struct scratch *scratch, const char *name, const char *state,
			     size_t cnt, uint64_t first, uint64_t step)
{
	FILE *file = fopen(scratch__at(scratch, name), "a");

	assert_non_null(file);
	for (size_t i = 0; i < cnt; i++)
		fprintf(file, "%s,%zu,%llu\n", state, i + 1,
			(unsigned long long)(first + i * step));
	assert_int_equal(fclose(file), 0);
}

static inline struct activities *read_recording(const char *path)
{
	struct activities *recording = activities__new(NULL);
	struct fault why = {};

	assert_non_null(recording);
	if (activities__add_path(recording, path, &why))
		fail_msg("%s", why.text);
	return recording;
}

/* Of what stands in the files or directories "base" and "new". */
static inline const struct comparison *compare_with(struct compare_fixture *fixture,
						    const struct compare_options *options)
{
	static const char *const names[COMPARE_SIDE_CNT] = { "base", "new" };

	compare_fixture__forget(fixture);
	for (size_t s = 0; s < COMPARE_SIDE_CNT; s++)
		fixture->recordings[s] = read_recording(scratch__at(&fixture->scratch, names[s]));
	assert_int_equal(comparison__new(fixture->recordings[COMPARE_BASE],
					 fixture->recordings[COMPARE_NEW], options,
					 &fixture->comparison),
			 0);
	return fixture->comparison;
}

static inline const struct comparison *compare_files(struct compare_fixture *fixture)
{
	return compare_with(fixture, &(struct compare_options) { .alpha = COMPARE_ALPHA_DEFAULT });
}

static inline const struct compared_state *state_of(const struct comparison *comparison,
						    const char *state)
{
	for (size_t i = 0; i < comparison->cnt; i++) {
		if (!strcmp(comparison->states[i].state, state))
			return &comparison->states[i];
	}
	fail_msg("no state '%s'", state);
	return NULL;
}

#endif
