/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "plot/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/ledger_sum.h"
#include "ended.h"
#include "ledger.h"

static void free_state(void *item)
{
	struct plot_state *state = item;

	lane__free(&state->lane);
	latency__free(&state->latency);
	name_key__free(item);
}

static void free_process(void *item)
{
	series__free(&((struct plot_process *)item)->series);
}

static void free_device(void *item)
{
	series__free(&((struct plot_device *)item)->series);
	name_key__free(item);
}

int process_key__compare(const void *left, const void *right)
{
	const struct process_key *a = left, *b = right;

	if (a->path != b->path)
		return a->path < b->path ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return a->command_hash < b->command_hash ? -1 : a->command_hash > b->command_hash;
}

struct plot_data *plot_data__new(const struct activities_filter *filter)
{
	struct plot_data *data = calloc(1, sizeof(*data));

	if (!data)
		return NULL;
	data->filter = filter;
	data->states = KEYED_BY_NAME(struct plot_state);
	data->states.free_item = free_state;
	data->processes = (struct keyed) { .item_sz = sizeof(struct plot_process),
					   .key_sz = sizeof(struct process_key),
					   .compare = process_key__compare,
					   .free_item = free_process };
	data->machines = KEYED_BY_NAME(struct plot_device);
	data->machines.free_item = free_device;
	data->gpus = KEYED_BY_NAME(struct plot_device);
	data->gpus.free_item = free_device;
	data->threads = calloc(PLOT_THREADS_MAX, sizeof(*data->threads));
	if (!data->threads || series__init(&data->rest) || series__init(&data->losses)) {
		plot_data__free(data);
		return NULL;
	}
	return data;
}

void plot_data__free(struct plot_data *data)
{
	if (!data)
		return;
	keyed__free(&data->states);
	keyed__free(&data->processes);
	keyed__free(&data->machines);
	keyed__free(&data->gpus);
	for (size_t i = 0; i < data->thread_cnt; i++)
		lane__free(&data->threads[i].lane);
	free(data->threads);
	series__free(&data->rest);
	series__free(&data->losses);
	free(data);
}

void plot_data__next_path(struct plot_data *data)
{
	for (size_t i = 0; i < data->states.cnt; i++) {
		struct plot_state *state = data->states.items[i];

		ledger_sum__close(&state->ledger, &state->ledger_latest);
	}
	data->path++;
}

/* --- the axis ----------------------------------------------------------------------------- */

static int fold_if_any(struct series *series, const struct time_fold *fold)
{
	return series->ring ? series__fold(series, fold) : 0;
}

static int fold_series(struct plot_data *data, const struct time_fold *fold)
{
	int err = series__fold(&data->rest, fold);

	if (!err)
		err = series__fold(&data->losses, fold);
	for (size_t i = 0; !err && i < data->processes.cnt; i++)
		err = fold_if_any(&((struct plot_process *)data->processes.items[i])->series, fold);
	for (size_t i = 0; !err && i < data->machines.cnt; i++)
		err = fold_if_any(&((struct plot_device *)data->machines.items[i])->series, fold);
	for (size_t i = 0; !err && i < data->gpus.cnt; i++)
		err = fold_if_any(&((struct plot_device *)data->gpus.items[i])->series, fold);
	return err;
}

int plot_data__include(struct plot_data *data, uint64_t from_ns, uint64_t to_ns)
{
	struct time_fold fold = time_axis__include(&data->axis, from_ns, to_ns);
	int err = 0;

	if (!fold.by)
		return 0;
	for (size_t i = 0; !err && i < data->states.cnt; i++) {
		struct plot_state *state = data->states.items[i];

		if (!state->drawn)
			continue;
		err = lane__fold(&state->lane, &fold);
		if (!err)
			err = latency__fold(&state->latency, fold.by);
	}
	for (size_t i = 0; !err && i < data->thread_cnt; i++)
		err = lane__fold(&data->threads[i].lane, &fold);
	return err ? err : fold_series(data, &fold);
}

/* --- calls -------------------------------------------------------------------------------- */

/* NULL without memory. */
static struct plot_state *want_state(struct plot_data *data, const char *name)
{
	size_t cnt = data->states.cnt;
	struct plot_state *state = keyed__want_name(&data->states, name);

	if (state && data->states.cnt > cnt) {
		state->idx = cnt;
		state->drawn = cnt < PLOT_STATES_MAX && !lane__init(&state->lane);
		if (cnt < PLOT_STATES_MAX && !state->drawn)
			return NULL;
	}
	return state;
}

/* The lane of the call's thread; NULL if there is no room for it. */
static struct plot_thread *find_thread(struct plot_data *data, struct plot_state *state,
				       const struct call *call)
{
	struct plot_thread *thread;

	if (!(call->known & CALL_KNOWS_TID) || !state->drawn)
		return NULL;
	for (size_t i = 0; i < state->thread_cnt; i++) {
		thread = state->threads[i];
		if (thread->tid == call->tid && thread->pid == call->pid &&
		    thread->path == data->path)
			return thread;
	}
	if (state->thread_cnt == sizeof(state->threads) / sizeof(state->threads[0]) ||
	    data->thread_cnt == PLOT_THREADS_MAX ||
	    lane__init(&data->threads[data->thread_cnt].lane)) {
		state->more_threads = true;
		return NULL;
	}
	thread = &data->threads[data->thread_cnt++];
	thread->state = state->idx;
	thread->path = data->path;
	thread->pid = call->pid;
	thread->tid = call->tid;
	state->threads[state->thread_cnt++] = thread;
	return thread;
}

static void count_call(struct plot_state *state, const struct call *call)
{
	state->row_cnt++;
	state->ended[call->ended]++;
	if (!ended_finished(call->ended))
		return;
	summary__add(&state->durations, 1, call->duration_ns, call->duration_ns, call->duration_ns);
	if (call->failed == ROW_FAILED_UNKNOWN)
		return;
	state->failed_known_cnt++;
	state->failed_cnt += call->failed == ROW_FAILED_YES;
}

static int place_call(struct plot_data *data, struct plot_state *state, const struct call *call)
{
	struct plot_thread *thread = find_thread(data, state, call);
	struct lane_call placed = { call->start_ns, call__end_ns(call),
				    call->failed == ROW_FAILED_YES,
				    call->ended != TACHO_ENDED_RETURN };
	struct kept_call kept = { .state = state->idx,
				  .start_ns = call->start_ns,
				  .duration_ns = call->duration_ns,
				  .tid = call->known & CALL_KNOWS_TID ? call->tid : 0,
				  .ended = call->ended,
				  .failed = call->failed };

	lane__add(&state->lane, &data->axis, &placed);
	if (thread) {
		thread->cnt++;
		lane__add(&thread->lane, &data->axis, &placed);
		strncpy(thread->comm, call->comm, sizeof(thread->comm) - 1);
	}
	kept.lane = thread ? (size_t)(thread - data->threads) : SIZE_MAX;
	kept__add(&data->kept, &kept);
	if (!ended_finished(call->ended))
		return 0;
	return latency__add(&state->latency, (call->start_ns >> data->axis.shift) >> LATENCY_SHIFT,
			    call->duration_ns);
}

/* Is the call one that is asked for? What cannot be said is counted. */
static bool is_asked(struct plot_data *data, const struct call *call)
{
	const struct activities_filter *filter = data->filter;

	if (!glob_list__matches(&filter->states, call->state, strlen(call->state)) ||
	    !activities_filter__has_moment(filter, call->start_ns))
		return false;
	if (filter->threads.cnt && !*call->comm) {
		data->nameless_cnt++;
		return false;
	}
	return glob_list__matches(&filter->threads, call->comm, strlen(call->comm));
}

int plot_data__call(void *ctx, const struct call *call)
{
	struct plot_data *data = ctx;
	struct plot_state *state;
	int err;

	if (!is_asked(data, call))
		return 0;
	state = want_state(data, call->state);
	if (!state)
		return -ENOMEM;
	data->row_cnt++;
	count_call(state, call);
	err = plot_data__include(data, call->start_ns, call__end_ns(call));
	return err || !state->drawn ? err : place_call(data, state, call);
}

/* --- sums --------------------------------------------------------------------------------- */

/* Which of these began when, and in which thread, is not known: all or none of them. */
static bool are_asked(struct plot_data *data, const struct summary_row *row)
{
	const struct activities_filter *filter = data->filter;

	if (!glob_list__matches(&filter->states, row->state, strlen(row->state)) ||
	    row->to_ns < filter->since_ns || (filter->until_ns && row->from_ns >= filter->until_ns))
		return false;
	if (!filter->threads.cnt && activities_filter__has_moment(filter, row->from_ns) &&
	    (!filter->until_ns || row->to_ns <= filter->until_ns))
		return true;
	data->unsorted_cnt = add_saturated(data->unsorted_cnt, row->count);
	return false;
}

int plot_data__summary(void *ctx, const struct summary_row *row)
{
	struct plot_data *data = ctx;
	uint64_t from_ns = row->from_ns < row->to_ns ? row->from_ns : row->to_ns;
	struct plot_state *state;
	int err;

	if (!row->count || !are_asked(data, row))
		return 0;
	state = want_state(data, row->state);
	if (!state)
		return -ENOMEM;
	data->row_cnt++;
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		state->ended[i] = add_saturated(state->ended[i], row->ended[i]);
	state->summarised_cnt = add_saturated(state->summarised_cnt, row->count);
	summary__add(&state->durations, row->count, row->sum_ns, row->min_ns, row->max_ns);
	err = plot_data__include(data, from_ns, row->to_ns);
	if (!err && state->drawn)
		lane__add_sums(&state->lane, &data->axis, from_ns, row->to_ns, row->count,
			       (double)row->sum_ns, row->max_ns);
	return err;
}

/* --- what was lost ------------------------------------------------------------------------ */

static int place_losses(struct plot_data *data, const struct ledger_row *before,
			const struct ledger_row *row)
{
	const uint64_t lost[] = { row->lost_ring - before->lost_ring,
				  row->lost_nesting - before->lost_nesting,
				  row->lost_other - before->lost_other };
	int err = plot_data__include(data, row->time_ns, row->time_ns);

	for (size_t i = 0; !err && i < sizeof(lost) / sizeof(lost[0]); i++) {
		if (lost[i])
			series__spread(&data->losses, &data->axis, i, row->time_ns, row->time_ns,
				       (double)lost[i]);
	}
	return err;
}

/* The counts are of whole recordings; only the curve is of the time that is asked for. */
int plot_data__ledger(void *ctx, const struct ledger_row *row)
{
	struct plot_data *data = ctx;
	struct ledger_row closed, before;
	struct plot_state *state;

	if (!glob_list__matches(&data->filter->states, row->state, strlen(row->state)))
		return 0;
	state = want_state(data, row->state);
	if (!state)
		return -ENOMEM;
	data->row_cnt++;
	data->ledger_seen = true;
	before = state->ledger_latest;
	closed = state->ledger;
	ledger_sum__add(&state->ledger, &state->ledger_latest, row);
	if (memcmp(&closed, &state->ledger, sizeof(closed)))
		before = (struct ledger_row) {}; /* another recording has begun */
	if (!activities_filter__has_moment(data->filter, row->time_ns))
		return 0;
	return place_losses(data, &before, row);
}

/* --- sums of all -------------------------------------------------------------------------- */

uint64_t plot_data__lost(const struct plot_data *data)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < data->states.cnt; i++) {
		const struct plot_state *state = data->states.items[i];

		lost = add_saturated(lost, ledger_row__lost(&state->ledger));
	}
	return lost;
}

uint64_t plot_data__calls(const struct plot_data *data)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < data->states.cnt; i++) {
		const struct plot_state *state = data->states.items[i];

		cnt = add_saturated(cnt, add_saturated(state->row_cnt, state->summarised_cnt));
	}
	return cnt;
}

struct calls_taker plot_data__taker(struct plot_data *data)
{
	return (struct calls_taker) {
		.call = plot_data__call,
		.process = plot_data__process,
		.resource = plot_data__resource,
		.summary = plot_data__summary,
		.ledger = plot_data__ledger,
		.memory = plot_data__memory,
		.gpu = plot_data__gpu,
		.ctx = data,
	};
}
