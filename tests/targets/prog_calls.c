/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that all return: prog_calls SCENARIO [NUMBER]. */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(measured)                                                                                \
	F(outer) F(middle) F(descend) F(front) F(back) F(ping) F(pong) F(raising) F(busy)
#include "prog_truth.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#define THREADS 8
#define SIGNALS 200

static volatile sig_atomic_t handled;

/* Does its work between two readings of the clock. */
TRACED void measured(void)
{
	long began_ns = now_ns(CLOCK_MONOTONIC);
	struct timespec work = { .tv_nsec = 3000000 };

	COUNT(measured);
	note("wall_inside", now_ns(CLOCK_REALTIME));
	nanosleep(&work, NULL);
	note("inner", now_ns(CLOCK_MONOTONIC) - began_ns);
}

static void *measured_thread(void *arg)
{
	long began_ns;

	prctl(PR_SET_NAME, "a, \"thread\"");
	note("pid", getpid());
	note("tid", thread_id());
	note("wall_before", now_ns(CLOCK_REALTIME));
	began_ns = now_ns(CLOCK_MONOTONIC);
	measured();
	note("outer", now_ns(CLOCK_MONOTONIC) - began_ns);
	note("wall_after", now_ns(CLOCK_REALTIME));
	return arg;
}

static void run_measured(long n)
{
	pthread_t thread;

	(void)n;
	pthread_create(&thread, NULL, measured_thread, NULL);
	pthread_join(thread, NULL);
}

TRACED void middle(void)
{
	COUNT(middle);
	leaf(1);
	leaf(2);
	STAY();
}

TRACED void outer(void)
{
	COUNT(outer);
	middle();
	leaf(3);
	STAY();
}

static void run_nested(long n)
{
	for (long i = 0; i < n; i++)
		outer();
}

TRACED void descend(long levels)
{
	COUNT(descend);
	if (levels > 1)
		descend(levels - 1);
	STAY();
}

static void *thread_of_calls(void *n)
{
	note("tid", thread_id());
	call_leaf((long)n);
	return NULL;
}

static void run_threads(long n)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread_of_calls, (void *)n);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void run_processes(long n)
{
	for (int i = 0; i < 20; i++) {
		if (!fork()) {
			note("pid", getpid());
			call_leaf(n);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
}

TRACED long back(long x)
{
	COUNT(back);
	return x + 1;
}

/* Ends in a jump to back(). */
TRACED long front(long x)
{
	COUNT(front);
	return back(x + 1);
}

static void run_tail(long n)
{
	for (long i = 0; i < n; i++)
		front(i);
}

TRACED long pong(long left);

/* Each ends in a jump to the other. */
TRACED long ping(long left)
{
	COUNT(ping);
	return left > 1 ? pong(left - 1) : 0;
}

TRACED long pong(long left)
{
	COUNT(pong);
	return left > 1 ? ping(left - 1) : 0;
}

static void run_siblings(long n)
{
	ping(n);
	leaf(0);
}

TRACED void raising(int signal)
{
	COUNT(raising);
	if (signal)
		raise(signal);
	STAY();
}

static void on_raise(int signal)
{
	(void)signal;
	handled++;
	raising(0);
}

static void run_raise(long n)
{
	signal(SIGUSR1, on_raise);
	for (long i = 0; i < n; i++)
		raising(SIGUSR1);
	printf("signals %d\n", (int)handled);
}

/* Long enough that a signal will find it. */
TRACED void busy(void)
{
	COUNT(busy);
	for (int i = 0; i < 2000; i++)
		STAY();
}

static void on_alarm(int signal)
{
	(void)signal;
	if (handled == SIGNALS)
		return;
	handled++;
	busy();
}

static void run_alarms(long n)
{
	const struct itimerval often = { { 0, 500 }, { 0, 500 } };
	const struct itimerval never = {};

	(void)n;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	while (handled < SIGNALS)
		busy();
	setitimer(ITIMER_REAL, &never, NULL);
	printf("signals %d\n", (int)handled);
	note("calls busy", calls[FUNCTION_busy]);
	calls[FUNCTION_busy] = 0; /* differs from run to run: not for stdout */
}

static const struct scenario scenarios[] = {
	{ "leaf", call_leaf },
	{ "measured", run_measured },
	{ "nested", run_nested },
	{ "descend", descend },
	{ "threads", run_threads },
	{ "processes", run_processes },
	{ "tail", run_tail },
	{ "siblings", run_siblings },
	{ "raise", run_raise },
	{ "alarms", run_alarms },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
