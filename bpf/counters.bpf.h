/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters that programs keep: their totals, and the record that each change leaves. */
#ifndef TACHO_BPF_COUNTERS_H
#define TACHO_BPF_COUNTERS_H

#include "frames.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set before loading when there are marks */
	__type(key, struct tacho_counter_key);
	__type(value, u64);
} counters __weak SEC(".maps");

static __always_inline void send_counter(const struct tacho_counter_key *key, u64 now_ns, s64 delta,
					 s64 total)
{
	struct tacho_counter *record;

	if (guarded && !guard_admits(marks_state, now_ns)) {
		count_trouble(counters_unsent);
		return;
	}
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_trouble(counters_unsent);
		return;
	}
	record->head.kind = TACHO_RECORD_COUNTER;
	record->head.size = sizeof(*record);
	record->time_ns = now_ns;
	record->delta = delta;
	record->total = total;
	record->pid = key->pid;
	record->tid = (u32)bpf_get_current_pid_tgid();
	__builtin_memcpy(record->name, key->name, sizeof(record->name));
	bpf_ringbuf_submit(record, wake_flags());
}

static __always_inline void counter_add(const struct tacho_counter_key *key, u64 now_ns, s64 delta)
{
	u64 *total = bpf_map_lookup_elem(&counters, key);
	u64 nothing = 0;

	if (!total) {
		bpf_map_update_elem(&counters, key, &nothing, BPF_NOEXIST);
		total = bpf_map_lookup_elem(&counters, key);
	}
	if (total)
		send_counter(key, now_ns, delta, __sync_fetch_and_add(total, delta) + delta);
	else
		count_trouble(counters_lost);
}

#endif
