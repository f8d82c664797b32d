/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a traced program tells the truth about itself: `calls FUNCTION NUMBER` a line. What is the
 * same in every run goes to stdout, what is not (times, numbers of processes) to the file that the
 * environment variable TRUTH names, as `KEY NUMBER`.
 *
 * The program names its traced functions before including this: #define FUNCTIONS(F) F(leaf) ...
 */
#ifndef PROG_TRUTH_H
#define PROG_TRUTH_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TRACED __attribute__((noipa))

/* Keeps a call in front of it from being a tail call, and a loop from being optimised away. */
#define STAY() __asm__ volatile("" ::: "memory")

#define FUNCTION_NUMBER(name) FUNCTION_##name,
#define FUNCTION_NAME(name) #name,
enum { FUNCTIONS(FUNCTION_NUMBER) FUNCTION_CNT };
static const char *const function_names[] = { FUNCTIONS(FUNCTION_NAME) };

/* Shared with the processes that this one forks. */
static atomic_long *calls;

#define COUNT(name) atomic_fetch_add(&calls[FUNCTION_##name], 1)

__attribute__((constructor(101))) static void truth_begins(void)
{
	calls = mmap(NULL, sizeof(*calls) * FUNCTION_CNT, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (calls == MAP_FAILED)
		abort();
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline void say_calls(void)
{
	for (int i = 0; i < FUNCTION_CNT; i++) {
		if (calls[i])
			printf("calls %s %ld\n", function_names[i], (long)calls[i]);
	}
	fflush(stdout);
}

static inline void note(const char *key, long number)
{
	const char *path = getenv("TRUTH");
	char line[128];
	int fd;

	if (!path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, line, snprintf(line, sizeof(line), "%s %ld\n", key, number)) < 0)
		abort();
	close(fd);
}

static inline long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static inline long thread_id(void)
{
	return syscall(SYS_gettid);
}

struct scenario {
	const char *name;
	void (*run)(long n);
};

/* main() of a program that is called as PROGRAM SCENARIO [NUMBER]. */
static inline int run_scenario(const struct scenario *scenario, int argc, char **argv)
{
	for (; argc > 1 && scenario->name; scenario++) {
		if (strcmp(scenario->name, argv[1]))
			continue;
		scenario->run(argc > 2 ? atol(argv[2]) : 0);
		say_calls();
		return 0;
	}
	fprintf(stderr, "%s: no such scenario\n", argv[0]);
	return 2;
}

/* The one function that every program has. */
TRACED long leaf(long x)
{
	COUNT(leaf);
	return x + 1;
}

static void call_leaf(long n)
{
	for (long i = 0; i < n; i++)
		leaf(i);
}

#endif
