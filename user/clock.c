/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define READINGS 16

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_measure_offset(clockid_t clock)
{
	uint64_t best_gap = UINT64_MAX;
	int64_t offset = 0;
	uint64_t before, wall, after;

	for (int i = 0; i < READINGS; i++) {
		before = read_clock(clock);
		wall = read_clock(CLOCK_REALTIME);
		after = read_clock(clock);
		if (after - before >= best_gap)
			continue;
		best_gap = after - before;
		offset = (int64_t)(wall - before - best_gap / 2);
	}
	return offset;
}

static int arm(int fd)
{
	/* never due; what counts is that setting the clock cancels it */
	struct itimerspec never = { .it_value.tv_sec = LONG_MAX };

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL))
		return -errno;
	return 0;
}

int clock_step_fd(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = arm(fd);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

void clock_step_acknowledge(int fd)
{
	uint64_t expirations;
	ssize_t got;

	/* ECANCELED is the message; the timer stays armed, arming again only makes sure */
	got = read(fd, &expirations, sizeof(expirations));
	if (got < 0 && errno == ECANCELED)
		arm(fd);
}

void clock_history__add(struct clock_history *history, uint64_t since_ns, int64_t offset_ns)
{
	size_t last;

	if (history->cnt) {
		last = (history->first + history->cnt - 1) % CLOCK_HISTORY_MAX;
		if (since_ns < history->items[last].since_ns)
			since_ns = history->items[last].since_ns;
	}
	if (history->cnt == CLOCK_HISTORY_MAX)
		history->first = (history->first + 1) % CLOCK_HISTORY_MAX;
	else
		history->cnt++;
	last = (history->first + history->cnt - 1) % CLOCK_HISTORY_MAX;
	history->items[last] = (struct clock_offset) { since_ns, offset_ns };
}

int64_t clock_history__offset_at(const struct clock_history *history, uint64_t monotonic_ns)
{
	const struct clock_offset *item;

	/* Newest first: nearly every question is about the last second. */
	for (size_t i = history->cnt; i-- > 0;) {
		item = &history->items[(history->first + i) % CLOCK_HISTORY_MAX];
		if (item->since_ns <= monotonic_ns || !i)
			return item->offset_ns;
	}
	return 0;
}
