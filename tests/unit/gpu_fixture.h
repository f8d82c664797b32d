/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GPUs of a machine that is a scratch directory, and the rows of one sample. Include cmocka.h
 * first. A row as text: "DEVICE PID LOAD USED TOTAL TEMPERATURE", '-' for what is not known.
 */
#ifndef TACHO_TESTS_GPU_FIXTURE_H
#define TACHO_TESTS_GPU_FIXTURE_H

#include <inttypes.h>
#include <stdarg.h>

#include "gpu/gpu.h"
#include "scratch.h"

#define SECOND_NS UINT64_C(1000000000)

struct fixture {
	struct scratch scratch;
	struct gpus_options options;
	struct gpus *gpus;
	char rows[8192];
	size_t row_cnt;
	int each_err; /* what each answers */
	char notice[512];
	unsigned int notice_cnt;
};

static inline void keep_notice(void *ctx, const char *text)
{
	struct fixture *fixture = ctx;

	snprintf(fixture->notice, sizeof(fixture->notice), "%s", text);
	fixture->notice_cnt++;
}

static inline int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	scratch__make(&fixture->scratch);
	fixture->options = (struct gpus_options) {
		.root = fixture->scratch.path,
		.nvml_library = "/nonexistent/libnvidia-ml.so.1",
		.notice = keep_notice,
		.notice_ctx = fixture,
	};
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	gpus__free(fixture->gpus);
	scratch__remove(&fixture->scratch);
	free(fixture);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A file of the machine, with the folders on the way to it. */
static inline void machine_file(struct fixture *fixture, const char *path, const char *text)
{
	char folder[512];

	for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(at - path), path);
		mkdir(scratch__at(&fixture->scratch, folder), 0700);
	}
	scratch__write(&fixture->scratch, path, text, strlen(text));
}

static inline void machine_link(struct fixture *fixture, const char *path, const char *target)
{
	machine_file(fixture, path, ""); /* for the folders */
	assert_int_equal(unlink(scratch__at(&fixture->scratch, path)), 0);
	assert_int_equal(symlink(target, scratch__at(&fixture->scratch, path)), 0);
}

static inline void open_gpus(struct fixture *fixture)
{
	struct fault why = {};

	gpus__free(fixture->gpus);
	fixture->gpus = NULL;
	if (gpus__open(&fixture->options, &fixture->gpus, &why))
		fail_msg("%s", why.text);
}

__attribute__((format(printf, 2, 3))) static inline void add_text(struct fixture *fixture,
								  const char *fmt, ...)
{
	size_t used = strlen(fixture->rows);
	va_list args;

	va_start(args, fmt);
	vsnprintf(fixture->rows + used, sizeof(fixture->rows) - used, fmt, args);
	va_end(args);
}

static inline int keep_row(void *ctx, const struct gpu_usage *usage)
{
	struct fixture *fixture = ctx;

	if (fixture->each_err)
		return fixture->each_err;
	fixture->row_cnt++;
	add_text(fixture, "%s %d", usage->device, usage->pid);
	if (usage->known & GPU_KNOWS_LOAD)
		add_text(fixture, " %.1f", usage->load_percent);
	else
		add_text(fixture, " -");
	if (usage->known & GPU_KNOWS_MEMORY_USED)
		add_text(fixture, " %" PRIu64, usage->memory_used_bytes);
	else
		add_text(fixture, " -");
	if (usage->known & GPU_KNOWS_MEMORY_TOTAL)
		add_text(fixture, " %" PRIu64, usage->memory_total_bytes);
	else
		add_text(fixture, " -");
	if (usage->known & GPU_KNOWS_TEMPERATURE)
		add_text(fixture, " %.3f\n", usage->temperature_celsius);
	else
		add_text(fixture, " -\n");
	return 0;
}

static inline void sample(struct fixture *fixture, uint64_t now_ns, const pid_t *pids,
			  size_t pid_cnt)
{
	*fixture->rows = '\0';
	fixture->row_cnt = 0;
	assert_int_equal(gpus__sample(fixture->gpus, now_ns, pids, pid_cnt, keep_row, fixture), 0);
}

static inline void expect_description(struct fixture *fixture, const char *expected)
{
	char text[512];

	gpus__describe(fixture->gpus, text, sizeof(text));
	assert_string_equal(text, expected);
}

#endif
