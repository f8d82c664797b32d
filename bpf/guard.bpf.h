/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guard: a state that ends more calls a second than its limit gets no row for the others; they
 * go into exact sums (count, sum, least, most, a histogram), from which activity_summary.csv is
 * made.
 *
 * The second's rows are one number shared by all CPUs, from which each takes a few at a time, so
 * that CPUs do not pass a cache line around with every call.
 */
#ifndef TACHO_BPF_GUARD_H
#define TACHO_BPF_GUARD_H

#include "common.bpf.h"

#define GUARD_WINDOW_NS 1000000000ULL
#define GUARD_SHARE_MAX 64 /* rows that a CPU takes at a time */

/* Which half of the summaries is written to now; user space changes it. */
volatile __u32 summary_parity __weak = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* number of states; set before loading */
	__type(key, u32);
	__type(value, struct tacho_budget);
} budgets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* twice the number of states; set before loading */
	__type(key, struct tacho_summary_key);
	__type(value, struct tacho_summary_sums);
} summaries __weak SEC(".maps");

static const struct tacho_summary_sums no_sums;

/* Takes this CPU's next share of the second's rows. */
static __always_inline bool guard_take_share(u32 state, struct tacho_state_counts *mine, u64 now_ns)
{
	struct tacho_budget *budget = bpf_map_lookup_elem(&budgets, &state);
	u64 share = GUARD_SHARE_MAX;
	u64 since_ns;
	u64 used;

	if (!budget)
		return true;
	if (!budget->limit) {
		mine->budget = ~0ULL;
		mine->budget_until_ns = now_ns + GUARD_WINDOW_NS; /* it may come to have one */
		return true;
	}
	since_ns = budget->since_ns;
	if (now_ns - since_ns >= GUARD_WINDOW_NS && now_ns > since_ns &&
	    __sync_val_compare_and_swap(&budget->since_ns, since_ns, now_ns) == since_ns) {
		__sync_lock_test_and_set(&budget->used, 0);
		since_ns = now_ns;
	}
	if (share > budget->limit / 16 + 1)
		share = budget->limit / 16 + 1;
	used = __sync_fetch_and_add(&budget->used, share);
	mine->budget_until_ns = since_ns + GUARD_WINDOW_NS;
	mine->budget = used >= budget->limit	      ? 0
		       : share > budget->limit - used ? budget->limit - used
						      : share;
	if (!mine->budget)
		return false;
	mine->budget--;
	return true;
}

/* May this call, which has just ended, have a row of its own? */
static __always_inline bool guard_admits(u32 state, u64 now_ns)
{
	struct tacho_state_counts *mine = bpf_map_lookup_elem(&counts, &state);
	struct tacho_budget *budget;
	u64 left;

	if (!mine)
		return true;
	left = mine->budget;
	if (now_ns < mine->budget_until_ns) {
		/* Another program may have taken the last one since: never below 0. */
		if (left) {
			mine->budget = left - 1;
			return true;
		}
		/* Blocked, unless the share was merely used up. */
		budget = bpf_map_lookup_elem(&budgets, &state);
		if (budget && budget->used >= budget->limit &&
		    now_ns - budget->since_ns < GUARD_WINDOW_NS)
			return false;
	}
	return guard_take_share(state, mine, now_ns);
}

/* floor(log2(duration)), at most TACHO_BUCKETS - 1 */
static __always_inline u32 guard_bucket(u64 duration_ns)
{
	u32 bucket = 0;

	for (u32 step = 32; step; step >>= 1) {
		if (duration_ns >> step) {
			duration_ns >>= step;
			bucket += step;
		}
	}
	return bucket < TACHO_BUCKETS ? bucket : TACHO_BUCKETS - 1;
}

/* Adds the call to the sums. False if there is no memory for them. */
static __always_inline bool guard_summarize(u32 state, u32 ended, u64 duration_ns)
{
	struct tacho_summary_key key = { .state = state, .parity = summary_parity & 1 };
	struct tacho_summary_sums *sums = bpf_map_lookup_elem(&summaries, &key);

	if (!sums) {
		bpf_map_update_elem(&summaries, &key, &no_sums, BPF_NOEXIST);
		sums = bpf_map_lookup_elem(&summaries, &key);
	}
	if (!sums || ended >= TACHO_ENDED_CNT)
		return false;
	__sync_fetch_and_add(&sums->ended[ended], 1);
	__sync_fetch_and_add(&sums->sum_ns, duration_ns);
	__sync_fetch_and_add(&sums->buckets[guard_bucket(duration_ns)], 1);
	if (~duration_ns > sums->min_inverse_ns)
		sums->min_inverse_ns = ~duration_ns;
	if (duration_ns > sums->max_ns)
		sums->max_ns = duration_ns;
	return true;
}

#endif
