/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What comes of the answers of NVIDIA's library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>

#include "../targets/nvml_answers.h"
#include "gpu/nvml_api.h"
#include "gpu_fixture.h"

#define GIB (UINT64_C(1) << 30)
#define NO_MEMORY_VALUE NVML_VALUE_NOT_AVAILABLE

/* Open as long as the case runs, so that its answers outlive the recorder's use of it. */
static void *library;
static char library_path[PATH_MAX];
static struct nvml_answers *answers;

static int use_library(struct fixture *fixture, const char *folder)
{
	ssize_t sz = readlink("/proc/self/exe", library_path, sizeof(library_path) - 1);

	/* BUILD/tests/unit/test_gpu_nvml, BUILD/targets: beside it, in another machine's build
	 * folder too. */
	assert_true(sz > 0);
	library_path[sz] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(library_path, '/') = '\0';
	sz = (ssize_t)strlen(library_path);
	snprintf(library_path + sz, sizeof(library_path) - (size_t)sz,
		 "/targets/%s/libnvidia-ml.so.1", folder);
	library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		fail_msg("%s", dlerror());
	answers = dlsym(library, "nvml_answers");
	assert_non_null(answers);
	*answers = (struct nvml_answers) { .device_cnt = 1, .entry_sz = 24 };
	answers->devices[0] = (struct nvml_answers_device) {
		.name = "NVIDIA RTX A2000",
		.uuid = "GPU-8c2f",
		.bus_id = "00000000:01:00.0",
		.utilization = 37,
		.celsius = 51,
		.memory_total = 6 * GIB,
		.memory_used = GIB,
	};
	fixture->options.nvml_library = library_path;
	return 0;
}

static int set_up_new(void **state)
{
	return set_up(state) || use_library(*state, "nvml");
}

static int set_up_old(void **state)
{
	return set_up(state) || use_library(*state, "nvml_old");
}

static int tear_down_library(void **state)
{
	int err = tear_down(state);

	assert_int_equal(answers->shutdown_cnt, answers->init_cnt);
	dlclose(library);
	return err;
}

static void add_process(struct nvml_answers_list *list, unsigned int pid, uint64_t memory_bytes)
{
	list->processes[list->cnt++] = (struct nvml_answers_process) {
		.pid = pid,
		.memory_bytes = memory_bytes,
		.gpu_instance = UINT32_MAX, /* not divided */
		.compute_instance = UINT32_MAX,
	};
}

/* --- opening -------------------------------------------------------------------------------- */

static void a_device_and_its_processes_are_seen(void **state)
{
	struct fixture *fixture = *state;

	add_process(&answers->devices[0].compute, 812, 700);
	add_process(&answers->devices[0].graphics, 999, 50);
	open_gpus(fixture);
	assert_true(gpus__any(fixture->gpus));
	expect_description(fixture, "NVIDIA RTX A2000 (0000:01:00.0) by NVML");
	sample(fixture, 1, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 37.0 1073741824 6442450944 51.000\n"
					   "0000:01:00.0 812 - 700 - -\n"
					   "0000:01:00.0 999 - 50 - -\n");
}

static void a_machine_without_a_driver_has_none(void **state)
{
	struct fixture *fixture = *state;

	answers->init_result = NVML_ERROR_DRIVER_NOT_LOADED;
	open_gpus(fixture);
	assert_false(gpus__any(fixture->gpus));
	expect_description(fixture, "none: NVML: Driver Not Loaded, no DRM device");
	sample(fixture, 1, NULL, 0);
	assert_int_equal(fixture->row_cnt, 0);
	assert_int_equal(answers->question_cnt, 0);
}

static void a_driver_without_a_device_has_none(void **state)
{
	struct fixture *fixture = *state;

	answers->device_cnt = 0;
	open_gpus(fixture);
	expect_description(fixture, "none: NVML: no device, no DRM device");
	answers->count_result = NVML_ERROR_UNKNOWN;
	answers->device_cnt = 3;
	open_gpus(fixture);
	expect_description(fixture, "none: NVML: Unknown Error, no DRM device");
}

static void a_library_of_something_else_is_not_used(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.nvml_library = "libc.so.6";
	open_gpus(fixture);
	expect_description(fixture, "none: the NVML library has no nvmlInit_v2, no DRM device");
}

static void a_device_that_may_not_be_asked_is_left_out(void **state)
{
	struct fixture *fixture = *state;

	answers->device_cnt = 2;
	answers->devices[1] = answers->devices[0];
	answers->devices[0].handle_result = NVML_ERROR_NO_PERMISSION;
	answers->devices[1].bus_id = "00000001:0A:00.0";
	open_gpus(fixture);
	expect_description(fixture, "NVIDIA RTX A2000 (0001:0a:00.0) by NVML");
	answers->devices[1].handle_result = NVML_ERROR_NO_PERMISSION;
	open_gpus(fixture);
	assert_false(gpus__any(fixture->gpus));
}

static void a_device_without_an_address_has_its_uuid(void **state)
{
	struct fixture *fixture = *state;

	answers->device_cnt = 2;
	answers->devices[0].pci_result = NVML_ERROR_NOT_SUPPORTED;
	answers->devices[0].name_result = NVML_ERROR_NOT_SUPPORTED;
	answers->devices[1] = answers->devices[0];
	answers->devices[1].pci_result = NVML_SUCCESS;
	answers->devices[1].uuid = "GPU-two";
	answers->devices[1].bus_id = "01:00.0 and more";
	open_gpus(fixture);
	expect_description(fixture, "nvidia (GPU-8c2f) by NVML; nvidia (GPU-two) by NVML");
}

/* --- values --------------------------------------------------------------------------------- */

static void what_a_device_does_not_support_is_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct nvml_answers_device *device = &answers->devices[0];

	open_gpus(fixture);
	device->utilization_result = NVML_ERROR_NOT_SUPPORTED; /* as of a divided device */
	sample(fixture, 1, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 - 1073741824 6442450944 51.000\n");
	device->memory_result = NVML_ERROR_NOT_SUPPORTED;
	sample(fixture, 2, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 - - - 51.000\n");
	device->temperature_result = NVML_ERROR_NOT_SUPPORTED;
	sample(fixture, 3, NULL, 0);
	assert_string_equal(fixture->rows, "");
	assert_int_equal(fixture->notice_cnt, 0);
	device->utilization_result = NVML_SUCCESS;
	sample(fixture, 4, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 37.0 - - -\n");
}

static void values_that_cannot_be_are_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct nvml_answers_device *device = &answers->devices[0];

	open_gpus(fixture);
	device->utilization = UINT32_MAX;
	device->memory_total = device->memory_used = NO_MEMORY_VALUE;
	sample(fixture, 1, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 - - - 51.000\n");
	device->memory_total = 1;
	device->memory_used = 2;
	sample(fixture, 2, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 - - - 51.000\n");
}

/* --- processes ------------------------------------------------------------------------------ */

static const char *process_rows(struct fixture *fixture)
{
	open_gpus(fixture);
	sample(fixture, 1, NULL, 0);
	return strchr(fixture->rows, '\n') + 1;
}

static void a_process_that_computes_and_draws_counts_once(void **state)
{
	add_process(&answers->devices[0].compute, 812, NO_MEMORY_VALUE);
	add_process(&answers->devices[0].graphics, 812, 700);
	assert_string_equal(process_rows(*state), "0000:01:00.0 812 - 700 - -\n");
}

static void memory_on_several_instances_is_added_up(void **state)
{
	struct nvml_answers_list *list = &answers->devices[0].compute;

	add_process(list, 812, 700);
	add_process(list, 5, 1);
	add_process(list, 812, 70);
	add_process(list, 812, 7);
	for (unsigned int i = 0; i < list->cnt; i++) {
		list->processes[i].gpu_instance = i;
		list->processes[i].compute_instance = 0;
	}
	add_process(&answers->devices[0].graphics, 9, 2);
	assert_string_equal(process_rows(*state), "0000:01:00.0 5 - 1 - -\n"
						  "0000:01:00.0 9 - 2 - -\n"
						  "0000:01:00.0 812 - 777 - -\n");
}

static void memory_that_is_not_known_of_a_part_is_not_known(void **state)
{
	struct nvml_answers_list *list = &answers->devices[0].compute;

	add_process(list, 812, 700);
	add_process(list, 812, NO_MEMORY_VALUE);
	list->processes[1].gpu_instance = 1;
	add_process(list, 9, NO_MEMORY_VALUE);
	add_process(list, 0, 4);
	add_process(list, UINT32_MAX, 4);
	add_process(list, 10, 3);
	assert_string_equal(process_rows(*state), "0000:01:00.0 10 - 3 - -\n");
}

static void entries_of_both_sizes_are_read(void **state)
{
	for (int i = 1; i <= 5; i++)
		add_process(&answers->devices[0].compute, (unsigned int)i, (uint64_t)i * 100);
	answers->entry_sz = 32;
	assert_string_equal(process_rows(*state), "0000:01:00.0 1 - 100 - -\n"
						  "0000:01:00.0 2 - 200 - -\n"
						  "0000:01:00.0 3 - 300 - -\n"
						  "0000:01:00.0 4 - 400 - -\n"
						  "0000:01:00.0 5 - 500 - -\n");
}

static void an_old_library_lists_processes_too(void **state)
{
	add_process(&answers->devices[0].compute, 1, 100);
	add_process(&answers->devices[0].compute, 2, 200);
	add_process(&answers->devices[0].graphics, 2, 200);
	assert_string_equal(process_rows(*state), "0000:01:00.0 1 - 100 - -\n"
						  "0000:01:00.0 2 - 200 - -\n");
}

static void a_long_list_is_asked_for_again(void **state)
{
	struct fixture *fixture = *state;
	struct nvml_answers_list *list = &answers->devices[0].compute;

	for (unsigned int i = 0; i < NVML_ANSWERS_MAX; i++)
		add_process(list, i + 1, i);
	list->cnt = 66;
	answers->grows_by = 10;
	open_gpus(fixture);
	sample(fixture, 1, NULL, 0);
	assert_int_equal(fixture->row_cnt, 1 + 76);
}

static void a_list_without_end_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	answers->devices[0].compute.cnt = UINT32_MAX;
	open_gpus(fixture);
	sample(fixture, 1, NULL, 0);
	assert_int_equal(fixture->row_cnt, 1);
	answers->devices[0].compute.cnt = 70;
	answers->grows_by = 50; /* always more than asked for */
	sample(fixture, 1, NULL, 0);
	assert_int_equal(fixture->row_cnt, 1);
}

static void a_list_that_is_not_given_is_empty(void **state)
{
	add_process(&answers->devices[0].graphics, 812, 700);
	answers->devices[0].compute.result = NVML_ERROR_NO_PERMISSION;
	assert_string_equal(process_rows(*state), "0000:01:00.0 812 - 700 - -\n");
}

/* --- a device that is lost -------------------------------------------------------------------- */

static void a_lost_device_is_told_once_and_not_asked_again(void **state)
{
	struct fixture *fixture = *state;
	unsigned int questions;

	answers->device_cnt = 2;
	answers->devices[1] = answers->devices[0];
	answers->devices[1].bus_id = "00000000:02:00.0";
	open_gpus(fixture);
	sample(fixture, 1, NULL, 0);
	assert_int_equal(fixture->row_cnt, 2);
	answers->devices[0].temperature_result = NVML_ERROR_GPU_IS_LOST;
	sample(fixture, 2, NULL, 0);
	assert_string_equal(fixture->rows, "0000:02:00.0 0 37.0 1073741824 6442450944 51.000\n");
	assert_string_equal(fixture->notice, "GPU 0000:01:00.0 (NVIDIA RTX A2000): GPU is lost; "
					     "there are no more rows of it");
	questions = answers->question_cnt;
	sample(fixture, 3, NULL, 0);
	assert_int_equal(fixture->row_cnt, 1);
	assert_int_equal(fixture->notice_cnt, 1);
	assert_int_equal(answers->question_cnt - questions, 5);
}

static void a_device_lost_among_its_processes_is_told(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.notice = NULL; /* nobody need listen */
	answers->devices[0].graphics.result = NVML_ERROR_GPU_IS_LOST;
	open_gpus(fixture);
	sample(fixture, 1, NULL, 0);
	assert_int_equal(fixture->row_cnt, 1);
	sample(fixture, 2, NULL, 0);
	assert_int_equal(fixture->row_cnt, 0);
}

static void a_row_that_is_not_taken_ends_the_sample(void **state)
{
	struct fixture *fixture = *state;

	open_gpus(fixture);
	fixture->each_err = -ENOBUFS;
	assert_int_equal(gpus__sample(fixture->gpus, 1, NULL, 0, keep_row, fixture), -ENOBUFS);
}

/* --- with the kernel's drivers ---------------------------------------------------------------- */

static void add_card(struct fixture *fixture, const char *node, const char *address,
		     const char *driver)
{
	char path[128], text[128];

	snprintf(path, sizeof(path), "sys/devices/%s/uevent", address);
	snprintf(text, sizeof(text), "DRIVER=%s\nPCI_ID=10DE:2531\n", driver);
	machine_file(fixture, path, text);
	snprintf(path, sizeof(path), "sys/class/drm/%s/device", node);
	snprintf(text, sizeof(text), "../../../devices/%s", address);
	machine_link(fixture, path, text);
}

static void a_device_that_the_library_knows_is_not_the_kernel_s_too(void **state)
{
	struct fixture *fixture = *state;

	add_card(fixture, "renderD128", "0000:01:00.0", "nvidia");
	open_gpus(fixture);
	expect_description(fixture, "NVIDIA RTX A2000 (0000:01:00.0) by NVML");
	add_card(fixture, "renderD129", "0000:03:00.0", "amdgpu");
	machine_file(fixture, "sys/devices/0000:03:00.0/gpu_busy_percent", "12\n");
	open_gpus(fixture);
	expect_description(fixture, "NVIDIA RTX A2000 (0000:01:00.0) by NVML; "
				    "10DE:2531 (0000:03:00.0) by DRM");
	sample(fixture, 1, NULL, 0);
	assert_string_equal(fixture->rows, "0000:01:00.0 0 37.0 1073741824 6442450944 51.000\n"
					   "0000:03:00.0 0 12.0 - - -\n");
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_new, tear_down_library)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_device_and_its_processes_are_seen),
		CASE(a_machine_without_a_driver_has_none),
		CASE(a_driver_without_a_device_has_none),
		CASE(a_library_of_something_else_is_not_used),
		CASE(a_device_that_may_not_be_asked_is_left_out),
		CASE(a_device_without_an_address_has_its_uuid),
		CASE(what_a_device_does_not_support_is_unknown),
		CASE(values_that_cannot_be_are_unknown),
		CASE(a_process_that_computes_and_draws_counts_once),
		CASE(memory_on_several_instances_is_added_up),
		CASE(memory_that_is_not_known_of_a_part_is_not_known),
		CASE(entries_of_both_sizes_are_read),
		cmocka_unit_test_setup_teardown(an_old_library_lists_processes_too, set_up_old,
						tear_down_library),
		CASE(a_long_list_is_asked_for_again),
		CASE(a_list_without_end_is_given_up),
		CASE(a_list_that_is_not_given_is_empty),
		CASE(a_lost_device_is_told_once_and_not_asked_again),
		CASE(a_device_lost_among_its_processes_is_told),
		CASE(a_row_that_is_not_taken_ends_the_sample),
		CASE(a_device_that_the_library_knows_is_not_the_kernel_s_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
