/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Samples from the kernel: against /proc, for processes of all kinds. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "scratch.h"
#include "source_fixture.h"

#define TICK_NS 10000000u
#define BIG_SZ (64u << 20)

/* --- the processes ---------------------------------------------------------------------------- */

static void sleeps(void)
{
	burn(20 * MS);
	ready();
	pause();
}

static void is_busy(void)
{
	ready();
	for (;;)
		burn(MS);
}

static void has_much_memory(void)
{
	char *memory = mmap(NULL, BIG_SZ, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(99);
	memset(memory, 1, BIG_SZ);
	munmap(memory, BIG_SZ / 2);
	ready();
	pause();
}

static void *burn_and_end(void *arg)
{
	burn(15 * MS);
	return arg;
}

static void *wait_for_ever(void *arg)
{
	burn(5 * MS);
	*(volatile bool *)arg = true;
	for (;;)
		pause();
	return NULL;
}

static void start_waiting_threads(int cnt)
{
	for (int i = 0; i < cnt; i++) {
		volatile bool waits = false;
		pthread_t thread;

		if (pthread_create(&thread, NULL, wait_for_ever, (void *)&waits))
			_exit(99);
		while (!waits)
			usleep(1000);
	}
}

static nlink_t thread_cnt(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st))
		_exit(99);
	return st.st_nlink - 2;
}

static void has_threads_alive_and_dead(void)
{
	for (int i = 0; i < 5; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, burn_and_end, NULL))
			_exit(99);
		pthread_join(thread, NULL);
	}
	while (thread_cnt() > 1) /* pthread_join returns before the kernel is done with it */
		usleep(1000);
	start_waiting_threads(30);
	ready();
	pause();
}

static void has_lost_its_first_thread(void)
{
	start_waiting_threads(2);
	ready();
	pthread_exit(NULL);
}

static void writes_to_disk(void)
{
	char path[] = "/var/tmp/tacho-test.XXXXXX";
	int fd = mkstemp(path);

	for (int i = 0; i < 300; i++) {
		if (write(fd, path, sizeof(path)) < 0)
			_exit(99);
	}
	fsync(fd);
	unlink(path);
	ready();
	pause();
}

static void ends_with_3(void)
{
	burn(15 * MS);
	ready();
	_exit(3);
}

/* --- the comparison ------------------------------------------------------------------------------
 */

struct sources {
	struct process_source *kernel;
	struct process_source *proc;
};

static void expect_between(const char *what, uint64_t least, uint64_t value, uint64_t most)
{
	if (value < least || value > most)
		fail_msg("%s: %llu in /proc, but %llu to %llu from the kernel", what,
			 (unsigned long long)value, (unsigned long long)least,
			 (unsigned long long)most);
}

#define EXPECT_BETWEEN(member) expect_between(#member, a->member, p->member, b->member)
#define EXPECT_SAME(member) expect_between(#member, a->member, p->member, a->member)

/* a and b are from the kernel, p from /proc, in between. /proc counts in ticks, each of the two
 * times cut. */
static void expect_agreement(const struct tacho_process_sample *a,
			     const struct tacho_process_sample *p,
			     const struct tacho_process_sample *b)
{
	assert_string_equal(a->comm, p->comm);
	EXPECT_SAME(pid);
	EXPECT_SAME(ppid);
	EXPECT_SAME(threads);
	expect_between("flags", a->flags, p->flags & ~TACHO_PROCESS_ADJUSTED, a->flags);
	assert_true(p->flags & TACHO_PROCESS_ADJUSTED);
	assert_int_equal(a->exit_code, p->exit_code);
	expect_between("start_boot_ns", a->start_boot_ns - a->start_boot_ns % TICK_NS,
		       p->start_boot_ns, a->start_boot_ns);
	EXPECT_BETWEEN(time_ns);
	expect_between("runtime_ns", a->runtime_ns < 2 * TICK_NS ? 0 : a->runtime_ns - 2 * TICK_NS,
		       p->runtime_ns, b->runtime_ns);
	/* The kernel's sample before may not see yet what /proc has shown in between. */
	assert_true(b->shown_user_ns + b->shown_system_ns >= p->runtime_ns);
	assert_true(b->shown_user_ns - p->shown_user_ns <= TICK_NS + b->runtime_ns - a->runtime_ns);
	EXPECT_BETWEEN(minor_faults);
	EXPECT_BETWEEN(major_faults);
	EXPECT_BETWEEN(read_bytes);
	EXPECT_BETWEEN(write_bytes);
	if (a->threads == 1) {
		EXPECT_BETWEEN(voluntary_switches);
		EXPECT_BETWEEN(involuntary_switches);
	}
	if (!(a->flags & TACHO_PROCESS_NO_MEMORY)) {
		EXPECT_SAME(rss_pages);
		EXPECT_SAME(peak_rss_pages);
		EXPECT_SAME(virtual_pages);
	}
}

static bool memory_is_same(const struct tacho_process_sample *a,
			   const struct tacho_process_sample *b)
{
	return a->rss_pages == b->rss_pages && a->virtual_pages == b->virtual_pages &&
	       a->peak_rss_pages == b->peak_rss_pages && a->threads == b->threads;
}

/* Until nothing has moved in between that has no order. */
static void compare(struct sources *sources, pid_t pid, struct tacho_process_sample *ret_sample)
{
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	struct tacho_process_sample a, p, b;

	do {
		if (!sample_of(sources->kernel, pid, &a) || !sample_of(sources->proc, pid, &p) ||
		    !sample_of(sources->kernel, pid, &b))
			fail_msg("process %d is in one source only", pid);
		if (memory_is_same(&a, &b)) {
			expect_agreement(&a, &p, &b);
			assert_int_equal(a.start_boot_ns, b.start_boot_ns);
			assert_int_equal(a.membership, b.membership);
			*ret_sample = b;
			return;
		}
	} while (wait_a_little(since));
	fail_msg("process %d does not come to rest", pid);
}

static int open_sources(void **state)
{
	struct sources *sources = calloc(1, sizeof(*sources));
	struct fault why = {};

	assert_non_null(sources);
	*state = sources;
	sources->proc = open_proc_source("");
	if (!geteuid() && process_source__open_kernel(PROCESS_RING_BYTES, &sources->kernel, &why)) {
		print_error("%s\n", why.text);
		return -1;
	}
	return 0;
}

static int close_sources(void **state)
{
	struct sources *sources = *state;

	if (sources->kernel)
		sources->kernel->ops->free(sources->kernel);
	sources->proc->ops->free(sources->proc);
	free(sources);
	return 0;
}

static void compare_child(void **state, void (*run)(void), struct tacho_process_sample *ret_sample)
{
	struct sources *sources = *state;
	pid_t pid;

	if (!sources->kernel)
		skip();
	pid = start_child(run);
	compare(sources, pid, ret_sample);
	assert_int_equal(ret_sample->ppid, getpid());
	assert_true(ret_sample->cgroup_id && ret_sample->membership);
	end_child(pid);
}

/* --- the cases ------------------------------------------------------------------------------- */

static void a_sleeping_process_is_as_in_proc(void **state)
{
	struct tacho_process_sample sample;

	compare_child(state, sleeps, &sample);
	assert_int_equal(sample.flags, 0);
	assert_true(sample.rss_pages && sample.peak_rss_pages >= sample.rss_pages);
	assert_true(sample.runtime_ns >= 20 * MS);
}

static void a_busy_process_is_as_in_proc(void **state)
{
	struct tacho_process_sample sample;

	compare_child(state, is_busy, &sample);
}

static void the_peak_of_a_process_is_as_in_proc(void **state)
{
	struct tacho_process_sample sample;

	compare_child(state, has_much_memory, &sample);
	assert_true(sample.peak_rss_pages >= BIG_SZ / (uint64_t)sysconf(_SC_PAGESIZE));
	assert_true(sample.rss_pages < sample.peak_rss_pages);
}

static void threads_alive_and_dead_are_in_the_sums(void **state)
{
	struct tacho_process_sample sample;

	compare_child(state, has_threads_alive_and_dead, &sample);
	assert_int_equal(sample.threads, 31);
	assert_true(sample.runtime_ns >= 5 * 15 * MS + 30 * 5 * MS);
}

static void a_process_lives_on_without_its_first_thread(void **state)
{
	struct sources *sources = *state;
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	struct tacho_process_sample sample;
	pid_t pid;

	if (!sources->kernel)
		skip();
	pid = start_child(has_lost_its_first_thread);
	do {
		assert_true(sample_of(sources->kernel, pid, &sample));
	} while (!(sample.flags & TACHO_PROCESS_NO_MEMORY) && wait_a_little(since));
	compare(sources, pid, &sample);
	assert_int_equal(sample.flags, TACHO_PROCESS_NO_MEMORY);
	assert_int_equal(sample.threads, 3);
	end_child(pid);
}

static void bytes_written_are_as_in_proc(void **state)
{
	struct tacho_process_sample sample;

	compare_child(state, writes_to_disk, &sample);
	if (!sample.write_bytes)
		skip(); /* files are in memory here, or the kernel does not count */
}

static void a_zombie_has_ended(void **state)
{
	struct sources *sources = *state;
	struct tacho_process_sample sample;
	siginfo_t info;
	pid_t pid;

	if (!sources->kernel)
		skip();
	pid = start_child(ends_with_3);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	compare(sources, pid, &sample);
	assert_int_equal(sample.flags, TACHO_PROCESS_ENDED | TACHO_PROCESS_NO_MEMORY);
	assert_int_equal(sample.exit_code, 3 << 8);
	assert_true(sample.runtime_ns >= 15 * MS && sample.peak_rss_pages);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_process_whose_file_is_deleted_is_as_in_proc(void **state)
{
	struct sources *sources = *state;
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	struct tacho_process_sample sample;
	struct scratch scratch;
	char command[256];
	pid_t pid;

	if (!sources->kernel)
		skip();
	scratch__make(&scratch);
	snprintf(command, sizeof(command), "cp /bin/sleep '%s'", scratch__at(&scratch, "a) R 1 "));
	assert_int_equal(system(command), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(scratch__at(&scratch, "a) R 1 "), "sleep", "1000", NULL);
		_exit(99);
	}
	do {
		assert_true(sample_of(sources->kernel, pid, &sample));
	} while (strcmp(sample.comm, "a) R 1 ") && wait_a_little(since));
	scratch__remove(&scratch);
	compare(sources, pid, &sample);
	end_child(pid);
}

struct seen {
	uint32_t last_pid;
	uint32_t cnt;
	bool kernel_thread;
	bool self;
};

static int look(void *ctx, const struct tacho_process_sample *sample)
{
	struct seen *seen = ctx;

	assert_true(sample->pid > seen->last_pid);
	seen->last_pid = sample->pid;
	seen->cnt++;
	if (sample->pid == (uint32_t)getpid())
		seen->self = true;
	if (!strcmp(sample->comm, "kthreadd")) {
		assert_int_equal(sample->flags, TACHO_PROCESS_KERNEL_THREAD);
		assert_int_equal(sample->rss_pages, 0);
		assert_int_equal(sample->ppid, 0);
		seen->kernel_thread = true;
	}
	return 0;
}

static void processes_come_in_the_order_of_their_pids(void **state)
{
	struct sources *sources = *state;
	struct seen seen = {};

	if (!sources->kernel)
		skip();
	assert_int_equal(sources->kernel->ops->sample(sources->kernel, look, &seen, NULL), 0);
	assert_true(seen.self && seen.kernel_thread);
}

static int stop(void *ctx, const struct tacho_process_sample *sample)
{
	(void)sample;
	++*(int *)ctx;
	return 42;
}

static void sampling_ends_when_told_to(void **state)
{
	struct sources *sources = *state;
	int calls = 0;

	if (!sources->kernel)
		skip();
	assert_int_equal(sources->kernel->ops->sample(sources->kernel, stop, &calls, NULL), 42);
	assert_int_equal(calls, 1);
}

/* More than the kernel hands over at once, and than there are descriptors for. */
static void many_processes_are_sampled_many_times(void **state)
{
	struct sources *sources = *state;
	pid_t pids[400];
	uint32_t before;
	struct seen seen = {};

	if (!sources->kernel)
		skip();
	assert_int_equal(sources->kernel->ops->sample(sources->kernel, look, &seen, NULL), 0);
	before = seen.cnt;
	for (int i = 0; i < 400; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	for (int i = 0; i < 2000; i++) {
		seen = (struct seen) {};
		assert_int_equal(sources->kernel->ops->sample(sources->kernel, look, &seen, NULL),
				 0);
	}
	assert_true(seen.cnt >= 400 && before < seen.cnt);
	for (int i = 0; i < 400; i++)
		end_child(pids[i]);
}

/* Our own pages, a few at a time: the kernel adds them up in larger numbers. */
static void resident_memory_is_exact_to_the_page(void **state)
{
	struct sources *sources = *state;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct tacho_process_sample sample;
	char *memory;
	int agreed = 0;

	if (!sources->kernel)
		skip();
	memory = mmap(NULL, 200 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	madvise(memory, 200 * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 200; i++) {
		memory[i * page] = 1;
		compare(sources, getpid(), &sample);
		agreed++;
	}
	assert_int_equal(agreed, 200);
	munmap(memory, 200 * page);
}

static void who_may_not_is_told_so(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		struct process_source *source = NULL;
		struct fault why = {};
		int err;

		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(1);
		err = process_source__open_kernel(PROCESS_RING_BYTES, &source, &why);
		_exit(err == -EPERM && strstr(why.text, "not allowed") && !source ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define WITH_SOURCES(test) cmocka_unit_test_setup_teardown(test, open_sources, close_sources)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOURCES(a_sleeping_process_is_as_in_proc),
		WITH_SOURCES(a_busy_process_is_as_in_proc),
		WITH_SOURCES(the_peak_of_a_process_is_as_in_proc),
		WITH_SOURCES(threads_alive_and_dead_are_in_the_sums),
		WITH_SOURCES(a_process_lives_on_without_its_first_thread),
		WITH_SOURCES(bytes_written_are_as_in_proc),
		WITH_SOURCES(a_zombie_has_ended),
		WITH_SOURCES(a_process_whose_file_is_deleted_is_as_in_proc),
		WITH_SOURCES(processes_come_in_the_order_of_their_pids),
		WITH_SOURCES(sampling_ends_when_told_to),
		WITH_SOURCES(many_processes_are_sampled_many_times),
		WITH_SOURCES(resident_memory_is_exact_to_the_page),
		cmocka_unit_test(who_may_not_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
