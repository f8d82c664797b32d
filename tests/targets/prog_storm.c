/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prog_storm THREADS CALLS   calls tick() CALLS times in each thread, and tock() as often
 * prog_storm THREADS 0       until standard input ends
 *
 * Prints "ready" when it is about to begin and "tick N" and "tock N" at the end: how often each was
 * really called.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 64

static atomic_bool stop;
static long limit;

__attribute__((noinline)) void tick(void)
{
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void tock(void)
{
	__asm__ volatile("" ::: "memory");
}

static void *storm(void *counter)
{
	long calls = 0;

	while (limit ? calls < limit : !stop) {
		tick();
		tock();
		calls++;
	}
	*(long *)counter = calls;
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t thread[THREADS_MAX];
	long calls[THREADS_MAX] = {};
	long total = 0;
	char byte;

	limit = argc > 2 ? atol(argv[2]) : 0;
	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, storm, &calls[i]);
	if (!limit) {
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
		stop = 1;
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		total += calls[i];
	}
	printf("tick %ld\ntock %ld\n", total, total);
	return 0;
}
