/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From settings to places: which byte of which file is probed, for which state, and how the end of
 * a call is seen. Planning touches nothing and needs no privileges; attaching follows the plan.
 *
 * A plan grows while files are followed and when states are added, and never shrinks: numbers of
 * states, targets, binaries and probes stay what they are. What is no longer there keeps its entry,
 * and its file is closed.
 */
#ifndef TACHO_USER_PLAN_PLAN_H
#define TACHO_USER_PLAN_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "../config.h"
#include "../elf/elf_file.h"
#include "../fault.h"
#include "code.h"
#include "exit_mode.h"
#include "tacho/probe.h"

/* One BINARY:FUNCTION of the settings. */
struct planned_target {
	uint32_t state; /* index into plan.states */
	enum { TARGET_FUNCTION, TARGET_BEGIN, TARGET_END, TARGET_MARKS } role;
	const struct function_ref *ref; /* the config's */
	bool core;			/* MARKS: the C core of the Python package */
	bool usual;			/* core: in one of several places, and one core is enough */
	bool pending;			/* not there yet; waiting says what */
	struct fault waiting;
	bool failed; /* with keep_going: it cannot be planned; waiting says why */
	/* Of many functions, these cannot be recorded. */
	size_t refused_cnt;
	struct fault refused; /* why the first of them */
};

struct planned_binary {
	char *path;
	struct elf_file *elf; /* open: what was planned is what gets probed, whatever the name
			       * does; NULL when given up */
	char *root;	      /* "/proc/PID/root" if the path is inside there, or NULL */
	/* Found when first asked for. */
	struct code_reader *code;
	bool exit_mode_known;
	bool fast_is_harmless;
	char exit_reason[EXIT_REASON_SZ];
	struct dwarf_info *dwarf;
	bool dwarf_looked_for;
	bool hooks_planned;
};

enum planned_kind {
	PLANNED_CALL,
	PLANNED_BEGIN,
	PLANNED_END,
	PLANNED_POINT,
	PLANNED_MARK,  /* of one of the providers in marks.c */
	PLANNED_LABEL, /* all marks with one label: in no place of its own */
};

/* An instruction that ends a call (safe mode). */
struct planned_exit {
	uint64_t offset; /* in the file */
	enum code_cost cost;
	bool tail_call;		/* goes on in another function, perhaps (jump.present) */
	struct tacho_jump jump; /* how to know at run time */
};

struct planned_value {
	struct tacho_fetch fetch;
	enum tacho_value_type type;
};

struct planned_probe {
	uint32_t target; /* index into plan.targets */
	uint32_t state;
	uint32_t binary;
	enum planned_kind kind;
	const char *function;  /* as written; the config's */
	char *symbol;	       /* as found, for people */
	char *table;	       /* where it was found: ".symtab", ..., or ".note.stapsdt" */
	uint64_t vaddr;	       /* of the symbol, or of the USDT site */
	uint64_t size;	       /* of the symbol */
	uint64_t delta;	       /* symbol + delta was asked for */
	uint64_t offset;       /* in the file: what is probed */
	uint32_t entry_offset; /* symbol + entry_offset is probed: past what costs more */
	uint32_t sp_delta;     /* see struct tacho_spec */
	enum code_cost cost;
	uint64_t semaphore_offset; /* in the file; 0 = none (USDT) */

	enum tacho_mark mark; /* PLANNED_MARK; its arguments are values */

	/* PLANNED_CALL */
	bool by_goroutine; /* Go: calls are told by goroutine, not by thread and stack pointer */
	bool fast;	   /* exit mode, see exit_mode.h */
	char *reason;	   /* why that exit mode */
	struct planned_exit *exits; /* safe mode only */
	size_t exit_cnt;
	size_t tail_call_cnt; /* of the exits: a call that leaves there ends at the jump */
	size_t maybe_cnt;     /* of these: decided at run time */
	size_t inlined_cnt;   /* copies of the function that no probe sees, as far as is known */

	struct planned_value values[TACHO_CAPTURES_MAX]; /* the state's captures, in order */
	struct planned_value key;			 /* BEGIN, END */
	enum tacho_value_type return_type;		 /* NONE: not of interest */
	bool return_type_known; /* from debugging information or settings, not by default */
};

/* A place where stacks are cut back, see bpf/unwind.bpf.h. */
struct planned_hook {
	uint32_t binary;
	enum tacho_unwind what;
	uint64_t offset; /* in the file */
	char *symbol;
};

struct planned_state {
	const struct state_config *config;
	const char *name;
	const char *process; /* glob, or NULL = any */
	uint64_t
		rate_limit; /* rows a second; 0 = no limit. May change; the config's is the first */
	struct state_config *owned; /* the config, when it was added later; else NULL */
	uint32_t label;		    /* of a label, or of Python functions: its number + 1 */
	/* Of the captured values, for all probes alike; settled by the probes that plan__new finds,
	 * or by the settings. */
	enum tacho_value_type types[TACHO_CAPTURES_MAX];
	uint16_t text_szs[TACHO_CAPTURES_MAX];
	bool types_settled;
};

struct plan_options {
	bool wait;		  /* what the config names may be missing, and is pending then */
	bool keep_going;	  /* what cannot be planned is left out (planned_target.failed) */
	bool count_inlined;	  /* reads all debugging information: slow for large programs */
	const char *const *roots; /* where else to look for what is not here: "/proc/PID/root" */
	size_t root_cnt;
};

struct plan {
	const struct config *config;
	struct plan_options options;
	struct planned_state *states; /* the enabled ones, in the order of the config; later ones
				       * behind them */
	size_t state_cnt;
	struct planned_target *targets;
	size_t target_cnt;
	struct planned_binary *binaries; /* each file once, however many names it has */
	size_t binary_cnt;
	struct planned_probe *probes;
	size_t probe_cnt;
	struct planned_hook *hooks;
	size_t hook_cnt;
	bool has_marks;
	uint32_t marks_state; /* if so: the one that all marks are targets of */
	/* Labels that are known before any program uses them, those of the states of Python
	 * functions, have the numbers below this; 0: none can be added. */
	uint32_t reserved_labels;
	uint32_t python_cnt; /* of them are given away */
};

#define PLAN_MARKS_STATE "marks" /* its name */

static inline bool plan__is_marks(const struct plan *plan, uint32_t state)
{
	return plan->has_marks && state == plan->marks_state;
}

/* Is it a state of Python functions? Their label has the state's name. */
static inline bool plan__is_python(const struct plan *plan, uint32_t state)
{
	return plan->states[state].label && plan->states[state].label <= plan->reserved_labels;
}

/*
 * Resolves every enabled state. The config outlives the plan. What -s names has to be there in any
 * case. 0, or negative errno with why ("ORIGIN: ...").
 */
int plan__new(const struct config *config, const struct plan_options *options,
	      struct plan **ret_plan, struct fault *why);
void plan__free(struct plan *plan);

/*
 * Adds the enabled states of the config that new_states says so of (by their index), all of them or
 * none, and takes them out of the config. They may be missing as plan_options.wait says. Negative
 * errno with why ("ORIGIN: ...").
 */
int plan__add_states(struct plan *plan, struct config *config, const bool *new_states,
		     struct fault *why);

/* The sizes of a plan. */
struct plan_mark {
	size_t state_cnt, target_cnt, binary_cnt, probe_cnt, hook_cnt;
};

struct plan_mark plan__mark(const struct plan *plan);
/* Takes away what was added since, while nobody knows of it. */
void plan__cut_back(struct plan *plan, const struct plan_mark *mark);

/*
 * Looks for the target again, in root ("/proc/PID/root") or (NULL) here, and adds the probes (and
 * the hooks) of a file that is not in the plan yet; a file that has been given up counts as new.
 * Returns 1 when it added any, 0 when there is nothing new, and the file that the target was found
 * in; or negative errno with why (-ENOENT: still not there), and adds nothing then.
 */
int plan__look_again(struct plan *plan, uint32_t target, const char *root, uint32_t *ret_binary,
		     struct fault *why);

/* Is it pending, and nothing else there in its place? Of the usual places of the Python package's
 * core, the first is said to be, for all of them. */
bool plan__is_waited_for(const struct plan *plan, uint32_t target);
/* How many others it is said for. */
size_t plan__other_places(const struct plan *plan, uint32_t target);

/* Looks again for the places where stacks are cut back: a library that unwinds has been replaced.
 */
int plan__look_for_hooks(struct plan *plan, struct fault *why);

struct planned_label {
	uint32_t number; /* the kernel's */
	uint32_t site;	 /* the probe that it was first seen by */
	const char *text;
};

/* A label has been seen: adds its probe, and before that, unless it is that of Python functions, a
 * state of this name. */
int plan__add_label(struct plan *plan, const struct planned_label *label);

/* Does the file that this label was first seen in say of blocks that they have failed? False for
 * probes that are not of labels. */
bool plan__has_fail_mark(const struct plan *plan, const struct planned_probe *label);

/* The file is gone or has other content: closes it. Its probes must be detached. */
void plan__give_up(struct plan *plan, uint32_t binary);

#endif
