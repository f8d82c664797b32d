/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all BPF programs share: the settings that user space fills in before loading, the maps, and
 * the counters. Everything is __weak, so that each object file may hold it and the linker keeps
 * one.
 */
#ifndef TACHO_BPF_COMMON_H
#define TACHO_BPF_COMMON_H

#include "compat.bpf.h"
#include "tacho/event.h"
#include "tacho/probe.h"

/* Only the processes in the `processes` map with TACHO_RULE_SCOPE are recorded. */
const volatile bool scoped __weak = false;
/* What a process in scope forks is in scope too. */
const volatile bool scope_follows_forks __weak = false;
/* The recorder itself: recording what it does to record would feed on itself. */
const volatile __u32 own_pid __weak = 0;
/* Unread bytes in the ring from which on the reader is woken; below, its timer is soon enough. */
const volatile __u64 wake_bytes __weak = 1 << 20;

/* Some state has a limit to its rows a second. */
const volatile bool guarded __weak = false;
/* Some state is a pair of places. */
const volatile bool pairs __weak = false;
/* Marks of programs are recorded; then: the kernel's state number of the first label, ... */
const volatile bool marks __weak = false;
const volatile __u32 label_base __weak = 0;
/* ... how many labels there may be, and the state that stands for all marks. */
const volatile __u32 label_limit __weak = 0;
const volatile __u32 marks_state __weak = 0;
/* The programs at probed places were loaded as sleepable. */
const volatile bool may_sleep __weak = false;
/* Tell user space what is executed in mount namespaces other than this one; 0 = do not. */
const volatile __u32 own_mount_namespace __weak = 0;

/*
 * Calls that begin are recorded: set when every probe is in place, cleared before the first is
 * taken away. In between, a call's beginning may be seen and its end not, or the other way round.
 *
 * That it is cleared first has another reason. While a thread is in a call whose return address is
 * replaced, and goes on entering others, Linux 6.13 and newer put off again and again what a
 * detaching recorder waits for (prepare_uretprobe re-arms ri_timer, which alone ends the SRCU
 * reader of the outer call; 8622e45b5da1). With no new ones, it is over in 0.1 s.
 */
volatile bool recording __weak = false;
/* The recording goes on, but no return address is replaced while a file is being let go of; the
 * calls that go unseen for it are counted. */
volatile bool no_hijack __weak = false;

/* States of which no call begins any more, a bit each: their probes are being taken away, or are
 * not there. */
volatile __u64 unselected[TACHO_STATES_MAX / 64] __weak = {};

static __always_inline bool is_unselected(u32 state)
{
	return unselected[state / 64 % (TACHO_STATES_MAX / 64)] >> state % 64 & 1;
}

/* Counts up when processes have been judged anew, so that threads ask again which rules theirs
 * satisfies. */
volatile __u32 rules_generation __weak = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23); /* set before loading */
} ring __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1); /* number of states; set before loading */
	__type(key, u32);
	__type(value, struct tacho_state_counts);
} counts __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before loading */
	__type(key, u32);
	__type(value, struct tacho_spec);
} specs __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before loading when there is any filter */
	__type(key, u32);
	__type(value, struct tacho_process);
} processes __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tacho_trouble);
} trouble __weak SEC(".maps");

/* One of the counters of a state. Per-CPU and atomic still: a program may be preempted. */
#define count(state, member)                                                                       \
	do {                                                                                       \
		u32 key_ = (state);                                                                \
		struct tacho_state_counts *counts_ = bpf_map_lookup_elem(&counts, &key_);          \
		if (counts_)                                                                       \
			__sync_fetch_and_add(&counts_->member, 1);                                 \
	} while (0)

#define count_trouble(member)                                                                      \
	do {                                                                                       \
		u32 key_ = 0;                                                                      \
		struct tacho_trouble *trouble_ = bpf_map_lookup_elem(&trouble, &key_);             \
		if (trouble_)                                                                      \
			__sync_fetch_and_add(&trouble_->member, 1);                                \
	} while (0)

#endif
