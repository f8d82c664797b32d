/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space tells the BPF programs: the cookie of each probed place, and the shapes of the
 * maps that both sides touch. Never written to a file.
 */
#ifndef TACHO_PROBE_H
#define TACHO_PROBE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#include "tacho/event.h"

/* What a place in the code means. */
enum tacho_place {
	TACHO_PLACE_HIJACK = 0, /* entry; the end is seen by replacing the return address */
	TACHO_PLACE_ENTRY = 1,	/* entry; the end is seen at EXIT places */
	TACHO_PLACE_EXIT = 2,	/* an instruction that leaves the function */
};

/*
 * Everything a probe needs to know travels in its 64-bit cookie; no map is read for it.
 *   bits  0-31  probe number
 *   bits 32-47  state number
 *   bits 48-55  rule: the process filter of the state (1..62), 0 = none
 *   bits 56-63  enum tacho_place
 */
#define TACHO_COOKIE(place, rule, state, probe)                                                    \
	((__u64)(place) << 56 | (__u64)(rule) << 48 | (__u64)(state) << 32 | (__u64)(probe))

#define TACHO_STATES_MAX 4096
#define TACHO_RULES_MAX 63 /* rule 0 is the scope: the processes asked for by -p or a command */

/* Value of the `processes` map, keyed by pid (tgid): which rules the process satisfies. */
struct tacho_process {
	__u64 rules; /* bit n: matches the glob of rule n; and the two below */
};

#define TACHO_RULE_SCOPE 1ULL
/* Will be in scope from its next exec on: the child that is to become the command still runs the
 * recorder's own code. */
#define TACHO_RULE_SCOPE_AT_EXEC (1ULL << 63)

/* Value of the per-CPU `counts` map, keyed by state number. */
struct tacho_state_counts {
	__u64 entries;
	__u64 lost_ring;
	__u64 lost_nesting;
	__u64 lost_other;
	__u64 unmatched_returns;
};

/* Value of the one-entry `trouble` map: what went wrong outside any state. */
struct tacho_trouble {
	__u64 process_table_full; /* a process could not be put under the filter */
	__u64 command_unreadable; /* a command line could not be read or judged at exec */
};

/* How deep calls may nest beyond the frames kept with the thread (places ENTRY and EXIT only). */
struct tacho_deep_key {
	__u32 tid;
	__u32 index;
};

struct tacho_frame {
	__u64 sp; /* see entry_stack_pointer() */
	__u64 ip; /* the probed instruction: calls with the same sp and ip are one call, seen by the
		   * probes of several states */
	__u64 start_ns;
	__u32 probe; /* TACHO_NO_PROBE: ended out of order, to be dropped when on top */
	__u16 state;
	__u16 place; /* enum tacho_place */
};

#define TACHO_NO_PROBE 0xffffffffu

#endif
