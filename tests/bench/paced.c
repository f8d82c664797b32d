/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * paced THREADS RATE SECONDS: each thread calls a function at its part of RATE calls a second (0:
 * as fast as it can), busy in between. Prints the calls made, and how many a second that were.
 *
 * Calls come in bursts of a tenth of a millisecond's worth: a clock read for each would cost more
 * than the call. A thread that is late by more than 10 ms does not catch up, or it would make
 * bursts that nobody asked for.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS_MAX 16
#define SLICE_NS 100000LL
#define PATIENCE_NS 10000000LL

struct pace {
	pthread_t thread;
	double burst; /* calls a slice; 0: no limit */
	long long duration_ns;
	long calls;
};

static pthread_barrier_t all_there;

__attribute__((noipa)) void paced_call(void);
void paced_call(void)
{
	/* A frame pointer, so that it begins with an instruction that the kernel emulates. */
	__asm__ volatile("" ::"r"(__builtin_frame_address(0)));
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void *pace_run(void *arg)
{
	struct pace *pace = arg;
	long long now, next, end;
	double owed = 0;

	pthread_barrier_wait(&all_there);
	next = now_ns();
	end = next + pace->duration_ns;
	while ((now = now_ns()) < end) {
		if (pace->burst && now < next)
			continue;
		owed += pace->burst ? pace->burst : 1000;
		for (; owed >= 1; owed--) {
			paced_call();
			pace->calls++;
		}
		next += SLICE_NS;
		if (next < now - PATIENCE_NS)
			next = now - PATIENCE_NS;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 3 ? atoi(argv[1]) : 0;
	double rate = argc > 3 ? atof(argv[2]) : 0, seconds = argc > 3 ? atof(argv[3]) : 0;
	struct pace paces[THREADS_MAX] = { 0 };
	long calls = 0;

	if (threads < 1 || threads > THREADS_MAX || rate < 0 || seconds <= 0)
		return 2;
	pthread_barrier_init(&all_there, NULL, threads);
	for (int i = 0; i < threads; i++) {
		paces[i].burst = rate / threads * SLICE_NS / 1e9;
		paces[i].duration_ns = seconds * 1e9;
		if (pthread_create(&paces[i].thread, NULL, pace_run, &paces[i]))
			return 1;
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(paces[i].thread, NULL);
		calls += paces[i].calls;
	}
	printf("paced: %ld %.0f\n", calls, calls / seconds);
	return 0;
}
