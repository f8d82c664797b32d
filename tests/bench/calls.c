/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calls FUNCTION THREADS COUNT: calls it COUNT times in each thread and prints nanoseconds a call,
 * those of the best of many rounds: what the machine does besides is not what is measured.
 *
 * The functions begin with particular instructions, written down, so that no compiler chooses
 * others: `push` begins with one that the kernel emulates; `cet` with the landing pad of
 * control-flow enforcement, and the same behind it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FUNCTION(name, body)                                                                       \
	__asm__(".text\n.globl " name "\n.type " name ", %function\n" name ":\n" body              \
		"\n.size " name ", . - " name "\n")

#if defined(__x86_64__)
FUNCTION("entry_push", "push %rbp\nmov %rsp, %rbp\npop %rbp\nret");
FUNCTION("entry_cet", "endbr64\npush %rbp\nmov %rsp, %rbp\npop %rbp\nret");
#elif defined(__aarch64__)
FUNCTION("entry_push", "nop\nret");
FUNCTION("entry_cet", "hint #34\nnop\nret"); /* bti c */
#endif
void entry_push(void);
void entry_cet(void);

#define ROUNDS 50

static void (*function)(void) = entry_push;
static long count;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static void *run(void *best_ns)
{
	double best = 1e18, ns, began;

	for (int round = 0; round < ROUNDS; round++) {
		began = now_ns();
		for (long i = 0; i < count / ROUNDS; i++)
			function();
		ns = (now_ns() - began) / (count / ROUNDS);
		if (ns < best)
			best = ns;
	}
	*(double *)best_ns = best;
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t thread[64];
	double best_ns[64];
	double sum = 0;

	if (argc > 1 && !strcmp(argv[1], "cet"))
		function = entry_cet;
	count = argc > 3 ? atol(argv[3]) : 100000;
	if (threads < 1 || threads > 64 || count < ROUNDS)
		return 2;
	for (int i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, run, &best_ns[i]);
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		sum += best_ns[i];
	}
	printf("%.1f\n", sum / threads);
	return 0;
}
