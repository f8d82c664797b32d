/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process that uses the machine in one of the ways that processes do; the other arguments are
 * there to be seen in its command line.
 *
 *     prog_load KIND MILLISECONDS [ARG]...
 *
 * It says "done" when it has used that much CPU time, and stays until its stdin ends; `brief` ends
 * at once with status 7, `busy` goes on using its CPU.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static uint64_t cpu_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* Half of it in the kernel. */
static void burn(uint64_t ms)
{
	uint64_t until = cpu_ms(CLOCK_THREAD_CPUTIME_ID) + ms;
	volatile unsigned int spun = 0;

	while (cpu_ms(CLOCK_THREAD_CPUTIME_ID) < until) {
		for (int i = 0; i < 100000; i++)
			spun++;
		for (int i = 0; i < 50; i++)
			getppid();
	}
}

static void *burn_thread(void *ms)
{
	burn((uintptr_t)ms);
	return NULL;
}

static void *burn_and_stay(void *ms)
{
	burn((uintptr_t)ms);
	for (;;)
		pause();
	return NULL;
}

/* Threads that have ended, and threads that stay. */
static void run_threads(uint64_t ms)
{
	pthread_t gone[4], here;

	for (int i = 0; i < 4; i++)
		pthread_create(&gone[i], NULL, burn_thread, (void *)(uintptr_t)(ms / 8));
	for (int i = 0; i < 4; i++)
		pthread_join(gone[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_create(&here, NULL, burn_and_stay, (void *)(uintptr_t)(ms / 8));
	while (cpu_ms(CLOCK_PROCESS_CPUTIME_ID) < ms / 8 * 7)
		usleep(1000);
}

/* As setproctitle(3bsd) does it: one text over all the arguments, and blanks to the end. */
static void rename_self(int argc, char **argv)
{
	size_t sz = argv[argc - 1] + strlen(argv[argc - 1]) - argv[0];

	memset(argv[0], ' ', sz + 1); /* the last NUL as well: that is the sign */
	memcpy(argv[0], "renamed: prog_load", sz < 18 ? sz : 18);
}

static void use_memory(void)
{
	size_t sz = (size_t)20 << 20;
	char *memory = mmap(NULL, sz, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		memset(memory, 1, sz);
}

static void wait_for_end(void)
{
	char byte;

	while (read(0, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 2 ? argv[1] : "";
	uint64_t ms = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

	if (!strcmp(kind, "brief")) {
		burn(ms);
		return 7;
	}
	if (!strcmp(kind, "threads"))
		run_threads(ms);
	else
		burn(ms);
	if (!strcmp(kind, "memory"))
		use_memory();
	if (!strcmp(kind, "renamed"))
		rename_self(argc, argv);
	if (write(1, "done\n", 5) != 5)
		return 1;
	if (!strcmp(kind, "busy")) {
		for (;;)
			burn(100);
	}
	wait_for_end();
	return 0;
}
