/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What drivers write into the fdinfo of their clients, as the kernel's documentation of each shows
 * it, and what nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/drm_fdinfo.h"

static struct drm_fdinfo parsed(const char *text)
{
	/* A copy that ends where its memory does: reading on would be seen. */
	char *copy = strdup(text);
	struct drm_fdinfo info;

	assert_non_null(copy);
	assert_int_equal(drm_fdinfo__parse(copy, &info), 0);
	free(copy);
	return info;
}

static const struct drm_engine *engine(const struct drm_fdinfo *info, const char *name)
{
	for (size_t i = 0; i < info->engine_cnt; i++) {
		if (!strcmp(info->engines[i].name, name))
			return &info->engines[i];
	}
	fail_msg("no engine %s", name);
	return NULL;
}

#define CLIENT "drm-driver:\tv3d\ndrm-client-id:\t4\n"

/* --- drivers -------------------------------------------------------------------------------- */

static void i915_has_engines_by_time_and_capacity(void **state)
{
	struct drm_fdinfo info = parsed("pos:\t0\nflags:\t0100002\nmnt_id:\t26\nino:\t501\n"
					"drm-driver:\ti915\n"
					"drm-client-id:\t7\n"
					"drm-pdev:\t0000:00:02.0\n"
					"drm-total-system0:\t8 MiB\n"
					"drm-shared-system0:\t4 KiB\n"
					"drm-active-system0:\t0\n"
					"drm-resident-system0:\t6144 KiB\n"
					"drm-purgeable-system0:\t0\n"
					"drm-total-stolen-system0:\t0\n"
					"drm-resident-stolen-system0:\t0\n"
					"drm-engine-render:\t9288864723 ns\n"
					"drm-engine-copy:\t2035071108 ns\n"
					"drm-engine-video:\t0 ns\n"
					"drm-engine-capacity-video:\t2\n"
					"drm-engine-video-enhance:\t0 ns\n");

	(void)state;
	assert_string_equal(info.driver, "i915");
	assert_string_equal(info.pdev, "0000:00:02.0");
	assert_int_equal(info.client_id, 7);
	assert_int_equal(info.engine_cnt, 4);
	assert_int_equal(engine(&info, "render")->busy_ns, 9288864723);
	assert_int_equal(engine(&info, "render")->known, DRM_ENGINE_BUSY);
	assert_int_equal(engine(&info, "render")->capacity, 1);
	assert_int_equal(engine(&info, "video")->capacity, 2);
	assert_int_equal(engine(&info, "video")->known, DRM_ENGINE_BUSY);
	assert_true(info.memory_known);
	assert_int_equal(info.memory_bytes, 6144 << 10);
}

static void amdgpu_has_memory_under_its_old_name_too(void **state)
{
	struct drm_fdinfo info = parsed("drm-driver:\tamdgpu\n"
					"drm-client-id:\t31\n"
					"drm-pdev:\t0000:03:00.0\n"
					"pasid:\t32771\n"
					"drm-memory-vram:\t2048 KiB\n"
					"drm-memory-gtt: \t1024 KiB\n"
					"drm-memory-cpu: \t0 KiB\n"
					"amd-memory-visible-vram:\t512 KiB\n"
					"amd-requested-vram:\t4096 KiB\n"
					"drm-engine-gfx:\t1234 ns\n");

	(void)state;
	assert_int_equal(info.memory_bytes, 3 << 20);
	assert_int_equal(info.engine_cnt, 1);
	info = parsed(CLIENT "drm-memory-vram:\t9 KiB\ndrm-resident-vram:\t2 KiB\n"
			     "drm-total-vram:\t70 KiB\ndrm-total-gtt:\t1 KiB\n");
	assert_int_equal(info.memory_bytes, 3 << 10);
}

static void xe_has_cycles_of_a_total(void **state)
{
	struct drm_fdinfo info = parsed("drm-driver:\txe\n"
					"drm-client-id:\t12\n"
					"drm-pdev:\t0000:03:00.0\n"
					"drm-total-cycles-rcs:\t7655183225\n"
					"drm-cycles-rcs:\t28257900\n"
					"drm-total-cycles-ccs:\t7655183225\n"
					"drm-cycles-ccs:\t0\n"
					"drm-engine-capacity-ccs:\t4\n"
					"drm-total-vram0:\t5 KiB\n");

	(void)state;
	assert_int_equal(engine(&info, "rcs")->known, DRM_ENGINE_CYCLES | DRM_ENGINE_TOTAL_CYCLES);
	assert_int_equal(engine(&info, "rcs")->cycles, 28257900);
	assert_int_equal(engine(&info, "rcs")->total_cycles, 7655183225);
	assert_int_equal(engine(&info, "ccs")->capacity, 4);
	assert_int_equal(info.engine_cnt, 2);
	assert_int_equal(info.memory_bytes, 5 << 10);
}

static void arm_drivers_have_frequencies_and_no_address(void **state)
{
	struct drm_fdinfo info = parsed("drm-driver:     panthor\n"
					"drm-client-id:  10\n"
					"drm-engine-panthor:     111110952750 ns\n"
					"drm-cycles-panthor:     94439687187\n"
					"drm-maxfreq-panthor:    1000 MHz\n"
					"drm-curfreq-panthor:    1000000000 Hz\n"
					"panthor-resident-memory:        10396 KiB\n"
					"drm-total-memory:       16480 KiB\n"
					"drm-shared-memory:      0\n"
					"drm-active-memory:      16200 KiB\n"
					"drm-resident-memory:    16384 KiB\n"
					"drm-purgeable-memory:   0\n");

	(void)state;
	assert_string_equal(info.pdev, "");
	assert_int_equal(info.engine_cnt, 1);
	assert_int_equal(info.engines[0].known,
			 DRM_ENGINE_BUSY | DRM_ENGINE_CYCLES | DRM_ENGINE_MAXIMUM);
	assert_int_equal(info.engines[0].busy_ns, 111110952750);
	assert_int_equal(info.engines[0].maximum_hz, 1000000000);
	assert_int_equal(info.memory_bytes, 16 << 20);
}

static void small_drivers_have_engines_at_least(void **state)
{
	struct drm_fdinfo info = parsed("drm-driver:\tetnaviv\ndrm-client-id:\t5\n"
					"drm-engine-2D:\t100 ns\ndrm-engine-3D:\t200 ns\n");

	(void)state;
	assert_int_equal(engine(&info, "2D")->busy_ns, 100);
	assert_int_equal(engine(&info, "3D")->busy_ns, 200);
	assert_false(info.memory_known);
	info = parsed("drm-driver:\tv3d\ndrm-client-id:\t5\n"
		      "drm-engine-bin: \t8129 ns\nv3d-jobs-bin: \t12 jobs\n"
		      "drm-total-memory:\t3 MiB\ndrm-shared-memory:\t1 MiB\n");
	assert_int_equal(engine(&info, "bin")->busy_ns, 8129);
	assert_int_equal(info.engine_cnt, 1);
	assert_int_equal(info.memory_bytes, 3 << 20);
	info = parsed("drm-driver:\tmsm\ndrm-client-id:\t5\ndrm-engine-gpu:\t77 ns\n"
		      "drm-cycles-gpu:\t99\ndrm-maxfreq-gpu:\t585000000 Hz\n");
	assert_int_equal(engine(&info, "gpu")->known,
			 DRM_ENGINE_BUSY | DRM_ENGINE_CYCLES | DRM_ENGINE_MAXIMUM);
	assert_int_equal(engine(&info, "gpu")->cycles, 99);
}

static void a_driver_that_does_not_count_has_no_busy_engine(void **state)
{
	struct drm_fdinfo info = parsed("drm-driver:\tpanfrost\ndrm-client-id:\t3\n"
					"drm-maxfreq-fragment:\t799999987 Hz\n"
					"drm-curfreq-fragment:\t0 Hz\n");

	(void)state;
	assert_int_equal(engine(&info, "fragment")->known, DRM_ENGINE_MAXIMUM);
	assert_false(info.memory_known);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void what_is_no_client_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n\n",
		"pos:\t0\nflags:\t02\n",
		"drm-driver:\ti915\n",
		"drm-client-id:\t1\n",
		"drm-driver:\ndrm-client-id:\t1\n",
		"drm-driver:\ti915\ndrm-client-id:\t\n",
		"drm-driver:\ti915\ndrm-client-id:\t-1\n",
		"drm-driver:\ti915\ndrm-client-id:\t18446744073709551616\n",
		"drm-driver:\ti915\ndrm-client-id:\t7 KiB\n",
		"drm-driver:\ta-name-that-is-longer-than-any-of-the-drivers'\ndrm-client-id:\t1\n",
		" drm-driver\ti915\ndrm-client-id:\t1\n",
	};
	struct drm_fdinfo info = { .client_id = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (drm_fdinfo__parse(texts[i], &info) != -ENOENT)
			fail_msg("taken: %s", texts[i]);
	}
	assert_int_equal(info.client_id, 77);
}

static void lines_that_are_not_as_described_are_passed_over(void **state)
{
	struct drm_fdinfo info =
		parsed(CLIENT "drm-engine-render\n"
			      "drm-engine-:\t5 ns\n"
			      "drm-engine-a:\t5\n"
			      "drm-engine-b:\t5 us\n"
			      "drm-engine-c:\t-5 ns\n"
			      "drm-engine-d:\t5 ns ns\n"
			      "drm-engine-e:\t18446744073709551616 ns\n"
			      "drm-engine-f:\t99999999999999999999999999999999999999 ns\n"
			      "drm-engine-g:\tns\n"
			      "drm-engine-h:\t\n"
			      "drm-engine-i:\t0x5 ns\n"
			      "drm-engine-with-a-name-that-does-not-end-where-it-should:\t5 ns\n"
			      "drm-maxfreq-j:\t18446744073709551615 MHz\n"
			      "drm-maxfreq-k:\t0 Hz\n"
			      "drm-engine-capacity-l:\t0\n"
			      "drm-resident-a:\t18446744073709551615 KiB\n"
			      "drm-resident-b:\t1 GiB\n"
			      "drm-resident-:\t1\n"
			      "drm-engine:\t5 ns\n"
			      ":\n:::\n\t\n"
			      "drm-engine-z:5ns");

	(void)state;
	assert_int_equal(info.engine_cnt, 1);
	assert_int_equal(engine(&info, "z")->busy_ns, 5);
	assert_false(info.memory_known);
}

static void the_largest_numbers_are_taken_and_do_not_wrap(void **state)
{
	struct drm_fdinfo info = parsed(CLIENT "drm-engine-a:\t18446744073709551615 ns\n"
					       "drm-resident-a:\t18446744073709551615\n"
					       "drm-resident-b:\t1\n");

	(void)state;
	assert_true(info.engines[0].busy_ns == UINT64_MAX);
	assert_true(info.memory_bytes == UINT64_MAX);
}

static void the_last_of_equal_keys_counts(void **state)
{
	struct drm_fdinfo info = parsed(CLIENT "drm-client-id:\t5\n"
					       "drm-resident-a:\t1\ndrm-resident-a:\t2\n"
					       "drm-engine-a:\t1 ns\ndrm-engine-a:\t2 ns\n");

	(void)state;
	assert_int_equal(info.client_id, 5);
	assert_int_equal(info.memory_bytes, 2);
	assert_int_equal(info.engine_cnt, 1);
	assert_int_equal(info.engines[0].busy_ns, 2);
}

static void more_engines_and_regions_than_there_are_do_no_harm(void **state)
{
	char text[8192] = CLIENT;
	struct drm_fdinfo info;

	(void)state;
	for (int i = 0; i < 100; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used,
			 "drm-engine-e%d:\t%d ns\ndrm-resident-r%d:\t1\n", i, i, i);
	}
	info = parsed(text);
	assert_int_equal(info.engine_cnt, DRM_ENGINES_MAX);
	assert_int_equal(info.engines[DRM_ENGINES_MAX - 1].busy_ns, DRM_ENGINES_MAX - 1);
	assert_int_equal(info.memory_bytes, DRM_REGIONS_MAX);
}

/* Cut anywhere, it is a text like any other. */
static void a_text_may_end_anywhere(void **state)
{
	static const char whole[] = CLIENT "drm-pdev:\t0000:00:02.0\n"
					   "drm-engine-render:\t92888 ns\n"
					   "drm-engine-capacity-render:\t2\n"
					   "drm-maxfreq-render:\t799 MHz\n"
					   "drm-resident-system:\t6144 KiB\n";
	struct drm_fdinfo info;
	char *text;

	(void)state;
	for (size_t sz = 0; sz < sizeof(whole); sz++) {
		text = strndup(whole, sz);
		assert_non_null(text);
		assert_int_equal(drm_fdinfo__parse(text, &info),
				 sz < strlen(CLIENT) - 1 ? -ENOENT : 0);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i915_has_engines_by_time_and_capacity),
		cmocka_unit_test(amdgpu_has_memory_under_its_old_name_too),
		cmocka_unit_test(xe_has_cycles_of_a_total),
		cmocka_unit_test(arm_drivers_have_frequencies_and_no_address),
		cmocka_unit_test(small_drivers_have_engines_at_least),
		cmocka_unit_test(a_driver_that_does_not_count_has_no_busy_engine),
		cmocka_unit_test(what_is_no_client_is_refused),
		cmocka_unit_test(lines_that_are_not_as_described_are_passed_over),
		cmocka_unit_test(the_largest_numbers_are_taken_and_do_not_wrap),
		cmocka_unit_test(the_last_of_equal_keys_counts),
		cmocka_unit_test(more_engines_and_regions_than_there_are_do_no_harm),
		cmocka_unit_test(a_text_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
