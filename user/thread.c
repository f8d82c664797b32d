/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "thread.h"

#include <signal.h>
#include <time.h>

int thread__start(pthread_t *ret_thread, void *(*run)(void *ctx), void *ctx)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(ret_thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int thread__join_within(pthread_t thread, unsigned int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return -pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &at);
}
