/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GPUs and their clients in a tree of files as the kernel has them in /sys and /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "gpu_fixture.h"

#define INTEL "0000:00:02.0"
#define AMD "0000:03:00.0"
#define ARM "fb000000.gpu"

static void add_node(struct fixture *fixture, const char *node, const char *device)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "sys/class/drm/%s/device", node);
	snprintf(target, sizeof(target), "../../../devices/%s", device);
	machine_link(fixture, path, target);
}

static void add_intel(struct fixture *fixture)
{
	machine_file(fixture, "sys/devices/" INTEL "/uevent",
		     "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:46A6\nPCI_SLOT_NAME=" INTEL "\n");
	add_node(fixture, "card0", INTEL);
	add_node(fixture, "card0-HDMI-A-1", INTEL);
	add_node(fixture, "renderD128", INTEL);
}

static void add_amd(struct fixture *fixture)
{
	machine_file(fixture, "sys/devices/" AMD "/uevent", "DRIVER=amdgpu\nPCI_ID=1002:73BF\n");
	machine_file(fixture, "sys/devices/" AMD "/product_name", "Radeon PRO W6800\n");
	machine_file(fixture, "sys/devices/" AMD "/gpu_busy_percent", "64\n");
	machine_file(fixture, "sys/devices/" AMD "/mem_info_vram_used", "1048576\n");
	machine_file(fixture, "sys/devices/" AMD "/mem_info_vram_total", "8573157376\n");
	machine_file(fixture, "sys/devices/" AMD "/hwmon/hwmon3/temp1_input", "48250\n");
	add_node(fixture, "card1", AMD);
	add_node(fixture, "renderD129", AMD);
}

static void add_arm(struct fixture *fixture)
{
	machine_file(fixture, "sys/devices/" ARM "/uevent",
		     "DRIVER=panthor\nOF_NAME=gpu\nOF_COMPATIBLE_0=rockchip,rk3588-mali\n");
	add_node(fixture, "card2", ARM);
	add_node(fixture, "renderD130", ARM);
}

/* A descriptor of a process, and what the driver says of it. */
__attribute__((format(printf, 5, 6))) static void add_fd(struct fixture *fixture, pid_t pid, int fd,
							 const char *target, const char *fmt, ...)
{
	char path[64], text[1024];
	va_list args;

	snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
	unlink(scratch__at(&fixture->scratch, path));
	machine_link(fixture, path, target);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), "proc/%d/fdinfo/%d", pid, fd);
	machine_file(fixture, path, text);
}

/* A client of the Intel device. */
static void add_client(struct fixture *fixture, pid_t pid, int fd, int id, uint64_t render_ns,
		       uint64_t video_ns)
{
	add_fd(fixture, pid, fd, "/dev/dri/renderD128",
	       "drm-driver:\ti915\ndrm-client-id:\t%d\ndrm-pdev:\t" INTEL
	       "\ndrm-resident-system0:\t4 KiB\ndrm-engine-render:\t%" PRIu64
	       " ns\ndrm-engine-video:\t%" PRIu64 " ns\ndrm-engine-capacity-video:\t2\n",
	       id, render_ns, video_ns);
}

static const pid_t pids[] = { 10, 20, 30 };

static void sample_at(struct fixture *fixture, double seconds)
{
	sample(fixture, (uint64_t)(seconds * SECOND_NS), pids, 3);
}

/* --- devices -------------------------------------------------------------------------------- */

static void a_machine_without_a_device_has_none(void **state)
{
	struct fixture *fixture = *state;

	open_gpus(fixture);
	assert_false(gpus__any(fixture->gpus));
	expect_description(fixture, "none: no NVML library, no DRM device");
	machine_file(fixture, "sys/class/drm/version", "drm 1.1.0 20060810\n");
	open_gpus(fixture);
	assert_false(gpus__any(fixture->gpus));
	sample_at(fixture, 1);
	assert_int_equal(fixture->row_cnt, 0);
}

static void a_display_without_a_renderer_is_no_gpu(void **state)
{
	struct fixture *fixture = *state;

	machine_file(fixture, "sys/devices/simple/uevent", "DRIVER=simple-framebuffer\n");
	add_node(fixture, "card0", "simple");
	machine_file(fixture, "sys/class/drm/renderD140/dev", "226:140\n"); /* vgem: no device */
	open_gpus(fixture);
	assert_false(gpus__any(fixture->gpus));
}

static void devices_have_the_names_that_the_kernel_has_for_them(void **state)
{
	struct fixture *fixture = *state;

	add_arm(fixture);
	add_intel(fixture);
	add_amd(fixture);
	open_gpus(fixture);
	assert_true(gpus__any(fixture->gpus));
	expect_description(fixture, "8086:46A6 (" INTEL ") by DRM; Radeon PRO W6800 (" AMD
				    ") by DRM; rockchip,rk3588-mali (" ARM ") by DRM");
}

static void a_description_is_cut_where_it_must_be(void **state)
{
	struct fixture *fixture = *state;
	char text[8];

	open_gpus(fixture);
	for (size_t sz = 0; sz <= sizeof(text); sz++) {
		memset(text, '!', sizeof(text));
		gpus__describe(fixture->gpus, text, sz);
		assert_true(!sz || memchr(text, '\0', sz));
		assert_true(sz == sizeof(text) || text[sz] == '!');
	}
}

static void what_the_driver_says_of_the_device_is_its_row(void **state)
{
	struct fixture *fixture = *state;

	add_amd(fixture);
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, AMD " 0 64.0 1048576 8573157376 48.250\n");
}

static void a_device_of_which_nothing_is_known_has_no_row(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, "");
}

static void values_that_are_none_are_unknown(void **state)
{
	struct fixture *fixture = *state;

	add_amd(fixture);
	machine_file(fixture, "sys/devices/" AMD "/gpu_busy_percent", "101\n");
	machine_file(fixture, "sys/devices/" AMD "/mem_info_vram_used", "-1\n");
	machine_file(fixture, "sys/devices/" AMD "/mem_info_vram_total", "\n");
	machine_file(fixture, "sys/devices/" AMD "/hwmon/hwmon3/temp1_input", "warm\n");
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, "");
	machine_file(fixture, "sys/devices/" AMD "/hwmon/hwmon3/temp1_input", "-12500\n");
	sample_at(fixture, 2);
	assert_string_equal(fixture->rows, AMD " 0 - - - -12.500\n");
}

static void a_device_that_sleeps_is_let_sleep(void **state)
{
	struct fixture *fixture = *state;

	add_amd(fixture);
	machine_file(fixture, "sys/devices/" AMD "/power/runtime_status", "suspended\n");
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, "");
	machine_file(fixture, "sys/devices/" AMD "/power/runtime_status", "active\n");
	sample_at(fixture, 2);
	assert_int_equal(fixture->row_cnt, 1);
}

static void a_device_that_is_gone_is_told_once(void **state)
{
	struct fixture *fixture = *state;

	add_amd(fixture);
	add_intel(fixture);
	add_client(fixture, 10, 4, 1, 0, 0);
	open_gpus(fixture);
	for (const char *const *node = (const char *const[]) { "card0", "renderD128", NULL }; *node;
	     node++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/class/drm/%s/device", *node);
		assert_int_equal(unlink(scratch__at(&fixture->scratch, path)), 0);
	}
	sample_at(fixture, 1);
	sample_at(fixture, 2);
	assert_string_equal(fixture->rows, AMD " 0 64.0 1048576 8573157376 48.250\n");
	assert_string_equal(fixture->notice, "GPU " INTEL " (8086:46A6): the device is gone; "
					     "there are no more rows of it");
	assert_int_equal(fixture->notice_cnt, 1);
}

/* --- clients -------------------------------------------------------------------------------- */

static void loads_are_differences_of_the_busiest_engine(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	add_client(fixture, 10, 4, 1, 5 * SECOND_NS, 0);
	add_client(fixture, 20, 4, 2, 7 * SECOND_NS, 0);
	open_gpus(fixture);
	sample_at(fixture, 100);
	assert_string_equal(fixture->rows, INTEL " 10 - 4096 - -\n" INTEL " 20 - 4096 - -\n");
	add_client(fixture, 10, 4, 1, 5 * SECOND_NS + SECOND_NS / 2, SECOND_NS);
	add_client(fixture, 20, 4, 2, 7 * SECOND_NS + SECOND_NS / 4, 0);
	sample_at(fixture, 102);
	/* 0.5 of 2 s of rendering, and 1 of 2 * 2 s of video; both: 0.75 of 2 s, 1 of 4 s */
	assert_string_equal(fixture->rows, INTEL " 10 25.0 4096 - -\n" INTEL
						 " 20 12.5 4096 - -\n" INTEL " 0 37.5 - - -\n");
}

static void what_the_driver_says_goes_before_what_clients_do(void **state)
{
	struct fixture *fixture = *state;

	add_amd(fixture);
	for (int second = 1; second <= 2; second++) {
		add_fd(fixture, 10, 4, "/dev/dri/card1",
		       "drm-driver:\tamdgpu\ndrm-client-id:\t1\ndrm-pdev:\t" AMD
		       "\ndrm-engine-gfx:\t%d ns\n",
		       second * 100000000);
		if (second == 1)
			open_gpus(fixture);
		sample_at(fixture, second);
	}
	assert_string_equal(fixture->rows,
			    AMD " 10 10.0 - - -\n" AMD " 0 64.0 1048576 8573157376 48.250\n");
}

static void a_client_counts_once_in_however_many_descriptors(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	for (int second = 1; second <= 2; second++) {
		for (int fd = 3; fd < 40; fd++) {
			add_client(fixture, 10, fd, 1, (uint64_t)second * SECOND_NS / 5, 0);
			add_client(fixture, 20, fd, 1, (uint64_t)second * SECOND_NS / 5, 0);
		}
		add_client(fixture, 20, 2, 2, (uint64_t)second * SECOND_NS / 10, 0);
		if (second == 1)
			open_gpus(fixture);
		sample_at(fixture, second);
	}
	assert_string_equal(fixture->rows, INTEL " 10 20.0 4096 - -\n" INTEL
						 " 20 10.0 4096 - -\n" INTEL " 0 30.0 - - -\n");
}

static void clients_of_one_process_are_added_up(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	for (int second = 1; second <= 2; second++) {
		add_client(fixture, 10, 3, 1, (uint64_t)second * SECOND_NS / 2, 0);
		add_client(fixture, 10, 4, 2, (uint64_t)second * SECOND_NS * 3 / 4, 0);
		if (second == 1)
			open_gpus(fixture);
		sample_at(fixture, second);
	}
	assert_string_equal(fixture->rows, INTEL " 10 100.0 8192 - -\n" INTEL " 0 100.0 - - -\n");
}

static void a_count_that_goes_back_is_waited_for(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	add_client(fixture, 10, 4, 1, SECOND_NS, 0);
	open_gpus(fixture);
	sample_at(fixture, 1);
	add_client(fixture, 10, 4, 1, SECOND_NS / 2, 0);
	sample_at(fixture, 2);
	assert_string_equal(fixture->rows, INTEL " 10 0.0 4096 - -\n" INTEL " 0 0.0 - - -\n");
	add_client(fixture, 10, 4, 1, SECOND_NS + SECOND_NS / 10, 0);
	sample_at(fixture, 3);
	assert_string_equal(fixture->rows, INTEL " 10 10.0 4096 - -\n" INTEL " 0 10.0 - - -\n");
}

static void a_client_that_was_not_there_begins_anew(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	add_client(fixture, 10, 4, 1, SECOND_NS, 0);
	open_gpus(fixture);
	sample_at(fixture, 1);
	sample(fixture, 2 * SECOND_NS, NULL, 0);
	assert_int_equal(fixture->row_cnt, 0);
	add_client(fixture, 10, 4, 1, 3 * SECOND_NS, 0);
	sample_at(fixture, 3);
	assert_string_equal(fixture->rows, INTEL " 10 - 4096 - -\n");
	sample_at(fixture, 3); /* no time has passed */
	assert_string_equal(fixture->rows, INTEL " 10 - 4096 - -\n");
}

/* amdgpu names the engines that were used; Arm's drivers, those that are counted. */
static void an_engine_that_comes_later_was_idle_if_it_can_have_been(void **state)
{
	static const char client[] = "drm-driver:\tpanthor\ndrm-client-id:\t1\n";
	struct fixture *fixture = *state;

	add_arm(fixture);
	add_fd(fixture, 10, 4, "/dev/dri/renderD130", "%s", client);
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, "");
	add_fd(fixture, 10, 4, "/dev/dri/renderD130",
	       "%sdrm-engine-a:\t300000000 ns\ndrm-engine-b:\t9000000000 ns\n", client);
	sample_at(fixture, 2);
	assert_string_equal(fixture->rows, ARM " 10 30.0 - - -\n" ARM " 0 30.0 - - -\n");
	add_fd(fixture, 10, 4, "/dev/dri/renderD130",
	       "%sdrm-engine-a:\t300000000 ns\ndrm-engine-b:\t9400000000 ns\n", client);
	sample_at(fixture, 3);
	assert_string_equal(fixture->rows, ARM " 10 40.0 - - -\n" ARM " 0 40.0 - - -\n");
}

static void cycles_are_of_the_total_or_of_the_highest_frequency(void **state)
{
	static const char client[] = "drm-driver:\txe\ndrm-client-id:\t1\n";
	struct fixture *fixture = *state;

	add_arm(fixture);
	add_fd(fixture, 10, 4, "/dev/dri/card2",
	       "%sdrm-cycles-rcs:\t1000\ndrm-total-cycles-rcs:\t70000\n", client);
	open_gpus(fixture);
	sample_at(fixture, 1);
	add_fd(fixture, 10, 4, "/dev/dri/card2",
	       "%sdrm-cycles-rcs:\t1600\ndrm-total-cycles-rcs:\t71000\n"
	       "drm-engine-capacity-rcs:\t2\n",
	       client);
	sample_at(fixture, 9);
	assert_string_equal(fixture->rows, ARM " 10 30.0 - - -\n" ARM " 0 30.0 - - -\n");
	sample_at(fixture, 10); /* the total stands still: the device sleeps */
	assert_string_equal(fixture->rows, "");
	for (int second = 11; second <= 12; second++) {
		add_fd(fixture, 10, 4, "/dev/dri/card2",
		       "%sdrm-cycles-gpu:\t%d\ndrm-maxfreq-gpu:\t800 MHz\n", client,
		       second * 80000000);
		sample_at(fixture, second);
	}
	assert_string_equal(fixture->rows, ARM " 10 10.0 - - -\n" ARM " 0 10.0 - - -\n");
}

/* --- descriptors ---------------------------------------------------------------------------- */

static void only_descriptors_of_nodes_are_looked_at(void **state)
{
	static const char *const others[] = {
		"/dev/null", "socket:[4711]",		"/dev/dri",
		"/dev/dri/", "/tmp/dev/dri/renderD128", "/dev/dri/a-name-that-is-longer-than-any",
	};
	static const char client[] =
		"drm-driver:\ti915\ndrm-client-id:\t1\ndrm-pdev:\t" INTEL "\ndrm-resident-a:\t1\n";
	struct fixture *fixture = *state;

	add_intel(fixture);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add_fd(fixture, 10, (int)i, others[i], "%s", client);
	machine_file(fixture, "proc/10/fd/notes", "");
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, "");
	/* In a container, a node may have another's name: the address goes before it. */
	add_fd(fixture, 10, 40, "/dev/dri/renderD199", "%s", client);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, INTEL " 10 - 1 - -\n");
}

static void clients_of_devices_that_are_not_known_are_passed_over(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	add_fd(fixture, 10, 3, "/dev/dri/renderD128",
	       "drm-driver:\tnouveau\ndrm-client-id:\t1\ndrm-pdev:\t0000:99:00.0\n"
	       "drm-resident-a:\t1\n");
	add_fd(fixture, 10, 4, "/dev/dri/renderD131",
	       "drm-driver:\tv3d\ndrm-client-id:\t1\ndrm-resident-a:\t1\n");
	add_fd(fixture, 10, 5, "/dev/dri/renderD128", "pos:\t0\nflags:\t02\n");
	add_fd(fixture, 10, 6, "/dev/dri/renderD128", "%s", "");
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, "");
}

static void a_number_is_not_taken_where_the_text_was_cut(void **state)
{
	struct fixture *fixture = *state;
	char text[16384 + 8];
	char *at = text;

	add_intel(fixture);
	add_client(fixture, 10, 4, 1, 0, 0);
	at = stpcpy(at, "drm-driver:\ti915\ndrm-client-id:\t1\ndrm-pdev:\t" INTEL
			"\ndrm-resident-a:\t7\n");
	memset(at, 'x', sizeof(text) - (size_t)(at - text));
	strcpy(text + 16383 - strlen("\ndrm-resident-b:\t12"), "\ndrm-resident-b:\t123\n");
	machine_file(fixture, "proc/10/fdinfo/4", text);
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, INTEL " 10 - 7 - -\n");
}

static void a_process_with_endless_descriptors_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	add_intel(fixture);
	for (int fd = 0; fd < 300; fd++)
		add_client(fixture, 10, fd, fd, 0, 0);
	open_gpus(fixture);
	sample_at(fixture, 1);
	assert_string_equal(fixture->rows, INTEL " 10 - 1048576 - -\n"); /* 256 clients */
}

static void more_clients_than_are_followed_do_no_harm(void **state)
{
	struct fixture *fixture = *state;
	pid_t many[10];

	add_intel(fixture);
	for (int i = 0; i < 10; i++) {
		many[i] = 100 + i;
		for (int fd = 0; fd < 120; fd++)
			add_client(fixture, many[i], fd, i * 120 + fd, 0, 0);
	}
	open_gpus(fixture);
	for (uint64_t second = 1; second <= 2; second++) {
		sample(fixture, second * SECOND_NS, many, 10);
		assert_int_equal(fixture->row_cnt, second == 1 ? 9 : 10); /* 1024 / 120 */
	}
}

static void a_row_that_is_not_taken_ends_the_sample(void **state)
{
	struct fixture *fixture = *state;

	add_amd(fixture);
	open_gpus(fixture);
	fixture->each_err = -ENOMEM;
	assert_int_equal(gpus__sample(fixture->gpus, 1, NULL, 0, keep_row, fixture), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_machine_without_a_device_has_none),
		CASE(a_display_without_a_renderer_is_no_gpu),
		CASE(devices_have_the_names_that_the_kernel_has_for_them),
		CASE(a_description_is_cut_where_it_must_be),
		CASE(what_the_driver_says_of_the_device_is_its_row),
		CASE(a_device_of_which_nothing_is_known_has_no_row),
		CASE(values_that_are_none_are_unknown),
		CASE(a_device_that_sleeps_is_let_sleep),
		CASE(a_device_that_is_gone_is_told_once),
		CASE(loads_are_differences_of_the_busiest_engine),
		CASE(what_the_driver_says_goes_before_what_clients_do),
		CASE(a_client_counts_once_in_however_many_descriptors),
		CASE(clients_of_one_process_are_added_up),
		CASE(a_count_that_goes_back_is_waited_for),
		CASE(a_client_that_was_not_there_begins_anew),
		CASE(an_engine_that_comes_later_was_idle_if_it_can_have_been),
		CASE(cycles_are_of_the_total_or_of_the_highest_frequency),
		CASE(only_descriptors_of_nodes_are_looked_at),
		CASE(clients_of_devices_that_are_not_known_are_passed_over),
		CASE(a_number_is_not_taken_where_the_text_was_cut),
		CASE(a_process_with_endless_descriptors_is_given_up),
		CASE(more_clients_than_are_followed_do_no_harm),
		CASE(a_row_that_is_not_taken_ends_the_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
