/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions that take and return values of every kind, called with values that tests/live knows.
 *   prog_values values      takes and returns
 *   prog_values jobs        pairs of places, in several threads and processes
 *   prog_values hot COUNT   one function, COUNT times
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FUNCTION __attribute__((noinline))
#define HIDE(x) __asm__ volatile("" : "+r"(x))

FUNCTION int take_eight(int8_t a, uint16_t b, int32_t c, uint64_t d, const void *e, bool f,
			int32_t g, uint64_t h)
{
	__asm__ volatile("" ::"r"(e));
	return (int)(a + b + c + (int)d + f + g + (int)h);
}

FUNCTION size_t take_text(const char *text, const char *other)
{
	size_t sz = strlen(text) + (other ? strlen(other) : 0);

	HIDE(sz);
	return sz;
}

/* The upper half of the register holds garbage, as the calling convention allows. */
FUNCTION int return_int(long value)
{
	HIDE(value);
#if defined(__x86_64__)
	__asm__ volatile("movabs $0x5a5a5a5a00000000, %%rdx\n\tor %%rdx, %0" : "+r"(value)::"rdx");
#endif
	return (int)value;
}

FUNCTION long return_long(long value)
{
	HIDE(value);
	return value;
}

FUNCTION void *return_pointer(void *value)
{
	HIDE(value);
	return value;
}

FUNCTION const char *return_text(const char *value)
{
	HIDE(value);
	return value;
}

static char long_text[300];

static int run_values(void)
{
	static const long numbers[] = { 0, 1, -1, 7, INT32_MAX, INT32_MIN };
	char exactly[64];
	int sum = 0;

	sum += take_eight(-8, 60000, -320000, 18000000000000000000u, (void *)0x1234, true, -7, 99);
	memset(long_text, 'x', sizeof(long_text) - 1);
	memset(exactly, 'e', sizeof(exactly) - 1);
	exactly[sizeof(exactly) - 1] = '\0';
	sum += (int)take_text("plain", NULL);
	sum += (int)take_text("comma, \"quote\"\n\xff", "two");
	sum += (int)take_text(long_text, exactly);
	sum += (int)take_text("", "");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sum += return_int(numbers[i]);
		sum += (int)return_long(numbers[i]);
		sum += return_pointer((void *)(numbers[i] << 32)) != NULL;
	}
	sum += (int)strlen(return_text("returned"));
	printf("%d\n", sum);
	return 0;
}

FUNCTION void job_begins(uint64_t id)
{
	HIDE(id);
}

FUNCTION void job_ends(const char *name, uint64_t id)
{
	HIDE(name);
	HIDE(id);
}

static void *end_jobs(void *unused)
{
	usleep(5000);
	job_ends("a", 1);
	job_ends("b", 2);
	job_ends("nobody's", 99);
	return unused;
}

static int run_jobs(void)
{
	pthread_t thread;
	pid_t child;

	job_begins(1);
	job_begins(2);
	child = fork();
	if (!child) {
		job_ends("not the child's", 1); /* another process has other jobs */
		job_begins(5);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	pthread_create(&thread, NULL, end_jobs, NULL);
	pthread_join(thread, NULL);
	job_begins(3); /* given up */
	job_begins(3);
	job_ends("c", 3);
	job_begins(4); /* never ends */
	printf("done\n");
	return 0;
}

FUNCTION int hot(int x)
{
	HIDE(x);
	return x + 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long sum = 0;

	if (!strcmp(what, "values"))
		return run_values();
	if (!strcmp(what, "jobs"))
		return run_jobs();
	if (strcmp(what, "hot") != 0 || argc < 3)
		return 2;
	for (long i = 0; i < atol(argv[2]); i++)
		sum += hot((int)i & 1);
	printf("%ld\n", sum);
	return 0;
}
