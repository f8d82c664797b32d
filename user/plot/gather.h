/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a page shows, put together while rows are read: once, of any number of them, in memory that
 * does not grow with the calls. Only the numbers of states and processes count, and the first
 * PLOT_LANES_MAX of them have room for more than sums.
 *
 *     gather.c        calls, their sums, and what was lost
 *     gather_usage.c  processes, the machine, GPUs
 */
#ifndef TACHO_USER_PLOT_GATHER_H
#define TACHO_USER_PLOT_GATHER_H

#include "analysis/calls.h"
#include "analysis/keyed.h"
#include "analysis/summary.h"
#include "plot/bins.h"
#include "plot/kept.h"
#include "plot/latency.h"
#include "report/selection.h"

#define PLOT_STATES_MAX 48     /* that have lanes and histograms */
#define PLOT_THREADS_MAX 72    /* lanes of threads, of all states together */
#define PLOT_PROCESSES_MAX 512 /* that have curves */
#define PLOT_DEVICES_MAX 8
#define PLOT_NAME_SZ 161

/* A thread in a state. */
struct plot_thread {
	size_t state;
	size_t path;
	uint64_t pid;
	uint64_t tid;
	char comm[PLOT_NAME_SZ];
	uint64_t cnt;
	struct lane lane;
};

struct plot_state {
	struct name_key key;
	size_t idx;
	struct summary durations; /* but for the quantiles; of calls that finished, and sums */
	uint64_t row_cnt;	  /* of calls, however they ended */
	uint64_t ended[TACHO_ENDED_CNT]; /* likewise, and those of sums */
	uint64_t failed_cnt;
	uint64_t failed_known_cnt;
	uint64_t summarised_cnt;
	struct ledger_row ledger; /* all recordings together, once reading has ended */
	struct ledger_row ledger_latest;
	bool drawn; /* it has what follows */
	struct lane lane;
	struct latency latency; /* of calls that finished, with rows */
	struct plot_thread *threads[8];
	size_t thread_cnt;
	bool more_threads; /* than have lanes */
};

struct process_key {
	size_t path;
	uint64_t pid;
	uint64_t start_ns;
	uint64_t command_hash; /* of those without a pid; else 0 */
};

int process_key__compare(const void *left, const void *right);

/* ns of CPU; byte ns, or percent ns where bytes are not known; ns */
enum { USAGE_CPU, USAGE_BYTES, USAGE_SHARE, USAGE_SEEN };
/* Each has its amount (percent ns, byte ns) and, behind it, the ns it is known for. */
enum { GAUGE_LOAD, GAUGE_MEMORY, GAUGE_CNT };
enum { LOST_RING, LOST_NESTING, LOST_OTHER };

struct plot_process {
	struct process_key key;
	char name[PLOT_NAME_SZ]; /* newest */
	bool is_asked;		 /* that is, by that name */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t least_cpu_ns;
	uint64_t most_cpu_ns;
	uint64_t rss_bytes;
	bool rss_known;
	uint64_t peak_bytes;
	double share_percent; /* of the memory of the machine; 0: not known */
	double peak_percent;
	bool ended;
	struct series series; /* NULL: none */
};

/* The machine, or a GPU. */
struct plot_device {
	struct name_key key; /* "" is the machine */
	char name[PLOT_NAME_SZ];
	bool known[GAUGE_CNT];
	uint64_t last_ns[GAUGE_CNT];
	uint64_t memory_total_bytes; /* 0: not known */
	struct series series;
};

struct plot_data {
	const struct activities_filter *filter;
	struct time_axis axis;
	struct keyed states;	/* struct plot_state */
	struct keyed processes; /* struct plot_process */
	struct keyed machines;	/* struct plot_device, by path */
	struct keyed gpus;	/* struct plot_device */
	struct plot_thread *threads;
	size_t thread_cnt;
	struct series rest; /* of processes without curves */
	struct series losses;
	bool ledger_seen;
	struct kept kept;
	size_t path;		    /* the number of the one being read */
	uint64_t processes_from_ns; /* the first row of any process */
	bool any_process;
	uint64_t row_cnt;
	uint64_t nameless_cnt;
	uint64_t unsorted_cnt;
};

/* The filter is borrowed. NULL without memory. */
struct plot_data *plot_data__new(const struct activities_filter *filter);
void plot_data__free(struct plot_data *data);

/* The rows of another path begin; or no more will. */
void plot_data__next_path(struct plot_data *data);

/* Takes all that is drawn, by the functions below. It borrows the data. */
struct calls_taker plot_data__taker(struct plot_data *data);

/* As a taker of calls.h has them: 0 or -ENOMEM. */
int plot_data__call(void *ctx, const struct call *call);
int plot_data__summary(void *ctx, const struct summary_row *row);
int plot_data__ledger(void *ctx, const struct ledger_row *row);
int plot_data__process(void *ctx, const struct process_sample *sample);
int plot_data__resource(void *ctx, const struct resource_row *row);
int plot_data__memory(void *ctx, const struct memory_sample *sample);
int plot_data__gpu(void *ctx, const struct gpu_row *row);

/* Makes the axis reach this far, and folds all there is. */
int plot_data__include(struct plot_data *data, uint64_t from_ns, uint64_t to_ns);

/* Of all states. */
uint64_t plot_data__lost(const struct plot_data *data);
uint64_t plot_data__calls(const struct plot_data *data);

/* As tacho report has it: processor time since the files begin. */
uint64_t plot_process__cpu_ns(const struct plot_data *data, const struct plot_process *process);

#endif
