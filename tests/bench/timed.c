/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * timed busy|asleep|cpu NANOSECONDS COUNT: calls a function COUNT times that takes that long, and
 * prints for each call how long it took by the function's own clocks: CLOCK_MONOTONIC, and for
 * `cpu` the CPU time of its thread too, which takes a system call to read. They are read first and
 * last thing in the function, so that they show a little less than what is seen from outside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct measured {
	long long ns, cpu_ns;
};

static long long clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void spend(long long began, long long ns, char how)
{
	struct timespec pause = { ns / 1000000000, ns % 1000000000 };

	if (how == 'a')
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	while (clock_ns(CLOCK_MONOTONIC) - began < ns)
		;
}

__attribute__((noipa)) void timed_call(long long ns, char how, struct measured *ret_measured);
void timed_call(long long ns, char how, struct measured *ret_measured)
{
	long long began = clock_ns(CLOCK_MONOTONIC), cpu_began = 0;

	if (how == 'c')
		cpu_began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	spend(began, ns, how);
	ret_measured->cpu_ns = how == 'c' ? clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_began : 0;
	ret_measured->ns = clock_ns(CLOCK_MONOTONIC) - began;
}

int main(int argc, char **argv)
{
	long long ns = argc > 3 ? atoll(argv[2]) : 0;
	long cnt = argc > 3 ? atol(argv[3]) : 0;
	struct measured *measured = calloc(cnt > 0 ? cnt : 1, sizeof(*measured));

	if (!measured || ns < 1 || cnt < 1)
		return 2;
	memset(measured, 1, cnt * sizeof(*measured)); /* or the first calls take page faults */
	for (long i = 0; i < cnt; i++)
		timed_call(ns, argv[1][0], &measured[i]);
	for (long i = 0; i < cnt; i++)
		printf("timed: %lld %lld\n", measured[i].ns, measured[i].cpu_ns);
	return 0;
}
