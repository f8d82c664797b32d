/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What user space tells the BPF programs: the cookie of each probed place, and the shapes of the
 * maps that both sides touch. Never written to a file.
 */
#ifndef TACHO_PROBE_H
#define TACHO_PROBE_H

#ifndef __bpf__
#include <linux/types.h>
#include <stdbool.h>
#endif

#include "tacho/event.h"

/* What a place in the code means. */
enum tacho_place {
	TACHO_PLACE_HIJACK = 0, /* entry; the end is seen by replacing the return address */
	TACHO_PLACE_ENTRY = 1,	/* entry; the end is seen at EXIT places */
	TACHO_PLACE_EXIT = 2,	/* an instruction that returns from the function */
	TACHO_PLACE_LEAVE = 3,	/* one that jumps to another function in its place; if the spec has
				 * a jump, then perhaps */
	TACHO_PLACE_BEGIN = 4,	/* begin and end of a pair, matched by key */
	TACHO_PLACE_END = 5,
	TACHO_PLACE_POINT = 6,	/* begins and ends at once (USDT) */
	TACHO_PLACE_UNWIND = 7, /* where stacks are cut back; the state is an enum tacho_unwind */
};

/* Does something end there, and nothing begin? */
static inline bool tacho_place_is_end(__u32 place)
{
	return place == TACHO_PLACE_EXIT || place == TACHO_PLACE_LEAVE ||
	       place == TACHO_PLACE_END || place == TACHO_PLACE_UNWIND;
}

/* What happens to the thread's stack at an UNWIND place. */
enum tacho_unwind {
	TACHO_UNWIND_THROW = 0,	    /* an exception sets out: _Unwind_RaiseException */
	TACHO_UNWIND_FORCED = 1,    /* a thread is ended by unwinding: _Unwind_ForcedUnwind */
	TACHO_UNWIND_RESUME = 2,    /* goes on after a cleanup: _Unwind_Resume */
	TACHO_UNWIND_CATCH = 3,	    /* has arrived: __cxa_begin_catch */
	TACHO_UNWIND_JUMP_FROM = 4, /* longjmp sets out */
	TACHO_UNWIND_JUMP_TO = 5,   /* longjmp has set the stack pointer */
};

/*
 * What nearly every probe needs to know travels in its 64-bit cookie; no map is read for it.
 *   bits  0-19  probe number
 *   bits 20-31  state number
 *   bits 32-37  rule: the process filter of the state (1..62), 0 = none
 *   bits 38-40  enum tacho_place
 *   bits 41-56  spec: index into the `specs` map, 0 = none
 *   bits 57-63  how far an ENTRY or HIJACK place lies behind the function's first instruction, if
 *               the spec does not say
 */
#define TACHO_COOKIE(place, rule, state, probe, spec, entry_offset)                                \
	((__u64)(entry_offset) << 57 | (__u64)(spec) << 41 | (__u64)(place) << 38 |                \
	 (__u64)(rule) << 32 | (__u64)(state) << 20 | (__u64)(probe))
#define TACHO_COOKIE_PLACE(cookie) ((cookie) >> 38 & 7)

/*
 * Places of the provider "tacho" (tacho/mark.h), and those where CPython tells of its collections
 * of garbage, have programs of their own (bpf/marks.bpf.c). Of their cookies, the place only says
 * whether something ends there; in place of the state stands an enum tacho_mark, and the fetches of
 * the spec are the arguments.
 */
enum tacho_mark {
	TACHO_MARK_BEGIN = 0,
	TACHO_MARK_END = 1,
	TACHO_MARK_KEY_BEGIN = 2,
	TACHO_MARK_KEY_END = 3,
	TACHO_MARK_KEY_LEAVE = 4,
	TACHO_MARK_KEY_ENTER = 5,
	TACHO_MARK_COUNTER = 6,
	TACHO_MARK_ATTRIBUTE_INT = 7,
	TACHO_MARK_ATTRIBUTE_TEXT = 8,
	TACHO_MARK_KEY_ATTRIBUTE_INT = 9,
	TACHO_MARK_KEY_ATTRIBUTE_TEXT = 10,
	TACHO_MARK_FAIL = 11,
	TACHO_MARK_KEY_FAIL = 12,
	TACHO_MARK_GC_START = 13, /* of the provider "python"; so is what follows */
	TACHO_MARK_GC_DONE = 14,
	TACHO_MARK_CNT
};

#define TACHO_MARK_ARGUMENTS_MAX 3

#define TACHO_PROBES_MAX (1u << 20)
#define TACHO_STATES_MAX 4096
#define TACHO_RULES_MAX 63 /* rule 0 is the scope: the processes asked for by -p or a command */
#define TACHO_SPECS_MAX 65536
#define TACHO_ENTRY_OFFSET_MAX 127

/* Where a value is found. Registers are byte offsets into the context of a uprobe program. */
enum tacho_fetch_kind {
	TACHO_FETCH_NONE = 0,
	TACHO_FETCH_CONSTANT = 1, /* displacement */
	TACHO_FETCH_REGISTER = 2, /* base */
	TACHO_FETCH_MEMORY = 3,	  /* size bytes at base + index * scale + displacement */
	TACHO_FETCH_THREAD = 4,	  /* the thread's id */
};

#define TACHO_NO_REGISTER 0xffff

struct tacho_fetch {
	__u8 kind; /* enum tacho_fetch_kind */
	__u8 size; /* 1, 2, 4 or 8 bytes count, extended to 8 */
	__u8 scale;
	__u8 at_end; /* read when the call ends: what it returns */
	__u16 base;
	__u16 index;	   /* or TACHO_NO_REGISTER */
	__u16 text_offset; /* of a string that the value points to, in tacho_values.text */
	__u16 text_sz;	   /* 0: no string */
	__u16 is_signed;
	__u16 reserved;
	__s64 displacement;
};

/* Values of tacho_jump.condition beyond the machine's own condition codes, 0 to 15. */
#define TACHO_JUMP_ZERO 0x10 /* arm64 cbz, cbnz, tbz, tbnz */
#define TACHO_JUMP_NOT_ZERO 0x11
#define TACHO_JUMP_BIT_CLEAR 0x12
#define TACHO_JUMP_BIT_SET 0x13
#define TACHO_JUMP_ALWAYS 0xff

/* A jump that leaves the function only if it is taken, or only if it leads outside. */
struct tacho_jump {
	__u8 present;
	__u8 condition;
	__u8 bit; /* BIT_...: which; ZERO...: the highest that counts, 31 or 63 */
	__u8 scale;
	__u16 condition_reg; /* of ZERO, BIT */
	__u16 base;	     /* TACHO_NO_REGISTER: a direct jump, which leads outside */
	__u16 index;
	__u16 in_memory; /* the target is what base + index * scale + displacement points to */
	__u32 reserved;
	__s64 displacement;
	__s64 inside[2][2]; /* [from, to), from this instruction: targets that do not leave */
};

/* What some probes need to know besides. Value of the `specs` map. */
struct tacho_spec {
	__u32 entry_offset; /* as in the cookie, when it does not fit there */
	__u32 sp_delta;	    /* to add at the place for the stack pointer at the first instruction */
	__u16 fetch_cnt;
	__u16 has_values;   /* the record carries struct tacho_values */
	__u16 has_text;	    /* ... with text */
	__u16 entry_values; /* some values are read when the call begins */
	__u16 by_goroutine; /* Go: stacks move and goroutines change threads (bpf/spans.bpf.h) */
	__u16 reserved[3];
	struct tacho_fetch fetches[TACHO_CAPTURES_MAX];
	struct tacho_fetch key; /* BEGIN, END */
	struct tacho_jump jump; /* LEAVE */
};

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
	/* This CPU's share of the rows of this second (bpf/guard.bpf.h). */
	__u64 budget_until_ns;
	__u64 budget;
};

/* Value of the `budgets` map, keyed by state number: rows of the current second, over all CPUs. */
struct tacho_budget {
	__u64 limit; /* rows a second; 0 = none. Set by user space. */
	__u64 since_ns;
	__u64 used;
};

/* Key and per-CPU value of the `summaries` map. User space switches between two parities: it reads
 * the one that has not been written to since the flush before. */
struct tacho_summary_key {
	__u32 state;
	__u32 parity;
};

struct tacho_summary_sums {
	__u64 ended[TACHO_ENDED_CNT];
	__u64 sum_ns;
	__u64 min_inverse_ns; /* ~min_ns, so that 0 is nothing yet */
	__u64 max_ns;
	__u64 buckets[TACHO_BUCKETS];
};

/* Value of the one-entry `trouble` map: what went wrong outside any state. */
struct tacho_trouble {
	__u64 process_table_full; /* a process could not be put under the filter */
	__u64 command_unreadable; /* a command line could not be read or judged at exec */
	__u64 attributes_dropped; /* of marked blocks: too many names, or no memory */
	__u64 counters_unsent;	  /* without a record of their own; the next one has the total */
	__u64 counters_lost;	  /* not counted at all: unreadable, or no memory */
};

/* How deep calls may nest beyond the frames kept with the thread (places ENTRY and EXIT only). */
struct tacho_deep_key {
	__u32 tid;
	__u32 index;
};

/* A point in the life of a thread: when, and what it has used by then. What lies between two is
 * their difference (bpf/usage.bpf.h). */
struct tacho_moment {
	__u64 ns;	    /* CLOCK_MONOTONIC */
	__u64 off_cpu_ns;   /* goes on while the thread is off the CPU; from an unknown beginning */
	__u64 run_delay_ns; /* waiting for a CPU */
	__u32 minor_faults;
	__u32 major_faults;
	__u32 voluntary_switches;
	__u32 involuntary_switches;
};

struct tacho_frame {
	__u64 sp; /* see entry_stack_pointer() */
	__u64 ip; /* the function's first instruction: calls with the same sp and ip are one call,
		   * seen by the probes of several states */
	struct tacho_moment start;
	__u32 probe; /* TACHO_NO_PROBE: ended out of order, to be dropped when on top */
	__u16 state;
	__u16 place; /* enum tacho_place */
	__u32 spec;
	__u32 reserved;
};

#define TACHO_NO_PROBE 0xffffffffu

/* Key of the `spans` map: a pair's begin that waits for its end. */
struct tacho_span_key {
	__u32 state; /* or TACHO_SPAN_GOROUTINE | probe */
	__u32 pid;
	__u64 key;
};

#define TACHO_SPAN_GOROUTINE 0x80000000u

struct tacho_span {
	struct tacho_frame frame; /* of no stack */
	__u32 tid;
	__u32 depth;
	char comm[TACHO_COMM_SZ];
};

/* Key of the `captured` map: the values of a call that is open. A frame is known by its thread and
 * index, a span by its own key. */
struct tacho_captured_key {
	__u64 owner; /* thread id, or TACHO_CAPTURED_SPAN | state << 32 | pid */
	__u64 number;
};

#define TACHO_CAPTURED_SPAN (1ULL << 63)

/* --- marks ----------------------------------------------------------------------------------- */

#define TACHO_LABEL_SZ 128    /* what is looked at of a label, the NUL included */
#define TACHO_LABELS_MAX 1024 /* the most that the settings allow */
#define TACHO_LABEL_GLOBS_MAX 64

/*
 * A label gets the next number when it is first seen, and with it the kernel's state number
 * label_base + number. When all numbers are given away, label_limit stands for every other label.
 * What the kernel sends of a marked block has TACHO_PROBE_LABEL | number in place of the probe.
 */
#define TACHO_PROBE_LABEL 0x80000000u
#define TACHO_LABEL_UNWANTED 0xffffffffu /* the settings do not select it */

/* Key of the `labels` map, whose values are numbers; NULs behind the text. */
struct tacho_label_key {
	char text[TACHO_LABEL_SZ];
};

/* Value of the `label_names` map, keyed by number. */
struct tacho_label_name {
	char text[TACHO_LABEL_SZ];
	__u32 probe; /* where it was first seen */
	__u32 known; /* 0: nobody has this number yet */
};

/* Value of the `attribute_names` map, keyed by number. */
struct tacho_attribute_name {
	char text[TACHO_ATTRIBUTE_NAME_SZ];
	__u64 known; /* as above */
};

/* Key of the `counters` map, whose values are totals. */
struct tacho_counter_key {
	char name[TACHO_COUNTER_NAME_SZ]; /* NULs behind the text */
	__u64 process_start_ns;		  /* numbers of processes are used again */
	__u32 pid;
	__u32 reserved;
};

/* In place of the state in struct tacho_span_key: a block known by its key. */
#define TACHO_SPAN_KEYED 0x40000000u

/* Value of the `keyed_blocks` map. */

#endif
