/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calls THREADS COUNT: calls entry_push() COUNT times in each thread and prints nanoseconds a call.
 * The function begins with an instruction that the kernel emulates, written down, so that no
 * compiler chooses another.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__x86_64__)
__asm__(".text\n.globl entry_push\n.type entry_push, @function\nentry_push:\n"
	"push %rbp\nmov %rsp, %rbp\npop %rbp\nret\n.size entry_push, . - entry_push\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl entry_push\n.type entry_push, @function\nentry_push:\n"
	"nop\nret\n.size entry_push, . - entry_push\n");
#endif
void entry_push(void);

static long count;

static void *run(void *unused)
{
	for (long i = 0; i < count; i++)
		entry_push();
	return unused;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t thread[64];
	double began;

	count = argc > 2 ? atol(argv[2]) : 100000;
	if (threads < 1 || threads > 64 || count < 1)
		return 2;
	began = now_ns();
	for (int i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, run, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("%.1f\n", (now_ns() - began) / count);
	return 0;
}
