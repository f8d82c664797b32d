/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Samples from /proc: from trees made by hand, and from the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "scratch.h"
#include "source_fixture.h"

#define SAMPLES_MAX 16
#define TICK_NS (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK))
#define PAGE_KIB ((uint64_t)sysconf(_SC_PAGESIZE) / 1024)

struct samples {
	struct tacho_process_sample list[SAMPLES_MAX];
	size_t cnt;
};

static int keep(void *ctx, const struct tacho_process_sample *sample)
{
	struct samples *samples = ctx;

	assert_true(samples->cnt < SAMPLES_MAX);
	samples->list[samples->cnt++] = *sample;
	return 0;
}

static void put(const struct scratch *scratch, const char *pid, const char *name, const char *text,
		size_t sz)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/%s", pid);
	mkdir(scratch__at(scratch, "proc"), 0755);
	mkdir(scratch__at(scratch, path), 0755);
	snprintf(path, sizeof(path), "proc/%s/%s", pid, name);
	scratch__write(scratch, path, text, sz);
}

static void put_text(const struct scratch *scratch, const char *pid, const char *name,
		     const char *text)
{
	put(scratch, pid, name, text, strlen(text));
}

/* As Linux 6.18 writes it. */
#define STAT_TAIL                                                                                  \
	" S 1 12 12 0 -1 4194560 1234 99 56 7 250 130 3 4 20 0 3 0 98765 12345678 500 "            \
	"18446744073709551615 1 1 0 0 0 0 0 4096 1260 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
#define STATUS                                                                                     \
	"Name:\tworker\\nVmRSS:\\t1 kB\nState:\tS (sleeping)\nTgid:\t12\nVmPeak:\t9000 kB\n"       \
	"VmSize:\t  8192 kB\nVmHWM:\t  4096 kB\nVmRSS:\t  2048 kB\nThreads:\t3\n"                  \
	"voluntary_ctxt_switches:\t77\nnonvoluntary_ctxt_switches:\t88\n"
#define IO                                                                                         \
	"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 40960\nwrite_bytes: 8192\n"           \
	"cancelled_write_bytes: 5\n"

static void put_process(const struct scratch *scratch, const char *pid, const char *comm)
{
	char stat[1024];

	snprintf(stat, sizeof(stat), "%s (%s)" STAT_TAIL, pid, comm);
	put_text(scratch, pid, "stat", stat);
	put_text(scratch, pid, "status", STATUS);
	put_text(scratch, pid, "io", IO);
	put_text(scratch, pid, "cgroup", "0::/system.slice/worker.service\n");
}

static struct samples take(const struct scratch *scratch)
{
	struct process_source *source = open_proc_source(scratch->path);
	struct samples samples = {};

	assert_int_equal(source->ops->sample(source, keep, &samples, NULL), 0);
	source->ops->free(source);
	return samples;
}

static void every_number_is_read(void **state)
{
	uint64_t before = clock_ns(CLOCK_MONOTONIC);
	const struct tacho_process_sample *s;
	struct samples samples;

	put_process(*state, "12", "worker");
	samples = take(*state);
	assert_int_equal(samples.cnt, 1);
	s = &samples.list[0];
	assert_in_range(s->time_ns, before, clock_ns(CLOCK_MONOTONIC));
	assert_int_equal(s->pid, 12);
	assert_int_equal(s->ppid, 1);
	assert_string_equal(s->comm, "worker");
	assert_int_equal(s->start_boot_ns, 98765 * TICK_NS);
	assert_int_equal(s->user_ns, 250 * TICK_NS);
	assert_int_equal(s->system_ns, 130 * TICK_NS);
	assert_int_equal(s->runtime_ns, 380 * TICK_NS);
	assert_int_equal(s->shown_user_ns, s->user_ns);
	assert_int_equal(s->shown_system_ns, s->system_ns);
	assert_int_equal(s->virtual_pages, 8192 / PAGE_KIB);
	assert_int_equal(s->peak_rss_pages, 4096 / PAGE_KIB);
	assert_int_equal(s->rss_pages, 2048 / PAGE_KIB);
	assert_int_equal(s->minor_faults, 1234);
	assert_int_equal(s->major_faults, 56);
	assert_int_equal(s->read_bytes, 40960);
	assert_int_equal(s->write_bytes, 8192);
	assert_int_equal(s->voluntary_switches, 77);
	assert_int_equal(s->involuntary_switches, 88);
	assert_int_equal(s->threads, 3);
	assert_int_equal(s->flags, TACHO_PROCESS_ADJUSTED);
	assert_int_equal(s->exit_code, 0);
	assert_int_equal(s->cgroup_id, 0);
	assert_true(s->membership);
}

static void names_may_hold_anything(void **state)
{
	const char *const names[] = { "a) R 9 9",
				      "((",
				      "))",
				      ") ",
				      "",
				      "two\nlines) Z 1",
				      "fifteen bytes..",
				      "kworker/u16:12+events_unbound",
				      "\xff\xfe" };
	struct samples samples;
	char pid[8];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(pid, sizeof(pid), "%zu", i + 1);
		put_process(*state, pid, names[i]);
	}
	samples = take(*state);
	assert_int_equal(samples.cnt, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < samples.cnt; i++) {
		assert_int_equal(samples.list[i].pid, i + 1);
		assert_int_equal(samples.list[i].ppid, 1);
		assert_int_equal(samples.list[i].threads, 3);
		assert_memory_equal(samples.list[i].comm, names[i],
				    strnlen(names[i], TACHO_COMM_SZ - 1));
		assert_int_equal(samples.list[i].comm[TACHO_COMM_SZ - 1], 0);
	}
}

static void pids_come_in_order_and_nothing_else_does(void **state)
{
	const char *const pids[] = { "100", "9", "4194304", "31", "12", "1" };
	const uint32_t sorted[] = { 1, 9, 12, 31, 100, 4194304 };
	const char *const others[] = { "self", "sys", "0", "01", "-5", "12a", "99999999999", "+3" };
	struct samples samples;

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		put_process(*state, pids[i], "x");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		put_process(*state, others[i], "x");
	samples = take(*state);
	assert_int_equal(samples.cnt, 6);
	for (size_t i = 0; i < samples.cnt; i++)
		assert_int_equal(samples.list[i].pid, sorted[i]);
}

static void what_has_vanished_or_is_hidden_is_left_out(void **state)
{
	const struct scratch *scratch = *state;
	struct samples samples;

	put_process(scratch, "1", "init");
	put_process(scratch, "2", "without stat");
	unlink(scratch__at(scratch, "proc/2/stat"));
	put_process(scratch, "3", "without status");
	unlink(scratch__at(scratch, "proc/3/status"));
	put_process(scratch, "4", "a link");
	unlink(scratch__at(scratch, "proc/4/stat"));
	assert_int_equal(symlink("../1/stat", scratch__at(scratch, "proc/4/stat")), 0);
	put_process(scratch, "5", "last");
	samples = take(scratch);
	assert_int_equal(samples.cnt, 2);
	assert_int_equal(samples.list[0].pid, 1);
	assert_int_equal(samples.list[1].pid, 5);
}

static void what_makes_no_sense_is_left_out(void **state)
{
	const char *const stats[] = { "",
				      "\n",
				      "1",
				      "1 (x",
				      "1 x)",
				      "1 )x(",
				      "1 (x)",
				      "1 (x) S",
				      "1 (x) SS 1 2 3",
				      "1 (x) S 1 12 12 0 -1 4194560 1234 99 56 7 250", /* cut */
				      "1 (x) S a" STAT_TAIL,
				      "1 (x) S 1 12 12 0 -1 99999999999999999999 1" STAT_TAIL };
	struct samples samples;
	char pid[8];

	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		snprintf(pid, sizeof(pid), "%zu", i + 1);
		put_process(*state, pid, "x");
		put_text(*state, pid, "stat", stats[i]);
	}
	put_process(*state, "90", "x");
	put(*state, "90", "stat", "90 (x) \0\0\0", 10);
	samples = take(*state);
	assert_int_equal(samples.cnt, 0);
}

static void bytes_that_may_not_be_read_are_said_to_be_unknown(void **state)
{
	struct samples samples;

	put_process(*state, "1", "x");
	unlink(scratch__at(*state, "proc/1/io"));
	unlink(scratch__at(*state, "proc/1/cgroup"));
	samples = take(*state);
	assert_int_equal(samples.cnt, 1);
	assert_int_equal(samples.list[0].flags, TACHO_PROCESS_ADJUSTED | TACHO_PROCESS_NO_IO);
	assert_int_equal(samples.list[0].read_bytes, 0);
	assert_int_equal(samples.list[0].membership, 0);
}

static void kernel_threads_zombies_and_lost_first_threads_are_told_apart(void **state)
{
	const struct scratch *scratch = *state;
	struct samples samples;

	put_process(scratch, "1", "x");
	put_text(scratch, "1", "stat",
		 "1 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 7 0 0 20 0 1 0 4 0 0 1 0 0 0 0 0 0 0 "
		 "1 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	put_text(scratch, "1", "status", "Name:\tkthreadd\nThreads:\t1\n");
	put_process(scratch, "2", "x");
	put_text(scratch, "2", "stat",
		 "2 (gone) Z 1 0 0 0 -1 4228108 9 0 0 0 1 2 0 0 20 0 1 0 400 0 0 1 0 0 0 0 0 0 0 1 "
		 "0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 768\n");
	put_text(scratch, "2", "status", "Name:\tgone\nThreads:\t1\n");
	put_process(scratch, "3", "x");
	put_text(scratch, "3", "stat",
		 "3 (half) Z 1 0 0 0 -1 4228108 9 0 0 0 1 2 0 0 20 0 2 0 400 0 0 1 0 0 0 0 0 0 0 1 "
		 "0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	put_text(scratch, "3", "status", "Name:\thalf\nThreads:\t2\n");
	samples = take(scratch);
	assert_int_equal(samples.cnt, 3);
	assert_int_equal(samples.list[0].flags,
			 TACHO_PROCESS_ADJUSTED | TACHO_PROCESS_KERNEL_THREAD);
	assert_int_equal(samples.list[1].flags,
			 TACHO_PROCESS_ADJUSTED | TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY);
	assert_int_equal(samples.list[1].exit_code, 768);
	assert_int_equal(samples.list[2].flags, TACHO_PROCESS_ADJUSTED | TACHO_PROCESS_NO_MEMORY);
}

static void another_cgroup_is_another_membership(void **state)
{
	struct samples before, same, after;

	put_process(*state, "1", "x");
	before = take(*state);
	same = take(*state);
	put_text(*state, "1", "cgroup", "0::/user.slice\n");
	after = take(*state);
	assert_int_equal(before.list[0].membership, same.list[0].membership);
	assert_int_not_equal(before.list[0].membership, after.list[0].membership);
}

/* /proc is looked at anew each time. */
static void processes_come_and_go(void **state)
{
	const struct scratch *scratch = *state;
	struct process_source *source;
	struct samples first = {}, second = {};

	put_process(scratch, "1", "x");
	put_process(scratch, "2", "x");
	source = open_proc_source(scratch->path);
	assert_int_equal(source->ops->sample(source, keep, &first, NULL), 0);
	unlink(scratch__at(scratch, "proc/1/stat"));
	put_process(scratch, "3", "x");
	assert_int_equal(source->ops->sample(source, keep, &second, NULL), 0);
	source->ops->free(source);
	assert_int_equal(first.cnt, 2);
	assert_int_equal(second.cnt, 2);
	assert_int_equal(second.list[0].pid, 2);
	assert_int_equal(second.list[1].pid, 3);
}

static int refuse(void *ctx, const struct tacho_process_sample *sample)
{
	(void)sample;
	++*(int *)ctx;
	return -ECANCELED;
}

static int never(void *ctx, const struct tacho_process_event *event)
{
	(void)ctx;
	(void)event;
	fail();
	return 0;
}

static void it_stops_when_told_to_and_has_no_events(void **state)
{
	const struct process_source_ops *ops;
	struct process_source *source;
	int calls = 0;

	put_process(*state, "1", "x");
	put_process(*state, "2", "x");
	source = open_proc_source(((struct scratch *)*state)->path);
	assert_string_equal(source->ops->name, "proc");
	assert_int_equal(source->ops->sample(source, refuse, &calls, NULL), -ECANCELED);
	assert_int_equal(calls, 1);
	assert_int_equal(source->ops->drain(source, never, NULL), 0);
	assert_int_equal(source->ops->event_fd(source), -1);
	assert_int_equal(source->ops->lost_events(source), 0);
	ops = source->ops;
	ops->free(source);
	ops->free(NULL);
}

static void without_proc_it_is_refused(void **state)
{
	const struct scratch *scratch = *state;
	struct process_source *source = NULL;
	struct fault why = {};

	assert_int_equal(process_source__open_proc(scratch->path, &source, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/proc: No such file"));
	assert_null(source);
}

/* --- the real one ---------------------------------------------------------------------------- */

static void idle(void)
{
	burn(50 * MS);
	ready();
	pause();
}

static unsigned long long resident_pages(pid_t pid)
{
	unsigned long long pages = 0;
	char path[64];
	FILE *statm;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	statm = fopen(path, "r");
	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%*u %llu", &pages), 1);
	fclose(statm);
	return pages;
}

/* Once it has come to rest: behind its ready() it touches pages until it sleeps. */
static void sample_at_rest(struct process_source *source, pid_t pid,
			   struct tacho_process_sample *ret_sample)
{
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	unsigned long long before;

	do {
		before = resident_pages(pid);
		assert_true(sample_of(source, pid, ret_sample));
		if (before != resident_pages(pid))
			continue;
		assert_int_equal(ret_sample->rss_pages, before);
		return;
	} while (wait_a_little(since));
	fail_msg("process %d does not come to rest", pid);
}

static void a_real_process_is_known(void **state)
{
	struct process_source *source = open_proc_source("");
	struct tacho_process_sample own, child;
	pid_t pid = start_child(idle);
	uint64_t boot_ns;

	(void)state;
	assert_true(sample_of(source, getpid(), &own));
	sample_at_rest(source, pid, &child);
	boot_ns = clock_ns(CLOCK_BOOTTIME);
	assert_int_equal(child.ppid, getpid());
	assert_int_equal(child.threads, 1);
	assert_string_equal(child.comm, own.comm);
	assert_in_range(child.start_boot_ns, own.start_boot_ns, boot_ns);
	assert_true(child.runtime_ns >= 30 * MS);
	assert_true(child.peak_rss_pages >= child.rss_pages && child.rss_pages);
	assert_true(child.virtual_pages > child.rss_pages);
	end_child(pid);
	assert_false(sample_of(source, pid, &child));
	source->ops->free(source);
}

static int make_pages(void *ctx, const struct tacho_process_sample *sample)
{
	(void)sample;
	++*(int *)ctx;
	return 0;
}

static void the_whole_of_proc_is_read_many_times(void **state)
{
	struct process_source *source = open_proc_source("");
	int cnt = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork(); /* one that vanishes meanwhile */

		if (!pid)
			_exit(0);
		assert_int_equal(source->ops->sample(source, make_pages, &cnt, NULL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_true(cnt >= 50);
	source->ops->free(source);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch__set_up, scratch__tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(every_number_is_read),
		IN_SCRATCH(names_may_hold_anything),
		IN_SCRATCH(pids_come_in_order_and_nothing_else_does),
		IN_SCRATCH(what_has_vanished_or_is_hidden_is_left_out),
		IN_SCRATCH(what_makes_no_sense_is_left_out),
		IN_SCRATCH(bytes_that_may_not_be_read_are_said_to_be_unknown),
		IN_SCRATCH(kernel_threads_zombies_and_lost_first_threads_are_told_apart),
		IN_SCRATCH(another_cgroup_is_another_membership),
		IN_SCRATCH(processes_come_and_go),
		IN_SCRATCH(it_stops_when_told_to_and_has_no_events),
		IN_SCRATCH(without_proc_it_is_refused),
		cmocka_unit_test(a_real_process_is_known),
		cmocka_unit_test(the_whole_of_proc_is_read_many_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
