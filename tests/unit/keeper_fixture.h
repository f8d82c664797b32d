/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A keeper for the datafile of datafile_fixture.h. Include cmocka.h first. */
#ifndef TACHO_TESTS_KEEPER_FIXTURE_H
#define TACHO_TESTS_KEEPER_FIXTURE_H

#include <sched.h>
#include <time.h>
#include <zstd.h>

#include "data_keeper.h"
#include "datafile_fixture.h"

struct keeper_fixture {
	struct fixture base; /* first: it is the state of DATAFILE_CASE */
	struct data_keeper *keeper;
	char debug[2048];
};

static inline void open_keeper(struct keeper_fixture *f)
{
	struct fault why = { 0 };

	assert_int_equal(data_keeper__new(&f->base.options, &f->keeper, &why), 0);
	if (data_keeper__add_name(f->keeper, "data", &why))
		fail_msg("%s", why.text);
}

static inline void take_debug(void *ctx, const char *text)
{
	struct keeper_fixture *f = ctx;
	size_t used = strlen(f->debug);

	snprintf(f->debug + used, sizeof(f->debug) - used, "%s\n", text);
}

static inline int set_up_keeper(void **state)
{
	struct keeper_fixture *f;
	int err = set_up(state);

	if (err)
		return err;
	f = realloc(*state, sizeof(*f));
	assert_non_null(f);
	*state = f;
	f->keeper = NULL;
	*f->debug = '\0';
	f->base.options.notice_ctx = f;
	f->base.options.notice_debug = take_debug;
	f->base.options.compress = true;
	f->base.options.rotate_keep = 100;
	/* ten rows a file */
	f->base.options.rotate_bytes = strlen(FIRST_ROW) + 10 * ROW_SZ;
	return 0;
}

static inline int tear_down_keeper(void **state)
{
	struct keeper_fixture *f = *state;

	data_keeper__free(f->keeper);
	return tear_down(state);
}

static inline bool has(const struct keeper_fixture *f, const char *name)
{
	return scratch__has(&f->base.scratch, name);
}

/* Fails the case if what it waits for does not come: to be called between two looks at it. */
static inline void tend_on(struct keeper_fixture *f, time_t *deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!*deadline)
		*deadline = now.tv_sec + 60;
	if (now.tv_sec > *deadline)
		fail_msg("waited for 60 s; notices: %s", f->base.notices);
	data_keeper__tend(f->keeper, 1, false);
	sched_yield();
}

static inline void wait_until(struct keeper_fixture *f, const char *name, bool there)
{
	time_t deadline = 0;

	while (has(f, name) != there)
		tend_on(f, &deadline);
}

static inline void wait_for_notice(struct keeper_fixture *f)
{
	time_t deadline = 0;

	while (!*f->base.notices)
		tend_on(f, &deadline);
}

/* Puts what is in NAME.zst under the name and takes the other away. */
static inline void unpack(struct keeper_fixture *f, const char *name)
{
	char packed_name[64];
	unsigned long long content_sz;
	char *packed, *data;
	size_t sz;

	snprintf(packed_name, sizeof(packed_name), "%s.zst", name);
	packed = read_whole(scratch__at(&f->base.scratch, packed_name), &sz);
	content_sz = ZSTD_getFrameContentSize(packed, sz);
	assert_true(content_sz < 1 << 30); /* it is there, and no error */
	data = malloc(content_sz + 1);
	assert_non_null(data);
	assert_int_equal(ZSTD_decompress(data, content_sz, packed, sz), content_sz);
	scratch__write(&f->base.scratch, name, data, content_sz);
	unlink(scratch__at(&f->base.scratch, packed_name));
	free(packed);
	free(data);
}

#define KEEPER_CASE(name) cmocka_unit_test_setup_teardown(name, set_up_keeper, tear_down_keeper)

#endif
