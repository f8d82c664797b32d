/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads that end within a call: survive_threads SCENARIO. */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(leaves) F(waits) F(spins) F(turns) F(quits)
#include "survive_truth.h"

#include <pthread.h>
#include <semaphore.h>

static int current_round;
static sem_t inside; /* a thread is within its call */
static volatile bool always = true;

static pthread_t start(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		abort();
	return thread;
}

static void wait_until_inside(void)
{
	while (sem_wait(&inside))
		;
}

/* Runs while a thread is taken down, above the call that is being ended. */
static void cleanup(void *arg)
{
	mix(leaf((long)arg));
}

/* --- pthread_exit --------------------------------------------------------------------------- */

TRACED int leaves(int depth)
{
	ENTERS(leaves);
	if (depth) {
		depth += leaves(depth - 1);
	} else {
		gate_inside(current_round);
		ENDS_TIMES(leaves, THREAD_EXIT, 3);
		if (always)
			pthread_exit((void *)9);
	}
	STAY();
	return depth;
}

static void *leaving_thread(void *arg)
{
	pthread_cleanup_push(cleanup, (void *)5);
	call_leaf(3);
	mix(leaves(2));
	pthread_cleanup_pop(0);
	return arg;
}

static void run_pthread_exit(int round)
{
	void *result;

	current_round = round;
	for (int i = 0; i < 3; i++) {
		pthread_join(start(leaving_thread), &result);
		mix((long)result);
	}
	sleep_once();
}

/* --- pthread_cancel: while it waits; at any instruction ------------------------------------- */

TRACED void waits(void)
{
	ENTERS(waits);
	pthread_cleanup_push(cleanup, (void *)6);
	sem_post(&inside);
	while (always)
		pause();
	pthread_cleanup_pop(0);
}

static void *waiting_thread(void *arg)
{
	waits();
	return arg;
}

static void run_cancel(int round)
{
	pthread_t thread;
	void *result;

	for (int i = 0; i < 3; i++) {
		thread = start(waiting_thread);
		wait_until_inside();
		gate_inside(round);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		ENDS(waits, THREAD_EXIT);
		mix(result == PTHREAD_CANCELED);
	}
	call_leaf(3);
	sleep_once();
}

/* The thread may be anywhere in it: only the thread knows how often, and is gone. */
static volatile long turned;

TRACED void turns(void)
{
	turned++;
}

TRACED void spins(void)
{
	ENTERS(spins);
	sem_post(&inside);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	while (always)
		turns();
}

static void *spinning_thread(void *arg)
{
	spins();
	return arg;
}

static void run_cancel_async(int round)
{
	pthread_t thread;
	void *result;

	for (int i = 0; i < 3; i++) {
		thread = start(spinning_thread);
		wait_until_inside();
		gate_inside(round);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		ENDS(spins, THREAD_EXIT);
		mix(result == PTHREAD_CANCELED);
	}
	call_leaf(3);
	sleep_once();
}

/* --- calls without a pause, while recorders come and go ------------------------------------- */

static volatile bool stopping;

TRACED void twirls(void)
{
	turned++;
	turns();
	turned--;
}

static void *twirling_thread(void *arg)
{
	sem_post(&inside);
	while (!stopping)
		twirls();
	return arg;
}

static void run_hot(int round)
{
	pthread_t threads[2];

	stopping = false;
	for (int i = 0; i < 2; i++)
		threads[i] = start(twirling_thread);
	wait_until_inside();
	wait_until_inside();
	gate_inside(round);
	stopping = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	sleep_once();
}

/* --- exit, while another thread waits ------------------------------------------------------- */

TRACED void quits(int round)
{
	ENTERS(quits);
	gate_inside(round);
	if (round + 1 < ROUNDS) {
		ENDS(quits, RETURNED);
		return;
	}
	ENDS(quits, THREAD_EXIT);
	ENDS(waits, THREAD_EXIT);
	say("checksum %lx\n", checksum);
	tell_counts();
	exit(7);
}

static void run_exit(int round)
{
	if (!round) {
		start(waiting_thread);
		wait_until_inside();
	}
	sleep_once();
	quits(round);
}

static const struct scenario scenarios[] = {
	{ "pthread_exit", run_pthread_exit },
	{ "cancel", run_cancel },
	{ "cancel_async", run_cancel_async },
	{ "hot", run_hot },
	{ "exit", run_exit },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
