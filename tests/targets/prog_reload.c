/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A program whose functions go on being called, and calls that go on, while its recorder changes
 * its mind. It does what it is told on stdin, one order a line, and answers each with a line:
 *
 *	load       threads go into around(), and call kept() there, and other() inside it
 *	rest       they stop; says how often each function has been called
 *	call N     calls kept() N times
 *	other N    calls other() N times
 *	named TEXT calls named(TEXT, its length)
 *	enter      a thread calls slow(), and that within(), and stays in there
 *	leave      it comes back; says how long slow() took, in ns
 *	counts     says how often each function has been called
 */
#define FUNCTIONS(F) F(leaf) F(kept) F(other) F(slow) F(within) F(named) F(around)
#include "prog_truth.h"

#include <pthread.h>
#include <stdbool.h>

#define LOAD_THREADS 2

static pthread_t loaders[LOAD_THREADS], slow_thread;
static atomic_bool loading;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool inside, may_leave;

TRACED long other(long x)
{
	COUNT(other);
	return x + 1;
}

TRACED long kept(long x)
{
	COUNT(kept);
	x = other(x);
	STAY();
	return x;
}

TRACED long named(const char *text, long n)
{
	COUNT(named);
	return n + *text;
}

TRACED void within(void)
{
	COUNT(within);
	pthread_mutex_lock(&lock);
	inside = true;
	pthread_cond_broadcast(&changed);
	while (!may_leave)
		pthread_cond_wait(&changed, &lock);
	inside = false;
	pthread_mutex_unlock(&lock);
}

TRACED void slow(void)
{
	COUNT(slow);
	within();
	STAY();
}

static void *call_slow(void *ctx)
{
	long *took_ns = ctx;
	long began_ns = now_ns(CLOCK_MONOTONIC);

	slow();
	*took_ns = now_ns(CLOCK_MONOTONIC) - began_ns;
	return NULL;
}

TRACED void around(void)
{
	COUNT(around);
	for (long i = 0; loading; i++)
		kept(i);
	STAY();
}

static void *keep_calling(void *ctx)
{
	around();
	return ctx;
}

static void say_counts(void)
{
	for (int i = 0; i < FUNCTION_CNT; i++)
		printf("%s=%ld ", function_names[i], (long)calls[i]);
	printf("\n");
}

static void load(void)
{
	loading = true;
	for (int i = 0; i < LOAD_THREADS; i++)
		pthread_create(&loaders[i], NULL, keep_calling, NULL);
	printf("loading\n");
}

static void rest(void)
{
	loading = false;
	for (int i = 0; i < LOAD_THREADS; i++)
		pthread_join(loaders[i], NULL);
	say_counts();
}

static long slow_ns;

static void enter(void)
{
	may_leave = false;
	pthread_create(&slow_thread, NULL, call_slow, &slow_ns);
	pthread_mutex_lock(&lock);
	while (!inside)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	printf("entered\n");
}

static void leave(void)
{
	pthread_mutex_lock(&lock);
	may_leave = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(slow_thread, NULL);
	printf("%ld\n", slow_ns);
}

static void call(const char *number, long (*function)(long))
{
	for (long i = 0, n = atol(number); i < n; i++)
		function(i);
	printf("done\n");
}

int main(void)
{
	char order[16], argument[64], line[128];

	while (fgets(line, sizeof(line), stdin)) {
		*argument = '\0';
		if (sscanf(line, "%15s %63s", order, argument) < 1)
			return 2;
		if (!strcmp(order, "load"))
			load();
		else if (!strcmp(order, "rest"))
			rest();
		else if (!strcmp(order, "call"))
			call(argument, kept);
		else if (!strcmp(order, "other"))
			call(argument, other);
		else if (!strcmp(order, "leaf"))
			call(argument, leaf);
		else if (!strcmp(order, "named"))
			printf("%ld\n", named(argument, strlen(argument)));
		else if (!strcmp(order, "enter"))
			enter();
		else if (!strcmp(order, "leave"))
			leave();
		else if (!strcmp(order, "counts"))
			say_counts();
		else
			return 2;
	}
	return 0;
}
