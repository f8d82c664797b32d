/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the recorder share; nobody else includes this.
 *
 *     recorder.c               records in; the sinks opened and flushed; the ledger
 *     recorder_declarations.c  what the numbers in records stand for
 *     recorder_rows.c          calls, summaries and probes made rows, and which of them were lost
 *     recorder_marks.c         attributes of marked blocks, and counters
 *     recorder_resources.c     what processes, the machine and its GPUs use made rows
 */
#ifndef TACHO_USER_RECORDER_INTERNAL_H
#define TACHO_USER_RECORDER_INTERNAL_H

#include "clock.h"
#include "decode.h"
#include "ledger.h"
#include "recorder.h"
#include "values.h"

struct capture {
	char *name;
	enum tacho_value_type type;
	uint32_t text_offset;
	uint32_t text_sz;
	size_t column; /* of recorder.columns; from the start on */
};

struct state {
	char *name;
	struct ledger_account account;
	struct capture *captures;
	size_t capture_cnt;
	bool called;	   /* has had a row */
	bool later;	   /* not the first one of this name */
	uint32_t namesake; /* the next one of this name, or NO_STATE */
};

#define NO_STATE UINT32_MAX

struct probe {
	uint32_t state;
	char *binary;
	char *function;
	char *build_id;
	char *symbol;
	char *exit_mode;
	bool has_return;
	enum tacho_value_type return_type;
	enum tacho_compare compare; /* failed if `value compare operand` */
	int64_t operand;
	bool attached;
	uint64_t offset; /* where it was placed last */
	uint64_t calls;	 /* rows */
	bool hit;
	uint64_t last_hit_ns; /* CLOCK_MONOTONIC */
};

/* Of marked blocks. */
struct attribute {
	char *name;    /* NULL: not declared */
	size_t column; /* as in struct capture */
};

struct output {
	const struct sink_ops *ops;
	struct sink *sink; /* NULL before the start */
};

/* A row that was taken since the last flush that put everything into the files. Should the
 * recording end before there is another one, the ledger has to know whose rows are lost. */
struct unwritten_row {
	uint32_t probe; /* or UNWRITTEN_PROCESS */
	uint8_t ended;
	bool failed;
	uint16_t outputs; /* bit n: output n took it */
};

#define UNWRITTEN_PROCESS UINT32_MAX /* no call: a row of what a process has used */

#define OUTPUTS_MAX (SINK_OPS_MAX + 3)
_Static_assert(OUTPUTS_MAX <= 16, "a bit for each in unwritten_row.outputs");

struct unwritten_summary {
	uint32_t state;
	uint64_t ended[TACHO_ENDED_CNT];
};

struct recorder {
	struct sink_options sink_options;
	struct data_keeper *keeper; /* NULL before the start */
	struct output *outputs;
	size_t output_cnt;
	/* of these */
	struct output *summary;
	struct output *probe_events;
	struct output *ledger;
	bool started;
	bool columns_added;    /* that no sink has yet */
	bool columns_wait;     /* ... and not before the next flush */
	bool columns_told;     /* ... why */
	const char **columns;  /* the names of captured values; they are those of struct capture */
	const char **captured; /* what a row has in them; all NULL between rows */
	size_t column_cnt;
	char **kept_columns; /* some of these, of an earlier recording */
	size_t kept_cnt;
	struct state *states;
	size_t state_cnt;
	struct attribute attributes[TACHO_ATTRIBUTES_MAX + 1]; /* and why blocks failed */
	struct probe *probes;
	size_t probe_cnt;
	struct unwritten_row *unwritten;
	size_t unwritten_cnt;
	size_t unwritten_capacity;
	bool unwritten_in_part; /* a flush has failed: some of them may be in their files */
	struct unwritten_summary *unwritten_summaries;
	size_t unwritten_summary_cnt;
	size_t unwritten_summary_capacity;
	struct clock_history clock;
	uint64_t failed;
	uint64_t process_rows;
	uint64_t process_rows_lost;
	uint64_t counter_rows;
	uint64_t counter_rows_lost;
	uint64_t unusable;
	bool ended_well;
	uint64_t last_ns; /* CLOCK_MONOTONIC of the newest thing seen */
	/* the values of the row at hand */
	char return_text[VALUE_TEXT_SZ];
	char capture_texts[TACHO_CAPTURES_MAX][VALUE_TEXT_SZ];
	char attribute_texts[TACHO_ATTRIBUTES_MAX + 1][VALUE_TEXT_SZ];
};

static inline uint64_t recorder__wall_ns(const struct recorder *recorder, uint64_t monotonic_ns)
{
	return monotonic_ns + clock_history__offset_at(&recorder->clock, monotonic_ns);
}

/* recorder_declarations.c. -EBADMSG or -ENOMEM with why; nothing is taken then. */

int recorder__take_state(struct recorder *recorder, const struct event_state *event,
			 struct fault *why);
int recorder__take_capture(struct recorder *recorder, const struct event_capture *event,
			   struct fault *why);
int recorder__take_probe(struct recorder *recorder, const struct event_probe *event,
			 struct fault *why);
int recorder__take_return(struct recorder *recorder, const struct tacho_return *event,
			  struct fault *why);
/* The column of that name, a new one if need be. -E2BIG when there are too many. */
int recorder__find_column(struct recorder *recorder, const char *name, size_t *ret_column,
			  struct fault *why);
/* Gives every name of a captured value its column. -E2BIG when there are too many. */
int recorder__make_columns(struct recorder *recorder, struct fault *why);
/* What all states of that name have counted. */
struct ledger_account recorder__account_of(const struct recorder *recorder, uint32_t first);
/* kept_columns are columns, too. */
void recorder__keep_columns(struct recorder *recorder);
void recorder__free_columns(struct recorder *recorder);
void recorder__free_declarations(struct recorder *recorder);

/* recorder_rows.c. Likewise; a row that no sink has room for is counted as lost, and no failure. */

int recorder__take_activity(struct recorder *recorder, const struct event *event,
			    struct fault *why);
int recorder__take_summary(struct recorder *recorder, const struct tacho_summary *event,
			   struct fault *why);
int recorder__take_placed(struct recorder *recorder, const struct tacho_placed *event,
			  struct fault *why);
/* Room for one more row at unwritten[unwritten_cnt]; NULL without memory. */
struct unwritten_row *recorder__next_unwritten(struct recorder *recorder);
/* The last rows of the probes that are in place. */
void recorder__end_probes(struct recorder *recorder, uint64_t now_ns);
/* All rows are in the files. */
void recorder__forget_unwritten(struct recorder *recorder);
/* The recording is over and not everything could be written: rows that are missing in any of the
 * files are lost, and the ledger is corrected. */
void recorder__give_up_unwritten(struct recorder *recorder);

/* recorder_marks.c. Likewise. */
int recorder__take_attribute(struct recorder *recorder, const struct event_attribute *event,
			     struct fault *why);
int recorder__take_counter(struct recorder *recorder, const struct tacho_counter *event);
/* To be called before its row: there is a column for why it failed. */
void recorder__note_failure(struct recorder *recorder, const struct event *event);
bool recorder__block_failed(const struct event_attributes *attributes);
int recorder__make_attribute_columns(struct recorder *recorder, struct fault *why);
/* The fields of a row, and away with them. */
void recorder__fill_attributes(struct recorder *recorder,
			       const struct event_attributes *attributes);
void recorder__clear_attributes(struct recorder *recorder);
void recorder__free_attributes(struct recorder *recorder);

/* recorder_resources.c. Likewise. */
int recorder__take_process(struct recorder *recorder, const struct event_process *event,
			   struct fault *why);
int recorder__take_system(struct recorder *recorder, const struct event_system *event,
			  struct fault *why);
int recorder__take_gpu(struct recorder *recorder, const struct event_gpu *event, struct fault *why);

#endif
