/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * marks_loop COUNT: what an empty function costs; one with a mark; one with two bare nops of five
 * bytes, for probes; and one with two of one byte, as those are at which marks are probed. Prints
 * the CPU time of each call in nanoseconds. They take turns in small slices, so that what else the
 * machine does befalls all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <tacho/mark.h>
#include <time.h>

#define SLICES 20
#ifdef __x86_64__
#define LONG_NOP ".byte 0x0f, 0x1f, 0x44, 0, 0\n" /* of five bytes */
#else
#define LONG_NOP "nop\n"
#endif

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

__attribute__((noinline)) static void bare(long *sum)
{
	__asm__ volatile("" : "+m"(*sum));
}

__attribute__((noinline)) static void marked(long *sum)
{
	TACHO_SCOPE("x");
	__asm__ volatile("" : "+m"(*sum));
}

#define TWO_NOPS(function, nop)                                                                    \
	__attribute__((noinline)) static void function(long *sum)                                  \
	{                                                                                          \
		__asm__ volatile(".globl bench_nop_a_" #function "\n"                              \
				 "bench_nop_a_" #function ": " nop);                               \
		__asm__ volatile("" : "+m"(*sum));                                                 \
		__asm__ volatile(".globl bench_nop_b_" #function "\n"                              \
				 "bench_nop_b_" #function ": " nop);                               \
	}

TWO_NOPS(long_nops, LONG_NOP)
TWO_NOPS(short_nops, "nop\n")

#define LOOP(function, cnt, ret_spent_ns)                                                          \
	do {                                                                                       \
		double begin_ns = cpu_ns();                                                        \
                                                                                                   \
		for (long i = 0; i < (cnt); i++)                                                   \
			function(&sum);                                                            \
		*(ret_spent_ns) += cpu_ns() - begin_ns;                                            \
	} while (0)

int main(int argc, char **argv)
{
	long cnt = argc > 1 ? atol(argv[1]) / SLICES : 0, sum = 0;
	double spent_ns[4] = { 0 };

	if (cnt <= 0) {
		fprintf(stderr, "usage: marks_loop COUNT\n");
		return 2;
	}
	for (int slice = 0; slice < SLICES; slice++) {
		LOOP(bare, cnt, &spent_ns[0]);
		LOOP(marked, cnt, &spent_ns[1]);
		LOOP(long_nops, cnt, &spent_ns[2]);
		LOOP(short_nops, cnt, &spent_ns[3]);
	}
	for (int i = 0; i < 4; i++)
		printf("%g ", spent_ns[i] / (double)cnt / SLICES);
	printf("\n");
	return 0;
}
