/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events from the kernel: children are made, run programs and end, and each of it is told once. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "source_fixture.h"

#define EVENTS_MAX 16
#define SMALL_RING_BYTES ((uint32_t)sysconf(_SC_PAGESIZE))

/* What was told of one process, in order. */
struct life {
	uint32_t pid;
	uint32_t cnt;
	uint32_t changes[EVENTS_MAX];
	struct tacho_process_sample samples[EVENTS_MAX];
	char command[TACHO_PROCESS_COMMAND_SZ + 1];
	uint32_t command_sz;
	uint32_t command_total_sz;
};

static int keep_event(void *ctx, const struct tacho_process_event *event)
{
	struct life *life = ctx;

	if (event->sample.pid != life->pid)
		return 0;
	assert_true(life->cnt < EVENTS_MAX);
	life->changes[life->cnt] = event->change;
	life->samples[life->cnt++] = event->sample;
	if (event->change != TACHO_PROCESS_EXECED)
		return 0;
	memcpy(life->command, event->command, event->command_sz);
	life->command_sz = event->command_sz;
	life->command_total_sz = event->command_total_sz;
	return 0;
}

static bool has_told(const struct life *life, uint32_t change)
{
	return life->cnt && life->changes[life->cnt - 1] == change;
}

static bool is_told(struct process_source *source, struct life *life, uint32_t change)
{
	uint64_t since = clock_ns(CLOCK_MONOTONIC);

	do {
		assert_int_equal(source->ops->drain(source, keep_event, life), 0);
		if (has_told(life, change))
			return true;
	} while (wait_a_little(since) && clock_ns(CLOCK_MONOTONIC) - since < 3000ull * MS);
	return false;
}

/*
 * Runs a child until it is gone and has been waited for, and keeps what was told of it. A moment
 * later (an RCU grace period) the kernel tells that it is gone; in rare cases it does not, or
 * others fill the ring while nobody runs here, and another child is tried.
 */
static void follow(struct process_source *source, pid_t (*start)(void *arg), void *arg,
		   struct life *ret_life, struct rusage *ret_usage)
{
	uint64_t lost;

	for (int i = 0; i < 3; i++) {
		lost = source->ops->lost_events(source);
		*ret_life = (struct life) { .pid = (uint32_t)start(arg) };
		wait4((pid_t)ret_life->pid, NULL, 0, ret_usage);
		if (is_told(source, ret_life, TACHO_PROCESS_REAPED) &&
		    source->ops->lost_events(source) == lost)
			return;
	}
	fail_msg("it is not told that process %u is gone (%llu events were lost)", ret_life->pid,
		 (unsigned long long)source->ops->lost_events(source));
}

/* Those changes in this order, no others, of one and the same process. */
static void expect_life(const struct life *life, const uint32_t *changes, uint32_t cnt)
{
	for (uint32_t i = 0; i < life->cnt && i < cnt; i++)
		assert_int_equal(life->changes[i], changes[i]);
	assert_int_equal(life->cnt, cnt);
	for (uint32_t i = 0; i < cnt; i++) {
		assert_int_equal(life->samples[i].start_boot_ns, life->samples[0].start_boot_ns);
		assert_true(life->samples[i].start_boot_ns);
		if (i)
			assert_true(life->samples[i].time_ns >= life->samples[i - 1].time_ns);
		if (changes[i] != TACHO_PROCESS_REAPED)
			assert_int_equal(life->samples[i].ppid, getpid());
	}
}

#define EXPECT_LIFE(life, ...)                                                                     \
	do {                                                                                       \
		const uint32_t changes_[] = { __VA_ARGS__ };                                       \
		expect_life(life, changes_, sizeof(changes_) / sizeof(changes_[0]));               \
	} while (0)

static pid_t run(void *what)
{
	return start_child(what);
}

static pid_t spawn(void *arg)
{
	char *const *argv = arg;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		execv(argv[0], argv);
		_exit(99);
	}
	return pid;
}

static void a_short_life_is_told_whole(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	char *const argv[] = { "/bin/sh", "-c", "exit 7", "", "last", NULL };
	const char command[] = "/bin/sh\0-c\0exit 7\0\0last";
	struct life life;

	(void)state;
	follow(source, spawn, (void *)argv, &life, NULL);
	EXPECT_LIFE(&life, TACHO_PROCESS_FORKED, TACHO_PROCESS_EXECED, TACHO_PROCESS_EXITED,
		    TACHO_PROCESS_REAPED);
	assert_int_equal(life.command_sz, sizeof(command));
	assert_int_equal(life.command_total_sz, sizeof(command));
	assert_memory_equal(life.command, command, sizeof(command));
	assert_string_equal(life.samples[1].comm, "sh");
	assert_true(life.samples[1].rss_pages && life.samples[1].virtual_pages);
	assert_true(life.samples[2].flags & TACHO_PROCESS_NO_MEMORY || life.samples[2].rss_pages);
	assert_true(life.samples[3].flags & TACHO_PROCESS_NO_MEMORY);
	for (int i = 2; i < 4; i++) {
		assert_int_equal(life.samples[i].exit_code, 7 << 8);
		assert_true(life.samples[i].flags & TACHO_PROCESS_ENDED);
		assert_true(life.samples[i].peak_rss_pages >= 10);
		assert_string_equal(life.samples[i].comm, "sh");
		assert_int_equal(life.samples[i].cgroup_id, life.samples[1].cgroup_id);
	}
	assert_int_equal(life.samples[3].threads, 0);
	source->ops->free(source);
}

static void a_command_line_of_any_length_is_told(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	/* On both sides of what is reserved in one piece, and beyond what is told at all. */
	const size_t sizes[] = { 1, 254, 255, 256, 257, 1022, 1023, 1024, 4093, 4094, 4095, 9000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t total = sizes[i] + sizeof("/bin/true");
		char *long_one = calloc(1, sizes[i]);
		char *argv[] = { "/bin/true", long_one, NULL };
		struct life life;

		memset(long_one, 'x', sizes[i] - 1);
		follow(source, spawn, argv, &life, NULL);
		assert_int_equal(life.command_total_sz, total);
		assert_int_equal(life.command_sz, total < TACHO_PROCESS_COMMAND_SZ
							  ? total
							  : TACHO_PROCESS_COMMAND_SZ);
		assert_string_equal(life.command, "/bin/true");
		assert_memory_equal(life.command + sizeof("/bin/true"), long_one,
				    life.command_sz - sizeof("/bin/true"));
		free(long_one);
	}
	source->ops->free(source);
}

static void waits(void)
{
	ready();
	pause();
}

static pid_t run_and_kill(void *what)
{
	pid_t pid = start_child(what);

	assert_int_equal(kill(pid, SIGKILL), 0);
	return pid;
}

static void a_process_that_is_killed_is_told_so(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	struct life life;

	(void)state;
	follow(source, run_and_kill, waits, &life, NULL);
	EXPECT_LIFE(&life, TACHO_PROCESS_FORKED, TACHO_PROCESS_EXITED, TACHO_PROCESS_REAPED);
	assert_int_equal(life.samples[1].exit_code, SIGKILL);
	assert_int_equal(life.samples[2].exit_code, SIGKILL);
	source->ops->free(source);
}

static void a_zombie_is_not_reaped(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	struct tacho_process_sample sample;
	struct life life = {};
	siginfo_t info;

	(void)state;
	life.pid = (uint32_t)start_child(ready);
	assert_int_equal(waitid(P_PID, life.pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(is_told(source, &life, TACHO_PROCESS_EXITED));
	usleep(200000); /* it would have been told by now */
	assert_true(sample_of(source, (pid_t)life.pid, &sample));
	assert_int_equal(source->ops->drain(source, keep_event, &life), 0);
	EXPECT_LIFE(&life, TACHO_PROCESS_FORKED, TACHO_PROCESS_EXITED);
	assert_true(sample.runtime_ns >= life.samples[1].runtime_ns);
	assert_int_equal(waitpid((pid_t)life.pid, NULL, 0), life.pid);
	source->ops->free(source);
}

static void a_process_that_nobody_waits_for_is_told_whole(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	struct life life;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	follow(source, run, ready, &life, NULL);
	signal(SIGCHLD, SIG_DFL);
	EXPECT_LIFE(&life, TACHO_PROCESS_FORKED, TACHO_PROCESS_EXITED, TACHO_PROCESS_REAPED);
	source->ops->free(source);
}

/* --- threads --------------------------------------------------------------------------------- */

static void *execute(void *arg)
{
	execl("/bin/sh", "sh", "-c", "exit 4", NULL);
	return arg;
}

static void *burn_10_ms(void *arg)
{
	burn(10 * MS);
	return arg;
}

static void executes_from_another_thread(void)
{
	pthread_t thread;

	burn(10 * MS);
	pthread_create(&thread, NULL, burn_10_ms, NULL);
	pthread_join(thread, NULL);
	ready();
	pthread_create(&thread, NULL, execute, NULL);
	for (;;)
		pause();
}

/* The kernel lets the first thread go and gives its number to the one that calls execve. */
static void exec_by_another_thread_is_no_end(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct life life;

		follow(source, run, executes_from_another_thread, &life, NULL);
		EXPECT_LIFE(&life, TACHO_PROCESS_FORKED, TACHO_PROCESS_EXECED, TACHO_PROCESS_EXITED,
			    TACHO_PROCESS_REAPED);
		assert_memory_equal(life.command, "sh\0-c\0exit 4", sizeof("sh\0-c\0exit 4"));
		assert_int_equal(life.samples[2].exit_code, 4 << 8);
		/* What the threads had used before stays. */
		assert_true(life.samples[1].runtime_ns >= 20 * MS);
		assert_true(life.samples[3].runtime_ns >= life.samples[1].runtime_ns);
	}
	source->ops->free(source);
}

static void *leave(void *arg)
{
	pthread_barrier_wait(arg);
	syscall(SYS_exit, 0); /* the C library would call exit(3) for the last one */
	return NULL;
}

/* All of them at the same moment, the first one, too. */
static void ends_thread_by_thread(void)
{
	pthread_barrier_t barrier;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 9);
	for (int i = 0; i < 8; i++)
		pthread_create(&thread, NULL, leave, &barrier);
	ready();
	leave(&barrier);
}

static void threads_that_end_at_once_make_one_end(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct life life;

		follow(source, run, ends_thread_by_thread, &life, NULL);
		EXPECT_LIFE(&life, TACHO_PROCESS_FORKED, TACHO_PROCESS_EXITED,
			    TACHO_PROCESS_REAPED);
	}
	source->ops->free(source);
}

/* --- totals ---------------------------------------------------------------------------------- */

#define USED_SZ (8u << 20)

static volatile uint64_t *last_clock_ns; /* shared with the child */

static void *use_some(void *arg)
{
	char *memory = malloc(USED_SZ);

	memset(memory, 1, USED_SZ);
	burn(20 * MS);
	free(memory);
	return arg;
}

static void uses_some(void)
{
	for (int i = 0; i < 3; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, use_some, NULL))
			_exit(99);
		pthread_join(thread, NULL);
		usleep(1000);
	}
	use_some(NULL);
	ready();
	*last_clock_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	_exit(0);
}

static uint64_t ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

/* The child may still run its last steps while wait4 already tells what it has used. */
static void final_totals_are_those_of_wait4(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	const struct tacho_process_sample *last;
	struct life life;
	struct rusage usage;
	uint64_t used_ns;

	(void)state;
	last_clock_ns = mmap(NULL, sizeof(*last_clock_ns), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	follow(source, run, uses_some, &life, &usage);
	last = &life.samples[life.cnt - 1];
	used_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
	assert_true(last->runtime_ns >= *last_clock_ns);
	assert_in_range(last->runtime_ns, used_ns, used_ns + 10 * MS);
	assert_int_equal(last->minor_faults, usage.ru_minflt);
	assert_int_equal(last->major_faults, usage.ru_majflt);
	assert_in_range(last->voluntary_switches, usage.ru_nvcsw, usage.ru_nvcsw + 1);
	assert_in_range(last->involuntary_switches, usage.ru_nivcsw, usage.ru_nivcsw + 2);
	assert_int_equal(last->peak_rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024,
			 usage.ru_maxrss);
	/* wait4 shows the times adjusted, and the kernel remembers what it has shown. */
	assert_in_range(last->shown_user_ns + last->shown_system_ns, used_ns, used_ns + 2000);
	munmap((void *)last_clock_ns, sizeof(*last_clock_ns));
	source->ops->free(source);
}

/* --- the ring -------------------------------------------------------------------------------- */

static void make_children(int cnt)
{
	for (int i = 0; i < cnt; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid)
			_exit(0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static int count_event(void *ctx, const struct tacho_process_event *event)
{
	(void)event;
	++*(uint64_t *)ctx;
	return 0;
}

static void events_that_find_no_room_are_counted(void **state)
{
	struct process_source *source = open_kernel_source(SMALL_RING_BYTES);
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	uint64_t events = 0;

	(void)state;
	make_children(500);
	do { /* what was told late, or of others */
		source->ops->drain(source, count_event, &events);
	} while (events + source->ops->lost_events(source) < 1400 && wait_a_little(since));
	assert_true(source->ops->lost_events(source) > 0);
	assert_true(events > 0);
	assert_true(events + source->ops->lost_events(source) >= 1400); /* of 1500 */
	source->ops->free(source);
}

static void a_ring_that_fills_wakes_its_reader(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES / 4);
	struct pollfd event = { .fd = source->ops->event_fd(source), .events = POLLIN };
	uint64_t since = clock_ns(CLOCK_MONOTONIC);
	uint64_t events = 0;
	bool woken;

	(void)state;
	do { /* not for so few; but others, too, may fill it */
		assert_int_equal(source->ops->drain(source, count_event, &events), 0);
		poll(&event, 1, 0); /* what has woken it before is forgotten when it is empty */
		make_children(5);
		woken = poll(&event, 1, 0);
	} while (woken && wait_a_little(since));
	assert_false(woken);
	events = 0;
	make_children(200);
	assert_int_equal(poll(&event, 1, PATIENCE_S * 1000), 1);
	assert_int_equal(source->ops->drain(source, count_event, &events), 0);
	assert_true(events >= 2 * 205);
	source->ops->free(source);
}

static int refuse_event(void *ctx, const struct tacho_process_event *event)
{
	(void)event;
	++*(int *)ctx;
	return 42;
}

static void draining_ends_when_told_to_and_goes_on_behind(void **state)
{
	struct process_source *source = open_kernel_source(PROCESS_RING_BYTES);
	struct life life = {};
	int calls = 0;

	(void)state;
	assert_int_equal(source->ops->drain(source, keep_event, &life), 0);
	life.pid = (uint32_t)start_child(waits);
	end_child((pid_t)life.pid);
	assert_int_equal(source->ops->drain(source, refuse_event, &calls), 42);
	assert_int_equal(calls, 1);
	/* What was refused is gone: its FORKED, most likely. */
	assert_true(is_told(source, &life, TACHO_PROCESS_EXITED) ||
		    has_told(&life, TACHO_PROCESS_REAPED));
	source->ops->free(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_life_is_told_whole),
		cmocka_unit_test(a_command_line_of_any_length_is_told),
		cmocka_unit_test(a_process_that_is_killed_is_told_so),
		cmocka_unit_test(a_zombie_is_not_reaped),
		cmocka_unit_test(a_process_that_nobody_waits_for_is_told_whole),
		cmocka_unit_test(exec_by_another_thread_is_no_end),
		cmocka_unit_test(threads_that_end_at_once_make_one_end),
		cmocka_unit_test(final_totals_are_those_of_wait4),
		cmocka_unit_test(events_that_find_no_room_are_counted),
		cmocka_unit_test(a_ring_that_fills_wakes_its_reader),
		cmocka_unit_test(draining_ends_when_told_to_and_goes_on_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
