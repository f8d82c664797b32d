/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads that do something aside. */
#ifndef TACHO_USER_THREAD_H
#define TACHO_USER_THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals: they are for the threads that wait for them. 0 or negative
 * errno. */
int thread__start(pthread_t *ret_thread, void *(*run)(void *ctx), void *ctx);

/* Joins the thread if it ends within that time. 0 or -ETIMEDOUT. */
int thread__join_within(pthread_t thread, unsigned int ms);

#endif
