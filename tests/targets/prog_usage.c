/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that compute, sleep, wait for a CPU and touch memory, and measure it themselves:
 * prog_usage SCENARIO [NUMBER]. */
#define FUNCTIONS(F) F(leaf) F(works) F(sleeps) F(stays) F(spins) F(dies) F(quits) F(descend)
#include "prog_truth.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#define MS 1000000L
#define PART_MS 100
#define PAGES 500

static volatile bool released; /* never */

/* --- what a thread says of itself ---------------------------------------------------------- */

struct account {
	long wall_ns;
	long cpu_ns;
	long run_delay_ns;
	struct rusage usage;
};

static int schedstat = -1;

static long run_delay_ns(void)
{
	char path[64], text[128] = "";
	long ns;

	if (schedstat < 0) {
		snprintf(path, sizeof(path), "/proc/self/task/%ld/schedstat", thread_id());
		schedstat = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (pread(schedstat, text, sizeof(text) - 1, 0) <= 0 || sscanf(text, "%*d %ld", &ns) != 1)
		abort();
	return ns;
}

/* Of one moment: again, when the thread had to wait in between. */
static void take_account(struct account *account)
{
	do {
		account->run_delay_ns = run_delay_ns();
		if (getrusage(RUSAGE_THREAD, &account->usage))
			abort();
		account->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
		account->wall_ns = now_ns(CLOCK_MONOTONIC);
	} while (run_delay_ns() != account->run_delay_ns);
}

static void note_of(const char *where, const char *what, long number)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s", where, what);
	note(key, number);
}

static void note_account(const char *where, const struct account *from, const struct account *to)
{
	note_of(where, "duration_ns", to->wall_ns - from->wall_ns);
	note_of(where, "cpu_ns", to->cpu_ns - from->cpu_ns);
	note_of(where, "runqueue_ns", to->run_delay_ns - from->run_delay_ns);
	note_of(where, "minor_faults", to->usage.ru_minflt - from->usage.ru_minflt);
	note_of(where, "major_faults", to->usage.ru_majflt - from->usage.ru_majflt);
	note_of(where, "voluntary_switches", to->usage.ru_nvcsw - from->usage.ru_nvcsw);
	note_of(where, "involuntary_switches", to->usage.ru_nivcsw - from->usage.ru_nivcsw);
}

/* The call, measured by itself and by its caller: what a probe at each end sees is in between. */
static void call_measured(void (*function)(struct account *from, struct account *to))
{
	struct account before, from, to, after;

	take_account(&before); /* once, so that all is in memory */
	take_account(&before);
	function(&from, &to);
	take_account(&after);
	note_account("inside", &from, &to);
	note_account("around", &before, &after);
}

/* --- what there is to do ------------------------------------------------------------------- */

static void compute(long ms)
{
	long until_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) + ms * MS;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until_ns)
		;
}

static void sleep_for(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * MS };

	nanosleep(&time, NULL);
}

/* The n-th of the CPUs that this program may use, or the last one. */
static int nth_cpu(int n)
{
	static cpu_set_t allowed;
	int found = 0;

	if (!CPU_COUNT(&allowed) && sched_getaffinity(0, sizeof(allowed), &allowed))
		abort();
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		found = cpu;
		if (!n--)
			break;
	}
	return found;
}

static void move_to(int cpu)
{
	cpu_set_t only;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	if (sched_setaffinity(0, sizeof(only), &only))
		abort();
}

static void touch_pages(void)
{
	size_t sz = PAGES * sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, sz, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		abort();
	madvise(pages, sz, MADV_NOHUGEPAGE);
	for (int i = 0; i < PAGES; i++)
		pages[i * sysconf(_SC_PAGESIZE)] = 1;
	munmap(pages, sz);
}

static pthread_t rival;
static atomic_bool rival_runs, rival_may_go;

static void *compete(void *cpu)
{
	move_to(*(int *)cpu);
	rival_runs = true;
	while (!rival_may_go)
		;
	return NULL;
}

static void start_rival(int cpu)
{
	rival_runs = rival_may_go = false;
	pthread_create(&rival, NULL, compete, &cpu);
	while (!rival_runs)
		sched_yield();
}

static void stop_rival(void)
{
	rival_may_go = true;
	pthread_join(rival, NULL);
}

/* --- calls --------------------------------------------------------------------------------- */

/* Computes, sleeps, moves to the rival's CPU and shares it, and stays there. */
TRACED void works(struct account *from, struct account *to)
{
	COUNT(works);
	take_account(from);
	compute(PART_MS);
	sleep_for(PART_MS);
	touch_pages();
	move_to(nth_cpu(1));
	compute(PART_MS);
	stop_rival();
	take_account(to);
}

static void work(long n)
{
	for (long i = 0; i < n; i++) {
		move_to(nth_cpu(0));
		start_rival(nth_cpu(1));
		call_measured(works);
	}
}

TRACED void sleeps(struct account *from, struct account *to)
{
	COUNT(sleeps);
	take_account(from);
	sleep_for(PART_MS);
	take_account(to);
	STAY();
}

/* What the thread did before is none of the call's. */
static void doze(long n)
{
	compute(PART_MS);
	for (long i = 0; i < n; i++)
		call_measured(sleeps);
}

TRACED long descend(long depth)
{
	long below = 0;

	COUNT(descend);
	compute(1);
	sleep_for(1);
	if (depth)
		below = descend(depth - 1);
	STAY();
	return below + 1;
}

static void recurse(long n)
{
	descend(n);
}

static void say_inside(void)
{
	if (write(STDOUT_FILENO, "inside\n", 7) != 7)
		abort();
}

TRACED void stays(long cpu_ms)
{
	COUNT(stays);
	compute(cpu_ms);
	say_inside();
	while (!released)
		pause();
}

TRACED void spins(void)
{
	COUNT(spins);
	say_inside();
	while (!released)
		;
}

static void *spinning_thread(void *arg)
{
	move_to(nth_cpu(0));
	spins();
	return arg;
}

/* Two threads on one CPU, each in a call. */
static void spin(long n)
{
	pthread_t thread;

	while (n-- > 1)
		pthread_create(&thread, NULL, spinning_thread, NULL);
	spinning_thread(NULL);
}

TRACED void dies(long signal)
{
	COUNT(dies);
	compute(PART_MS);
	sleep_for(PART_MS);
	kill(getpid(), signal);
	while (!released)
		pause();
}

TRACED void quits(long status)
{
	COUNT(quits);
	compute(PART_MS);
	sleep_for(PART_MS);
	_exit(status);
}

/* A pair of places: from the beginning of sleeps() to that of leaf(). */
static void pair(long n)
{
	struct account from, to;

	sleeps(&from, &to);
	leaf(n);
}

static void *leaf_thread(void *arg)
{
	leaf(0);
	return arg;
}

/* The same, and the end is reached by another thread. */
static void pass_on(long n)
{
	struct account from, to;
	pthread_t thread;

	(void)n;
	sleeps(&from, &to);
	pthread_create(&thread, NULL, leaf_thread, NULL);
	pthread_join(thread, NULL);
}

static const struct scenario scenarios[] = { { "leaf", call_leaf },
					     { "work", work },
					     { "doze", doze },
					     { "recurse", recurse },
					     { "stay", stays },
					     { "spin", spin },
					     { "die", dies },
					     { "quit", quits },
					     { "pair", pair },
					     { "pass_on", pass_on },
					     {} };

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
