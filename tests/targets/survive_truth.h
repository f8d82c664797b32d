/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs of the survival matrix (tests/live/test_survival.py) share, in C and in C++.
 *
 * Such a program says the same in every run, on stdout and stderr. What became of each call of its
 * traced functions it writes into the file that the environment variable TRUTH names:
 *
 *	begin 1795317619620910643		it starts; wall-clock time, as all moments below
 *	entries leaf 50				calls since the last such line
 *	returned leaf 50			what became of them, in the words of the ledger
 *	slept sleeps WHEN INSIDE AROUND		a call that lasts: its own duration, and the
 *caller's passed throws TID 3 LEFT CAUGHT		calls of a thread that were jumped over, or
 *passed by an exception; when that began, and when it was over gate
 *see gate() end WHEN
 *
 * The program names its traced functions before including this: #define FUNCTIONS(F) F(leaf) ...
 */
#ifndef SURVIVE_TRUTH_H
#define SURVIVE_TRUTH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
#define TRACED extern "C" __attribute__((noipa))
#else
#define TRACED __attribute__((noipa))
#endif

/* Keeps a call in front of it from being a tail call, and a loop from being optimised away. */
#define STAY() __asm__ volatile("" ::: "memory")

#define FUNCTION_NUMBER(name) FUNCTION_##name,
#define FUNCTION_NAME(name) #name,
enum { FUNCTIONS(FUNCTION_NUMBER) FUNCTION_CNT };
static const char *const function_names[] = { FUNCTIONS(FUNCTION_NAME) };

/* UNMATCHED: returns in a process that did not enter, as the child of a fork has them. */
enum ending {
	ENTRIES,
	RETURNED,
	EXCEPTION,
	UNWOUND,
	THREAD_EXIT,
	EXEC,
	KILLED,
	UNMATCHED,
	ENDINGS
};
static const char *const ending_names[] = { "entries", "returned",	   "exception",
					    "unwound", "thread_exit",	   "exec",
					    "killed",  "unmatched_returns" };

/* Shared with the processes that this one forks. */
static long (*call_counts)[ENDINGS];

#define ENDS_TIMES(name, ending, n)                                                                \
	__atomic_fetch_add(&call_counts[FUNCTION_##name][ending], (n), __ATOMIC_RELAXED)
#define ENDS(name, ending) ENDS_TIMES(name, ending, 1)
#define ENTERS(name) ENDS(name, ENTRIES)

static int truth_fd = -1, gate_in = -1, gate_out = -1;

static inline long clock_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static inline long wall_now(void)
{
	return clock_now(CLOCK_REALTIME);
}

/* A line for the file. */
__attribute__((format(printf, 1, 2))) static inline void tell(const char *format, ...)
{
	char line[160];
	va_list args;
	int length;

	if (truth_fd < 0)
		return;
	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(truth_fd, line, length) != length)
		abort();
}

/* Calls of this thread that are over now, not only when their stack is used again. */
#define PASSED(name, ending, n, left_ns)                                                           \
	do {                                                                                       \
		ENDS_TIMES(name, ending, n);                                                       \
		tell("passed %s %ld %d %ld %ld\n", #name, syscall(SYS_gettid), n, left_ns,         \
		     wall_now());                                                                  \
	} while (0)

/* A line for stdout, without a buffer that a fork could double. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	char line[160];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(STDOUT_FILENO, line, length) != length)
		abort();
}

static inline void tell_counts(void)
{
	for (int f = 0; f < FUNCTION_CNT; f++) {
		for (int e = 0; e < ENDINGS; e++) {
			long n = __atomic_exchange_n(&call_counts[f][e], 0, __ATOMIC_RELAXED);

			if (n)
				tell("%s %s %ld\n", ending_names[e], function_names[f], n);
		}
	}
}

__attribute__((constructor(101))) static void truth_begins(void)
{
	const char *gate = getenv("GATE"), *path = getenv("TRUTH");

	call_counts =
		(long(*)[ENDINGS])mmap(NULL, sizeof(*call_counts) * FUNCTION_CNT,
				       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (call_counts == MAP_FAILED)
		abort();
	if (path) {
		truth_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (truth_fd < 0)
			abort();
		tell("begin %ld\n", wall_now());
	}
	if (gate && sscanf(gate, "%d,%d", &gate_in, &gate_out) != 2)
		abort();
}

/*
 * A place where the program waits until it is told to go on, if the environment has GATE=IN,OUT
 * (file descriptors). No other thread may be on its way into or out of a traced function, so that
 * whoever attaches or detaches here can know all counts.
 */
static inline void gate(void)
{
	char byte = 'g';
	ssize_t got;

	tell_counts();
	tell("gate\n");
	if (gate_in < 0)
		return;
	if (write(gate_out, &byte, 1) != 1)
		abort();
	do {
		got = read(gate_in, &byte, 1);
	} while (got < 0 && errno == EINTR);
	if (got != 1)
		abort();
}

/* What the results of the traced functions come to. */
static unsigned long checksum;

static inline void mix(long number)
{
	checksum = checksum * 31 + (unsigned long)number;
}

static inline void nap(void)
{
	struct timespec left = { 0, 20000000 };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* Every program's call that lasts; the time that it is asked for is the least it can take. */
static long slept_ns;

TRACED void sleeps(void)
{
	long start_ns;

	ENTERS(sleeps);
	start_ns = clock_now(CLOCK_MONOTONIC);
	nap();
	slept_ns = clock_now(CLOCK_MONOTONIC) - start_ns;
	ENDS(sleeps, RETURNED);
}

static inline void sleep_once(void)
{
	long when_ns = wall_now(), start_ns = clock_now(CLOCK_MONOTONIC), around_ns;

	sleeps();
	around_ns = clock_now(CLOCK_MONOTONIC) - start_ns;
	tell("slept sleeps %ld %ld %ld\n", when_ns, slept_ns, around_ns);
}

/* Every program's least function. */
TRACED long leaf(long x)
{
	ENTERS(leaf);
	ENDS(leaf, RETURNED);
	return x + 1;
}

static inline void call_leaf(int times)
{
	for (int i = 0; i < times; i++)
		mix(leaf(i));
}

/* --- rounds: a scenario is run three times, with a gate between, and one inside the second -- */

#define ROUNDS 3

struct scenario {
	const char *name;
	void (*run)(int round);
};

/* For the scenario's most delicate moment, within a traced call. */
static inline void gate_inside(int round)
{
	static bool was_here;

	if (round == 1 && !was_here) {
		was_here = true;
		gate();
	}
}

/* main() of a program that is called as PROGRAM SCENARIO [FIRST-ROUND]. */
static inline int run_scenario(const struct scenario *scenario, int argc, char **argv)
{
	while (argc > 1 && scenario->name && strcmp(scenario->name, argv[1]))
		scenario++;
	if (argc < 2 || !scenario->name) {
		fprintf(stderr, "%s: no such scenario\n", argv[0]);
		return 2;
	}
	for (int round = argc > 2 ? atoi(argv[2]) : 0; round < ROUNDS; round++) {
		if (round)
			gate();
		scenario->run(round);
		say("%s: round %d, checksum %lx\n", scenario->name, round, checksum);
	}
	tell_counts();
	tell("end %ld\n", wall_now());
	return 0;
}

#endif
