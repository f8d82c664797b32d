/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "decode.h"
#include "ledger.h"

struct state {
	char *name;
	struct ledger_account account;
};

struct probe {
	uint32_t state;
	char *binary;
	char *function;
};

struct output {
	const struct sink_ops *ops;
	struct sink *sink;
};

/* A row that was taken since the last flush that put everything into the files. Should the
 * recording end before there is another one, the ledger has to know whose rows are lost. */
struct unwritten_row {
	uint32_t state;
	uint16_t ended;
	uint16_t outputs; /* bit n: output n took it */
};

struct recorder {
	struct output *outputs; /* the ledger is the last */
	size_t output_cnt;
	struct state *states;
	size_t state_cnt;
	struct probe *probes;
	size_t probe_cnt;
	struct unwritten_row *unwritten;
	size_t unwritten_cnt;
	size_t unwritten_capacity;
	struct clock_history clock;
	uint64_t unusable;
	bool ended_well;
	uint64_t last_ns; /* CLOCK_MONOTONIC of the newest thing seen */
};

static int recorder__open_sink(struct recorder *recorder, const struct sink_ops *ops,
			       const struct sink_options *options, struct fault *why)
{
	struct output *output = &recorder->outputs[recorder->output_cnt];
	int err;

	err = ops->open(options, &output->sink, why);
	if (err)
		return err;
	output->ops = ops;
	recorder->output_cnt++;
	return 0;
}

int recorder__new(const char *const *formats, size_t format_cnt, const struct sink_options *options,
		  struct recorder **ret_recorder, struct fault *why)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	const struct sink_ops *ops;
	int err = 0;

	if (recorder)
		recorder->outputs = calloc(format_cnt + 1, sizeof(*recorder->outputs));
	if (!recorder || !recorder->outputs) {
		err = fault__set(why, -ENOMEM, "no memory");
		goto fail;
	}
	for (size_t i = 0; !err && i < format_cnt; i++) {
		ops = sink_ops__by_name(formats[i]);
		if (!ops)
			err = fault__set(why, -EINVAL, "no format is called '%s'", formats[i]);
		else
			err = recorder__open_sink(recorder, ops, options, why);
	}
	if (!err)
		err = recorder__open_sink(recorder, &ledger_sink_ops, options, why);
	if (err)
		goto fail;
	*ret_recorder = recorder;
	return 0;
fail:
	recorder__free(recorder);
	return err;
}

void recorder__free(struct recorder *recorder)
{
	if (!recorder)
		return;
	for (size_t i = 0; i < recorder->output_cnt; i++)
		recorder->outputs[i].ops->free(recorder->outputs[i].sink);
	for (size_t i = 0; i < recorder->state_cnt; i++)
		free(recorder->states[i].name);
	for (size_t i = 0; i < recorder->probe_cnt; i++) {
		free(recorder->probes[i].binary);
		free(recorder->probes[i].function);
	}
	free(recorder->states);
	free(recorder->probes);
	free(recorder->unwritten);
	free(recorder->outputs);
	free(recorder);
}

static int take_state(struct recorder *recorder, const struct event *event, struct fault *why)
{
	struct state *grown;

	if (event->state.number != recorder->state_cnt)
		return fault__set(why, -EBADMSG, "state %u comes out of order",
				  event->state.number);
	grown = reallocarray(recorder->states, recorder->state_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory for another state");
	recorder->states = grown;
	grown += recorder->state_cnt;
	*grown = (struct state) { .name = strdup(event->state.name) };
	if (!grown->name)
		return fault__set(why, -ENOMEM, "no memory for another state");
	recorder->state_cnt++;
	return 0;
}

static int take_probe(struct recorder *recorder, const struct event *event, struct fault *why)
{
	struct probe *grown;

	if (event->probe.number != recorder->probe_cnt || event->probe.state >= recorder->state_cnt)
		return fault__set(why, -EBADMSG, "probe %u comes out of order or has no state",
				  event->probe.number);
	grown = reallocarray(recorder->probes, recorder->probe_cnt + 1, sizeof(*grown));
	if (!grown)
		return fault__set(why, -ENOMEM, "no memory for another probe");
	recorder->probes = grown;
	grown += recorder->probe_cnt;
	grown->state = event->probe.state;
	grown->binary = strdup(event->probe.binary);
	grown->function = strdup(event->probe.function);
	if (!grown->binary || !grown->function) {
		free(grown->binary);
		free(grown->function);
		return fault__set(why, -ENOMEM, "no memory for another probe");
	}
	recorder->probe_cnt++;
	return 0;
}

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

/* Makes room for one more. The memory stays: a flush empties the list again and again. */
static struct unwritten_row *next_unwritten(struct recorder *recorder)
{
	size_t capacity = recorder->unwritten_capacity ? 2 * recorder->unwritten_capacity : 256;
	struct unwritten_row *grown;

	if (recorder->unwritten_cnt == recorder->unwritten_capacity) {
		grown = reallocarray(recorder->unwritten, capacity, sizeof(*grown));
		if (!grown)
			return NULL;
		recorder->unwritten = grown;
		recorder->unwritten_capacity = capacity;
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

static int take_activity(struct recorder *recorder, const struct event *event, struct fault *why)
{
	const struct tacho_activity *activity = &event->activity;
	struct unwritten_row *unwritten;
	const struct probe *probe;
	struct activity_row row;
	struct state *state;

	if (activity->probe >= recorder->probe_cnt)
		return fault__set(why, -EBADMSG, "an activity of unknown probe %u",
				  activity->probe);
	if (activity->end_ns > recorder->last_ns)
		recorder->last_ns = activity->end_ns;
	probe = &recorder->probes[activity->probe];
	state = &recorder->states[probe->state];
	unwritten = has_room(recorder) ? next_unwritten(recorder) : NULL;
	if (!unwritten) {
		state->account.rows_lost++;
		return 0;
	}
	row = (struct activity_row) {
		.state = state->name,
		.start_ns = activity->start_ns +
			    clock_history__offset_at(&recorder->clock, activity->start_ns),
		.duration_ns = activity->end_ns - activity->start_ns,
		.pid = activity->pid,
		.tid = activity->tid,
		.depth = activity->depth,
		.ended = activity->ended,
		.comm = activity->comm,
		.binary = probe->binary,
		.function = probe->function,
	};
	if (!put_row(recorder, &row, &unwritten->outputs)) {
		state->account.rows_lost++;
		return 0;
	}
	unwritten->state = probe->state;
	unwritten->ended = activity->ended;
	recorder->unwritten_cnt++;
	state->account.ended[activity->ended]++;
	return 0;
}

static int take_counts(struct recorder *recorder, const struct event *event, struct fault *why)
{
	if (event->counts.state >= recorder->state_cnt)
		return fault__set(why, -EBADMSG, "counts of unknown state %u", event->counts.state);
	recorder->states[event->counts.state].account.kernel = event->counts;
	return 0;
}

static void write_ledger(struct recorder *recorder, uint64_t time_ns, bool last)
{
	const struct output *ledger = &recorder->outputs[recorder->output_cnt - 1];
	struct state *state;
	struct ledger_row row;

	for (size_t i = 0; i < recorder->state_cnt; i++) {
		state = &recorder->states[i];
		ledger_account__row(&state->account, last, &row);
		if (!last && !ledger_account__changed(&state->account, &row))
			continue;
		row.state = state->name;
		row.time_ns = time_ns;
		/* A full backlog is fine: rows are cumulative, the next one says it all. */
		if (!ledger->ops->ledger(ledger->sink, &row))
			ledger_account__mark_written(&state->account, &row);
	}
}

/* The first of the unwritten rows that is missing in the file of this output. */
static size_t first_missing(const struct recorder *recorder, size_t output)
{
	const struct output *o = &recorder->outputs[output];
	size_t pending = o->ops->activity ? o->ops->pending(o->sink) : 0;
	size_t at = recorder->unwritten_cnt;

	while (pending && at) {
		at--;
		pending -= recorder->unwritten[at].outputs >> output & 1;
	}
	return at;
}

/* The recording is over and not everything could be written: rows that are missing in any of the
 * files are lost, and the ledger is corrected. */
static void give_up_unwritten(struct recorder *recorder)
{
	size_t first = recorder->unwritten_cnt;
	size_t this_first;

	for (size_t i = 0; i < recorder->output_cnt; i++) {
		this_first = first_missing(recorder, i);
		if (this_first < first)
			first = this_first;
	}
	for (size_t i = first; i < recorder->unwritten_cnt; i++) {
		const struct unwritten_row *row = &recorder->unwritten[i];
		struct ledger_account *account = &recorder->states[row->state].account;

		account->ended[row->ended]--;
		account->rows_lost++;
	}
	recorder->unwritten_cnt = 0;
}

static int flush_outputs(struct recorder *recorder, uint64_t now_ns, bool last, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; i < recorder->output_cnt; i++) {
		const struct output *output = &recorder->outputs[i];
		struct fault this_why = {};
		int this_err = output->ops->flush(output->sink, now_ns, last, &this_why);

		/* every sink gets its chance; the first trouble is told */
		if (this_err && !err) {
			err = this_err;
			fault__set(why, err, "%s", this_why.text);
		}
	}
	return err;
}

static int take_flush(struct recorder *recorder, const struct event *event, struct fault *why)
{
	uint64_t now_ns = event->flush.time_ns;
	uint64_t wall_ns = now_ns + clock_history__offset_at(&recorder->clock, now_ns);
	bool last = event->flush.last;
	int err;

	recorder->last_ns = now_ns;
	write_ledger(recorder, wall_ns, last);
	err = flush_outputs(recorder, now_ns, last, why);
	if (!err) {
		recorder->unwritten_cnt = 0;
	} else if (last) {
		give_up_unwritten(recorder);
		write_ledger(recorder, wall_ns, last);
		flush_outputs(recorder, now_ns, last, NULL);
	}
	recorder->ended_well |= last;
	return err;
}

static int take(struct recorder *recorder, const struct event *event, struct fault *why)
{
	switch (event->kind) {
	case TACHO_RECORD_STREAM:
		return 0; /* checked by the decoder, says nothing else */
	case TACHO_RECORD_STATE:
		return take_state(recorder, event, why);
	case TACHO_RECORD_PROBE:
		return take_probe(recorder, event, why);
	case TACHO_RECORD_CLOCK:
		clock_history__add(&recorder->clock, event->clock.since_ns, event->clock.offset_ns);
		return 0;
	case TACHO_RECORD_ACTIVITY:
		return take_activity(recorder, event, why);
	case TACHO_RECORD_COUNTS:
		return take_counts(recorder, event, why);
	case TACHO_RECORD_FLUSH:
		return take_flush(recorder, event, why);
	default:
		break;
	}
	return fault__set(why, -EPROTO, "a record of unknown kind %d", event->kind);
}

int recorder__feed(struct recorder *recorder, const void *data, size_t sz, struct fault *why)
{
	struct event event;
	int err;

	err = decode_record(data, sz, &event, why);
	if (!err)
		err = take(recorder, &event, why);
	if (err == -EBADMSG || err == -EPROTO)
		recorder->unusable++;
	return err;
}

void recorder__summarize(const struct recorder *recorder, struct recorder_summary *ret_summary)
{
	struct recorder_summary summary = {
		.unusable = recorder->unusable,
		.ended_well = recorder->ended_well,
		.last_ns = recorder->last_ns,
	};
	struct ledger_row row;

	for (size_t i = 0; i < recorder->state_cnt; i++) {
		ledger_account__row(&recorder->states[i].account, true, &row);
		for (int e = 0; e < TACHO_ENDED_CNT; e++)
			summary.activities += row.ended[e];
		summary.activities -= row.ended[TACHO_ENDED_OPEN];
		summary.open += row.ended[TACHO_ENDED_OPEN];
		summary.lost += ledger_row__lost(&row);
		summary.unmatched_returns += row.unmatched_returns;
		summary.unaccounted += ledger_row__imbalance(&row);
		summary.state_cnt += row.entries != 0;
	}
	*ret_summary = summary;
}
