/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A sink in a directory of its own. Include cmocka.h first. */
#ifndef TACHO_TESTS_SINKS_FIXTURE_H
#define TACHO_TESTS_SINKS_FIXTURE_H

#include "output_dir.h"
#include "scratch.h"
#include "sink.h"

struct fixture {
	struct scratch scratch;
	struct sink_options options;
	const struct sink_ops *ops;
	struct sink *sink;
	unsigned int notice_cnt;
};

static inline void count_notice(void *ctx, const char *text)
{
	struct fixture *fixture = ctx;

	assert_true(*text);
	fixture->notice_cnt++;
}

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	fixture->options = (struct sink_options) {
		.rotate_keep = 1,
		.sync_ns = 0,
		.backlog_bytes = 1024 * 1024,
		.notice = count_notice,
		.notice_ctx = fixture,
	};
	assert_int_equal(output_dir__open(fixture->scratch.path, &fixture->options.dir, NULL), 0);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->ops)
		fixture->ops->free(fixture->sink);
	output_dir__free(fixture->options.dir);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

static inline void open_sink(struct fixture *fixture, const struct sink_ops *ops)
{
	struct fault why = { 0 };

	if (fixture->ops)
		fixture->ops->free(fixture->sink);
	fixture->sink = NULL;
	fixture->ops = ops;
	if (ops->open(&fixture->options, &fixture->sink, &why))
		fail_msg("%s", why.text);
}

static inline void flush(struct fixture *fixture)
{
	struct fault why = { 0 };

	if (fixture->ops->flush(fixture->sink, 1, true, &why))
		fail_msg("%s", why.text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
