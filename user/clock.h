/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two clocks: what happened is stamped with CLOCK_MONOTONIC (bpf_ktime_get_ns), files want
 * CLOCK_REALTIME. Their difference is measured again and again, and kept with the moment from which
 * on it holds, so that a call that began before the clock was set keeps the time that a clock on
 * the wall showed when it began.
 */
#ifndef TACHO_USER_CLOCK_H
#define TACHO_USER_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

uint64_t clock_monotonic_ns(void);

/* CLOCK_REALTIME - that clock (CLOCK_MONOTONIC, CLOCK_BOOTTIME), from the tightest of several
 * readings. */
int64_t clock_measure_offset(clockid_t clock);

/* A timerfd that becomes readable when CLOCK_REALTIME is set (TFD_TIMER_CANCEL_ON_SET,
 * timerfd_create(2)); read it with clock_step_acknowledge. Negative errno on failure. */
int clock_step_fd(void);
void clock_step_acknowledge(int fd);

#define CLOCK_HISTORY_MAX 4096

struct clock_offset {
	uint64_t since_ns; /* CLOCK_MONOTONIC */
	int64_t offset_ns;
};

/* Offsets by time, oldest first; when full, the oldest goes. Zero-initialise. */
struct clock_history {
	struct clock_offset items[CLOCK_HISTORY_MAX];
	size_t first;
	size_t cnt;
};

/* An earlier moment than the last one given is taken as that one. */
void clock_history__add(struct clock_history *history, uint64_t since_ns, int64_t offset_ns);

/* The offset in force at that moment; before the first one known, the first; 0 if none is. */
int64_t clock_history__offset_at(const struct clock_history *history, uint64_t monotonic_ns);

#endif
