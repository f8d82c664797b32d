/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs of the benchmarks do with the function that is measured: each thread calls it
 * COUNT times, in rounds. Printed are the nanoseconds of a call in the median round and on the
 * whole, and whether every call did what it should: the function returns its argument and one.
 *
 * Rounds are so short that most of them are not interrupted by anything, so that the median is what
 * a call costs; in the mean is also what else the machine did.
 */
#ifndef BENCH_CALLS_LOOP_H
#define BENCH_CALLS_LOOP_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS_MAX 2000
#define ROUND_CALLS_MIN 100
#define THREADS_MAX 64

struct loop {
	pthread_t thread;
	long (*function)(long);
	long rounds, each;
	double ns[ROUNDS_MAX];
	double mean_ns;
	long result;
};

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static int compare_ns(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void *loop_run(void *arg)
{
	struct loop *loop = arg;
	double began, begun = now_ns();
	long result = 0;

	for (long round = 0; round < loop->rounds; round++) {
		began = now_ns();
		for (long i = 0; i < loop->each; i++)
			result = loop->function(result);
		loop->ns[round] = (now_ns() - began) / loop->each;
	}
	loop->mean_ns = (now_ns() - begun) / (loop->each * loop->rounds);
	loop->result = result;
	qsort(loop->ns, loop->rounds, sizeof(loop->ns[0]), compare_ns);
	return NULL;
}

/* COUNT is a multiple of 100, and of 2000 above 200,000. Returns what main() returns: 0, 2 for
 * wrong usage, 3 when a call did something else. */
static int loops_run(long (*function)(long), int threads, long count)
{
	static struct loop loops[THREADS_MAX];
	long each = count / ROUNDS_MAX > ROUND_CALLS_MIN ? count / ROUNDS_MAX : ROUND_CALLS_MIN;
	double median_ns = 0, mean_ns = 0;
	int wrong = 0;

	if (!function || threads < 1 || threads > THREADS_MAX || count < each || count % each)
		return 2;
	for (int i = 0; i < threads; i++) {
		loops[i].function = function;
		loops[i].rounds = count / each;
		loops[i].each = each;
		if (pthread_create(&loops[i].thread, NULL, loop_run, &loops[i]))
			return 1;
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(loops[i].thread, NULL);
		median_ns += loops[i].ns[loops[i].rounds / 2] / threads;
		mean_ns += loops[i].mean_ns / threads;
		wrong += loops[i].result != count;
	}
	printf("calls: %.2f %.2f %s\n", median_ns, mean_ns, wrong ? "wrong" : "right");
	return wrong ? 3 : 0;
}

#endif
