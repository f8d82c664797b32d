/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "recorder_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- what a call gave back, and what was captured of it ------------------------------------- */

static bool returned_value(const struct event *event)
{
	return event->activity.ended == TACHO_ENDED_RETURN &&
	       event->values.valid & TACHO_VALUE_RETURNED;
}

static const char *format_return(struct recorder *recorder, const struct probe *probe,
				 const struct event *event)
{
	if (probe->return_type == TACHO_VALUE_NONE || !returned_value(event))
		return NULL;
	value__format(probe->return_type, event->values.return_value, recorder->return_text);
	return recorder->return_text;
}

/* An exception, and a mark that says so, is a failure, whatever the settings say. */
static enum row_failed judge(const struct probe *probe, const struct event *event)
{
	if (event->activity.ended == TACHO_ENDED_EXCEPTION ||
	    recorder__block_failed(&event->attributes))
		return ROW_FAILED_YES;
	if (probe->compare == TACHO_COMPARE_MARK)
		return event->activity.ended == TACHO_ENDED_RETURN ? ROW_FAILED_NO
								   : ROW_FAILED_UNKNOWN;
	if (probe->return_type == TACHO_VALUE_NONE || probe->compare == TACHO_COMPARE_NONE ||
	    !returned_value(event))
		return ROW_FAILED_UNKNOWN;
	return value__compares(probe->return_type, event->values.return_value, probe->compare,
			       probe->operand)
		       ? ROW_FAILED_YES
		       : ROW_FAILED_NO;
}

/* The length in the record may be a lie: then the string is what is there of it. */
static void format_string(const struct capture *capture, const struct event_values *values,
			  size_t index, char text[VALUE_TEXT_SZ])
{
	uint64_t sz = values->integers[index];
	bool goes_on = values->truncated >> index & 1;
	const char *string = "";
	size_t there = 0;

	if (capture->text_offset < values->text_sz) {
		string = values->text + capture->text_offset;
		there = values->text_sz - capture->text_offset;
	}
	if (there > capture->text_sz)
		there = capture->text_sz;
	if (sz > there) {
		sz = there;
		goes_on = true;
	}
	value__format_string(string, (size_t)sz, goes_on, text);
}

static void fill_captured(struct recorder *recorder, const struct state *state,
			  const struct event_values *values)
{
	for (size_t i = 0; i < state->capture_cnt; i++) {
		const struct capture *capture = &state->captures[i];
		char *text = recorder->capture_texts[i];

		if (!(values->valid >> i & 1))
			continue;
		if (capture->type == TACHO_VALUE_STRING)
			format_string(capture, values, i, text);
		else
			value__format(capture->type, values->integers[i], text);
		recorder->captured[capture->column] = text;
	}
}

static void clear_captured(struct recorder *recorder, const struct state *state)
{
	for (size_t i = 0; i < state->capture_cnt; i++)
		recorder->captured[state->captures[i].column] = NULL;
}

/* --- a call is a row in every file -------------------------------------------------------------
 */

/* A row goes to all sinks or to none: files that are read side by side must agree. */
static bool has_room(const struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		if (recorder->outputs[i].ops->activity &&
		    !recorder->outputs[i].ops->has_room(recorder->outputs[i].sink))
			return false;
	}
	return true;
}

/* The list with room for one more than cnt; NULL without memory, and the list is as it was. The
 * memory stays when a flush has emptied it: it will be needed again. */
static void *grow(void *list, size_t cnt, size_t *capacity, size_t item_sz)
{
	size_t more = *capacity ? 2 * *capacity : 256;

	if (cnt < *capacity)
		return list;
	list = reallocarray(list, more, item_sz);
	if (list)
		*capacity = more;
	return list;
}

/* The first of the unwritten rows that is missing in the file of this output. */
static size_t first_missing(const struct recorder *recorder, size_t output)
{
	const struct output *o = &recorder->outputs[output];
	bool takes_them = o->ops->activity || o->ops->process;
	size_t pending = takes_them ? o->ops->pending(o->sink) : 0;
	size_t at = recorder->unwritten_cnt;

	while (pending && at) {
		at--;
		pending -= recorder->unwritten[at].outputs >> output & 1;
	}
	return at;
}

/* Forgets the rows that are in all their files: one file that cannot be written for long is no
 * reason to remember the rows of the others. */
static void forget_written(struct recorder *recorder)
{
	struct unwritten_row *rows = recorder->unwritten;
	size_t firsts[OUTPUTS_MAX];
	size_t kept = 0;
	bool missing;

	for (size_t i = 0; i < recorder->output_cnt; i++)
		firsts[i] = first_missing(recorder, i);
	for (size_t at = 0; at < recorder->unwritten_cnt; at++) {
		missing = false;
		for (size_t i = 0; i < recorder->output_cnt; i++)
			missing |= at >= firsts[i] && rows[at].outputs >> i & 1;
		if (missing)
			rows[kept++] = rows[at];
	}
	recorder->unwritten_cnt = kept;
}

struct unwritten_row *recorder__next_unwritten(struct recorder *recorder)
{
	size_t capacity = recorder->unwritten_capacity;
	struct unwritten_row *grown;

	if (recorder->unwritten_cnt < capacity)
		return &recorder->unwritten[recorder->unwritten_cnt];
	if (recorder->unwritten_in_part)
		forget_written(recorder);
	/* of little use? Then not again before there are twice as many. */
	if (recorder->unwritten_cnt >= capacity / 2) {
		grown = grow(recorder->unwritten, capacity, &recorder->unwritten_capacity,
			     sizeof(*grown));
		if (!grown)
			return NULL;
		recorder->unwritten = grown;
	}
	return &recorder->unwritten[recorder->unwritten_cnt];
}

/* Gives the row to every sink. False when one had no room for it. */
static bool put_row(struct recorder *recorder, const struct activity_row *row,
		    uint16_t *ret_outputs)
{
	int taken;

	*ret_outputs = 0;
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];

		if (!output->ops->activity)
			continue;
		taken = output->ops->activity(output->sink, row);
		if (taken < 0)
			return false;
		if (!taken)
			*ret_outputs |= 1 << i;
	}
	return true;
}

/* That a call is open is found at the end of the recording: that is no hit. */
static void note_hit(struct probe *probe, const struct tacho_activity *activity)
{
	uint64_t hit_ns =
		activity->ended == TACHO_ENDED_OPEN ? activity->start_ns : activity->end_ns;

	if (!probe->hit || hit_ns > probe->last_hit_ns)
		probe->last_hit_ns = hit_ns;
	probe->hit = true;
}

static struct row_number known(uint64_t value)
{
	return (struct row_number) { .known = true, .value = value };
}

static void fill_usage(struct activity_row *row, const struct event_usage *usage)
{
	if (!usage->known)
		return;
	row->cpu_ns = known(usage->cpu_ns);
	if (usage->runqueue_known) {
		row->runqueue_ns = known(usage->runqueue_ns);
		row->blocked_ns = known(row->duration_ns - usage->cpu_ns - usage->runqueue_ns);
	}
	row->minor_faults = known(usage->minor_faults);
	row->major_faults = known(usage->major_faults);
	row->voluntary_switches = known(usage->voluntary_switches);
	row->involuntary_switches = known(usage->involuntary_switches);
}

static bool put_call(struct recorder *recorder, struct probe *probe, const struct event *event,
		     struct unwritten_row *unwritten)
{
	const struct tacho_activity *activity = &event->activity;
	const struct state *state = &recorder->states[probe->state];
	struct activity_row row = {
		.state = state->name,
		.start_ns = recorder__wall_ns(recorder, activity->start_ns),
		.duration_ns = activity->end_ns - activity->start_ns,
		.pid = activity->pid,
		.tid = activity->tid,
		.depth = activity->depth,
		.ended = activity->ended,
		.comm = activity->comm,
		.binary = probe->binary,
		.function = probe->function,
		.failed = judge(probe, event),
		.return_value = format_return(recorder, probe, event),
		.captured = recorder->captured,
	};
	bool taken;

	fill_usage(&row, &event->usage);
	fill_captured(recorder, state, &event->values);
	if (event->attributes.set)
		recorder__fill_attributes(recorder, &event->attributes);
	taken = put_row(recorder, &row, &unwritten->outputs);
	clear_captured(recorder, state);
	if (event->attributes.set)
		recorder__clear_attributes(recorder);
	unwritten->probe = activity->probe;
	unwritten->ended = activity->ended;
	unwritten->failed = row.failed == ROW_FAILED_YES;
	return taken;
}

int recorder__take_activity(struct recorder *recorder, const struct event *event, struct fault *why)
{
	const struct tacho_activity *activity = &event->activity;
	struct unwritten_row *unwritten;
	struct ledger_account *account;
	struct probe *probe;

	if (activity->probe >= recorder->probe_cnt)
		return fault__set(why, -EBADMSG, "an activity of unknown probe %u",
				  activity->probe);
	if (activity->end_ns > recorder->last_ns)
		recorder->last_ns = activity->end_ns;
	probe = &recorder->probes[activity->probe];
	account = &recorder->states[probe->state].account;
	recorder->states[probe->state].called = true;
	note_hit(probe, activity);
	unwritten = has_room(recorder) ? recorder__next_unwritten(recorder) : NULL;
	if (!unwritten || !put_call(recorder, probe, event, unwritten)) {
		account->rows_lost++;
		return 0;
	}
	recorder->unwritten_cnt++;
	account->ended[activity->ended]++;
	probe->calls++;
	recorder->failed += unwritten->failed;
	return 0;
}

/* --- many calls are one row --------------------------------------------------------------------
 */

static bool put_summary(struct recorder *recorder, const struct tacho_summary *event,
			uint64_t count)
{
	const struct output *output = recorder->summary;
	struct summary_row row = {
		.from_ns = recorder__wall_ns(recorder, event->from_ns),
		.to_ns = recorder__wall_ns(recorder, event->to_ns),
		.state = recorder->states[event->state].name,
		.count = count,
		.sum_ns = event->sum_ns,
		.min_ns = event->min_ns,
		.max_ns = event->max_ns,
	};

	memcpy(row.ended, event->ended, sizeof(row.ended));
	memcpy(row.buckets, event->buckets, sizeof(row.buckets));
	return output->ops->has_room(output->sink) && !output->ops->summary(output->sink, &row);
}

static struct unwritten_summary *next_unwritten_summary(struct recorder *recorder)
{
	struct unwritten_summary *grown =
		grow(recorder->unwritten_summaries, recorder->unwritten_summary_cnt,
		     &recorder->unwritten_summary_capacity, sizeof(*grown));

	if (!grown)
		return NULL;
	recorder->unwritten_summaries = grown;
	return &grown[recorder->unwritten_summary_cnt];
}

int recorder__take_summary(struct recorder *recorder, const struct tacho_summary *event,
			   struct fault *why)
{
	struct unwritten_summary *unwritten;
	struct ledger_account *account;
	uint64_t count = 0;

	if (event->state >= recorder->state_cnt)
		return fault__set(why, -EBADMSG, "a summary of unknown state %u", event->state);
	if (event->to_ns > recorder->last_ns)
		recorder->last_ns = event->to_ns;
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		count += event->ended[i];
	if (!count)
		return 0;
	account = &recorder->states[event->state].account;
	unwritten = next_unwritten_summary(recorder);
	if (!unwritten || !put_summary(recorder, event, count)) {
		account->rows_lost += count;
		return 0;
	}
	unwritten->state = event->state;
	memcpy(unwritten->ended, event->ended, sizeof(unwritten->ended));
	recorder->unwritten_summary_cnt++;
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		account->summarised[i] += event->ended[i];
	return 0;
}

/* --- probes ------------------------------------------------------------------------------------
 */

static struct probe_row make_probe_row(const struct recorder *recorder, const struct probe *probe,
				       enum probe_moment moment, uint64_t now_ns)
{
	const struct state *state = &recorder->states[probe->state];
	struct probe_row row = {
		.time_ns = recorder__wall_ns(recorder, now_ns),
		.moment = moment,
		.state = state->name,
		.binary = probe->binary,
		.build_id = probe->build_id,
		.function = probe->function,
		.symbol = probe->symbol,
		.exit_mode = probe->exit_mode,
		.offset = probe->offset,
		.calls = probe->calls,
	};

	if (probe->hit)
		row.last_hit_ns = recorder__wall_ns(recorder, probe->last_hit_ns);
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		row.summarised += state->account.summarised[i];
	return row;
}

/* These rows are nobody's calls: one without room is missing, and that is all. */
static void put_probe(struct recorder *recorder, const struct probe *probe,
		      enum probe_moment moment, uint64_t now_ns)
{
	struct probe_row row = make_probe_row(recorder, probe, moment, now_ns);

	recorder->probe_events->ops->probe(recorder->probe_events->sink, &row);
}

int recorder__take_placed(struct recorder *recorder, const struct tacho_placed *event,
			  struct fault *why)
{
	struct probe *probe;

	if (event->probe >= recorder->probe_cnt)
		return fault__set(why, -EBADMSG, "unknown probe %u was put in place or taken away",
				  event->probe);
	if (event->time_ns > recorder->last_ns)
		recorder->last_ns = event->time_ns;
	probe = &recorder->probes[event->probe];
	probe->attached = event->placing == TACHO_PLACED_ATTACHED;
	probe->offset = event->offset;
	put_probe(recorder, probe, (enum probe_moment)event->placing, event->time_ns);
	return 0;
}

void recorder__end_probes(struct recorder *recorder, uint64_t now_ns)
{
	for (size_t i = 0; i < recorder->probe_cnt; i++) {
		if (recorder->probes[i].attached)
			put_probe(recorder, &recorder->probes[i], PROBE_AT_END, now_ns);
	}
}

void recorder__each_probe(const struct recorder *recorder,
			  void (*each)(void *ctx, const struct probe_row *row), void *ctx)
{
	for (size_t i = 0; i < recorder->probe_cnt; i++) {
		const struct probe *probe = &recorder->probes[i];
		struct probe_row row = make_probe_row(
			recorder, probe, probe->attached ? PROBE_ATTACHED : PROBE_DETACHED,
			recorder->last_ns);

		each(ctx, &row);
	}
}

/* --- rows that no file has ---------------------------------------------------------------------
 */

static void give_up_row(struct recorder *recorder, const struct unwritten_row *row)
{
	struct ledger_account *account;
	struct probe *probe;

	if (row->probe == UNWRITTEN_PROCESS) {
		recorder->process_rows--;
		recorder->process_rows_lost++;
		return;
	}
	probe = &recorder->probes[row->probe];
	account = &recorder->states[probe->state].account;
	account->ended[row->ended]--;
	account->rows_lost++;
	probe->calls--;
	recorder->failed -= row->failed;
}

static void give_up_rows(struct recorder *recorder)
{
	forget_written(recorder);
	for (size_t at = 0; at < recorder->unwritten_cnt; at++)
		give_up_row(recorder, &recorder->unwritten[at]);
}

/* Their sink takes nothing else: its last rows are the last summaries. */
static void give_up_summaries(struct recorder *recorder)
{
	size_t pending = recorder->summary->ops->pending(recorder->summary->sink);
	size_t cnt = recorder->unwritten_summary_cnt;

	for (size_t i = cnt - (pending < cnt ? pending : cnt); i < cnt; i++) {
		const struct unwritten_summary *summary = &recorder->unwritten_summaries[i];
		struct ledger_account *account = &recorder->states[summary->state].account;

		for (int e = 0; e < TACHO_ENDED_CNT; e++) {
			account->summarised[e] -= summary->ended[e];
			account->rows_lost += summary->ended[e];
		}
	}
}

void recorder__forget_unwritten(struct recorder *recorder)
{
	recorder->unwritten_cnt = 0;
	recorder->unwritten_in_part = false;
	recorder->unwritten_summary_cnt = 0;
}

void recorder__give_up_unwritten(struct recorder *recorder)
{
	give_up_rows(recorder);
	give_up_summaries(recorder);
	recorder__forget_unwritten(recorder);
}
