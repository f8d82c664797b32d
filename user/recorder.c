/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "recorder_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data_keeper.h"

static struct output *add_output(struct recorder *recorder, const struct sink_ops *ops)
{
	struct output *output = &recorder->outputs[recorder->output_cnt++];

	output->ops = ops;
	return output;
}

static int check_formats(const char *const *formats, size_t cnt, struct fault *why)
{
	const char *const *known;

	for (size_t i = 0; i < cnt; i++) {
		known = sink_ops__names();
		while (*known && strcmp(*known, formats[i]))
			known++;
		if (!*known)
			return fault__set(why, -EINVAL, "no format is called '%s'", formats[i]);
	}
	return 0;
}

static bool is_chosen(const struct sink_ops *ops, const char *const *formats, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (!strcmp(ops->name, formats[i]))
			return true;
	}
	return false;
}

/* Those with large rows first: when they have taken a row, the others have room for it. */
static void add_formats(struct recorder *recorder, const char *const *formats, size_t cnt,
			bool large_rows)
{
	const struct sink_ops *const *ops = sink_ops__all();

	for (; *ops; ops++) {
		if ((*ops)->large_rows == large_rows && is_chosen(*ops, formats, cnt))
			add_output(recorder, *ops);
	}
}

int recorder__new(const char *const *formats, size_t format_cnt, const struct sink_options *options,
		  struct recorder **ret_recorder, struct fault *why)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int err;

	if (recorder)
		recorder->outputs = calloc(OUTPUTS_MAX, sizeof(*recorder->outputs));
	if (!recorder || !recorder->outputs) {
		recorder__free(recorder);
		return fault__set(why, -ENOMEM, "no memory");
	}
	recorder->sink_options = *options;
	err = check_formats(formats, format_cnt, why);
	if (err) {
		recorder__free(recorder);
		return err;
	}
	add_formats(recorder, formats, format_cnt, true);
	add_formats(recorder, formats, format_cnt, false);
	recorder->summary = add_output(recorder, &summary_sink_ops);
	recorder->probe_events = add_output(recorder, &probes_sink_ops);
	recorder->ledger = add_output(recorder, &ledger_sink_ops);
	*ret_recorder = recorder;
	return 0;
}

static void close_outputs(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->output_cnt; i++) {
		recorder->outputs[i].ops->free(recorder->outputs[i].sink);
		recorder->outputs[i].sink = NULL;
	}
	data_keeper__free(recorder->keeper);
	recorder->keeper = NULL;
}

void recorder__free(struct recorder *recorder)
{
	if (!recorder)
		return;
	close_outputs(recorder);
	recorder__free_declarations(recorder);
	free(recorder->unwritten);
	free(recorder->unwritten_summaries);
	free(recorder->outputs);
	free(recorder);
}

static int open_outputs(struct recorder *recorder, struct fault *why)
{
	int err = data_keeper__new(&recorder->sink_options, &recorder->keeper, why);

	recorder->sink_options.keeper = recorder->keeper;
	for (size_t i = 0; !err && i < recorder->output_cnt; i++)
		err = recorder->outputs[i].ops->open(&recorder->sink_options,
						     &recorder->outputs[i].sink, why);
	return err;
}

/* Rows that are not in the file yet would be lost with the old sink: then it is tried again later,
 * and until then the new columns are missing. */
static int reopen(struct recorder *recorder, struct output *output, struct fault *why)
{
	struct sink *sink;
	int err;

	recorder->unwritten_in_part = true;
	err = output->ops->flush(output->sink, recorder->last_ns, false, NULL);
	if (err || output->ops->pending(output->sink))
		return err ? err : -EAGAIN;
	err = output->ops->open(&recorder->sink_options, &sink, why);
	if (err)
		return err;
	output->ops->free(output->sink);
	output->sink = sink;
	return 0;
}

static void take_columns(struct recorder *recorder)
{
	struct fault why = {};
	int err = 0;

	recorder->sink_options.capture_name_cnt = recorder->column_cnt;
	for (size_t i = 0; i < recorder->output_cnt && !err; i++) {
		if (recorder->outputs[i].ops->more_columns)
			err = reopen(recorder, &recorder->outputs[i], &why);
	}
	recorder->columns_added = err;
	recorder->columns_wait = err;
	if (*why.text && !recorder->columns_told && recorder->sink_options.notice)
		recorder->sink_options.notice(recorder->sink_options.notice_ctx, why.text);
	recorder->columns_told = err;
}

/* As the columns come up again, they find their places. */
static int keep_columns(struct recorder *recorder, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; recorder->sink_options.keep_columns && i < recorder->output_cnt; i++) {
		const struct sink_ops *ops = recorder->outputs[i].ops;

		if (ops->more_columns)
			err = ops->more_columns(&recorder->sink_options, &recorder->kept_columns,
						&recorder->kept_cnt);
	}
	if (err)
		return fault__set(why, err, "no memory");
	recorder__keep_columns(recorder);
	recorder->sink_options.capture_name_cnt = recorder->column_cnt;
	return 0;
}

int recorder__start(struct recorder *recorder, struct fault *why)
{
	int err;

	if (recorder->started) {
		if (recorder->columns_added && !recorder->columns_wait)
			take_columns(recorder);
		return 0;
	}
	err = recorder__make_columns(recorder, why);
	if (err)
		return err;
	/* Without a state, the files of calls would stay empty. */
	recorder->sink_options.on_demand = !recorder->state_cnt;
	recorder->sink_options.capture_names = recorder->columns;
	recorder->sink_options.capture_name_cnt = recorder->column_cnt;
	err = keep_columns(recorder, why);
	if (!err)
		err = open_outputs(recorder, why);
	if (err) {
		close_outputs(recorder);
		recorder__free_columns(recorder);
	}
	recorder->started = !err;
	return err;
}

void recorder__set_options(struct recorder *recorder, const struct sink_options *options)
{
	sink_options__change(&recorder->sink_options, options);
	if (!recorder->started)
		return;
	for (size_t i = 0; i < recorder->output_cnt; i++)
		recorder->outputs[i].ops->set_options(recorder->outputs[i].sink, options);
	data_keeper__set_options(recorder->keeper, options);
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
	const struct output *ledger = recorder->ledger;
	struct ledger_account account;
	struct state *state;
	struct ledger_row row;

	for (size_t i = 0; i < recorder->state_cnt; i++) {
		state = &recorder->states[i];
		if (state->later)
			continue;
		account = recorder__account_of(recorder, i);
		ledger_account__row(&account, last, &row);
		if (!last && !ledger_account__changed(&state->account, &row))
			continue;
		row.state = state->name;
		row.time_ns = time_ns;
		/* A full backlog is fine: rows are cumulative, the next one says it all. */
		if (!ledger->ops->ledger(ledger->sink, &row))
			ledger_account__mark_written(&state->account, &row);
	}
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
	uint64_t wall_ns = recorder__wall_ns(recorder, now_ns);
	bool last = event->flush.last;
	int err;

	recorder->last_ns = now_ns;
	if (last && !recorder->ended_well)
		recorder__end_probes(recorder, now_ns);
	write_ledger(recorder, wall_ns, last);
	err = flush_outputs(recorder, now_ns, last, why);
	if (!err) {
		recorder__forget_unwritten(recorder);
	} else if (last) {
		recorder__give_up_unwritten(recorder);
		write_ledger(recorder, wall_ns, last);
		flush_outputs(recorder, now_ns, last, NULL);
	} else {
		recorder->unwritten_in_part = true;
	}
	data_keeper__tend(recorder->keeper, now_ns, last);
	recorder->columns_wait = false;
	recorder->ended_well |= last;
	return err;
}

/* Declarations may come before the files are there; an exec says nothing to them. */
static bool needs_files(enum tacho_record_kind kind)
{
	return kind != TACHO_RECORD_STREAM && kind != TACHO_RECORD_STATE &&
	       kind != TACHO_RECORD_PROBE && kind != TACHO_RECORD_CAPTURE &&
	       kind != TACHO_RECORD_RETURN && kind != TACHO_RECORD_CLOCK &&
	       kind != TACHO_RECORD_ATTRIBUTE && kind != TACHO_RECORD_EXEC;
}

static int take(struct recorder *recorder, const struct event *event, struct fault *why)
{
	switch (event->kind) {
	case TACHO_RECORD_STREAM:
		return 0; /* checked by the decoder, says nothing else */
	case TACHO_RECORD_STATE:
		return recorder__take_state(recorder, &event->state, why);
	case TACHO_RECORD_PROBE:
		return recorder__take_probe(recorder, &event->probe, why);
	case TACHO_RECORD_CAPTURE:
		return recorder__take_capture(recorder, &event->capture, why);
	case TACHO_RECORD_ATTRIBUTE:
		return recorder__take_attribute(recorder, &event->attribute, why);
	case TACHO_RECORD_COUNTER:
		return recorder__take_counter(recorder, &event->counter);
	case TACHO_RECORD_RETURN:
		return recorder__take_return(recorder, &event->returns, why);
	case TACHO_RECORD_CLOCK:
		clock_history__add(&recorder->clock, event->clock.since_ns, event->clock.offset_ns);
		return 0;
	case TACHO_RECORD_PLACED:
		return recorder__take_placed(recorder, &event->placed, why);
	case TACHO_RECORD_ACTIVITY:
		return recorder__take_activity(recorder, event, why);
	case TACHO_RECORD_SUMMARY:
		return recorder__take_summary(recorder, event->summary, why);
	case TACHO_RECORD_PROCESS:
		return recorder__take_process(recorder, &event->process, why);
	case TACHO_RECORD_GPU:
		return recorder__take_gpu(recorder, &event->gpu, why);
	case TACHO_RECORD_SYSTEM:
		return recorder__take_system(recorder, &event->system, why);
	case TACHO_RECORD_COUNTS:
		return take_counts(recorder, event, why);
	case TACHO_RECORD_FLUSH:
		return take_flush(recorder, event, why);
	case TACHO_RECORD_EXEC:
		return 0; /* for the session, which looks for binaries then */
	}
	return fault__set(why, -EPROTO, "a record of unknown kind %d", event->kind);
}

int recorder__feed(struct recorder *recorder, const void *data, size_t sz, struct fault *why)
{
	struct event event;
	int err;

	err = decode_record(data, sz, &event, why);
	if (!err && event.kind == TACHO_RECORD_ACTIVITY)
		recorder__note_failure(recorder, &event);
	if (!err && needs_files(event.kind))
		err = recorder__start(recorder, why);
	if (!err)
		err = take(recorder, &event, why);
	if (err == -EBADMSG || err == -EPROTO)
		recorder->unusable++;
	return err;
}

void recorder__summarize(const struct recorder *recorder, struct recorder_summary *ret_summary)
{
	struct recorder_summary summary = {
		.failed = recorder->failed,
		.process_rows = recorder->process_rows,
		.process_rows_lost = recorder->process_rows_lost,
		.counter_rows = recorder->counter_rows,
		.counter_rows_lost = recorder->counter_rows_lost,
		.unusable = recorder->unusable,
		.ended_well = recorder->ended_well,
		.last_ns = recorder->last_ns,
	};
	struct ledger_account account;
	uint64_t unaccounted = 0; /* a stream may say anything: unsigned numbers may wrap */
	struct ledger_row row;

	for (size_t i = 0; i < recorder->state_cnt; i++) {
		if (recorder->states[i].later)
			continue;
		account = recorder__account_of(recorder, i);
		ledger_account__row(&account, true, &row);
		for (int e = 0; e < TACHO_ENDED_CNT; e++) {
			summary.activities += account.ended[e];
			summary.summarised += account.summarised[e];
		}
		summary.activities -= account.ended[TACHO_ENDED_OPEN];
		summary.open += account.ended[TACHO_ENDED_OPEN];
		summary.lost += ledger_row__lost(&row);
		summary.unmatched_returns += row.unmatched_returns;
		unaccounted += (uint64_t)ledger_row__imbalance(&row);
		summary.state_cnt += row.entries != 0;
	}
	summary.unaccounted = (int64_t)unaccounted;
	*ret_summary = summary;
}

int recorder__read_state(const struct recorder *recorder, uint32_t state,
			 struct recorder_state *ret_state)
{
	const struct ledger_account *account;

	if (state >= recorder->state_cnt || !recorder->states[state].name)
		return -ENOENT;
	account = &recorder->states[state].account;
	*ret_state = (struct recorder_state) {};
	ledger_account__row(account, false, &ret_state->ledger);
	ret_state->ledger.state = recorder->states[state].name;
	for (int e = 0; e < TACHO_ENDED_CNT; e++) {
		ret_state->rows += e == TACHO_ENDED_OPEN ? 0 : account->ended[e];
		ret_state->summarised += account->summarised[e];
	}
	return 0;
}
