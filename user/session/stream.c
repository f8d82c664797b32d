/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that a recording learns becomes records of one stream: the kernel's and our own. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../clock.h"
#include "../encode.h"
#include "../escape.h"
#include "../message.h"
#include "../output_dir.h"
#include "../plural.h"
#include "../raw.h"
#include "session_internal.h"

/* Rows held in memory between flushes; under a storm the timer alone would let them pile up. */
#define FLUSH_RECORDS 16384
/* Records taken from the ring before the loop looks at signals and timers again. */
#define DRAIN_RECORDS 65536
/* So long without, and calls are taken to have rows again. */
#define SUMMARISING_OVER_NS 10000000000ULL
#define CLOCK_JITTER_NS 1000 /* smaller changes of the offset are measuring noise */

static void tell_write_trouble(struct session *s, int err, const struct fault *why)
{
	const struct message_subject subject = {
		.id = err ? MESSAGE_ID_WRITE_FAILED : MESSAGE_ID_WRITE_RECOVERED,
		.err = err,
	};

	if (err == s->write_err)
		return;
	if (err)
		message_about(
			&subject, MESSAGE_WARNING,
			"record: %s (rows are kept in memory and tried again; calls are counted "
			"still)",
			why->text);
	else
		message_about(&subject, MESSAGE_WARNING, "record: %s: writing works again",
			      output_dir__path(s->dir));
	s->write_err = err;
}

/* Everything the recorder learns passes here, and so into the raw file. */
int session__put(void *ctx, const void *data, size_t sz)
{
	const struct tacho_record *head = data;
	struct session *s = ctx;
	struct fault why = {};
	int err;

	if (s->raw)
		raw_writer__put(s->raw, data, sz); /* its error is told at the flush */
	err = recorder__feed(s->recorder, data, sz, &why);
	if (head->kind == TACHO_RECORD_FLUSH)
		tell_write_trouble(s, err, &why);
	else if (err && !s->damaged_told++)
		message("record: %s", why.text);
	return err == -ENOMEM ? err : 0;
}

static int put_captures(struct session *s, uint32_t number)
{
	const struct planned_state *state = &s->options->plan->states[number];
	uint16_t text_offset = 0;
	int err = 0;

	for (size_t i = 0; !err && i < state->config->capture_cnt; i++) {
		const struct event_capture capture = {
			.state = number,
			.index = i,
			.type = state->types[i],
			.text_offset = text_offset,
			.text_sz = state->text_szs[i],
			.name = state->config->captures[i].name,
		};

		err = encode_capture(session__put, s, &capture);
		text_offset += state->text_szs[i];
	}
	return err;
}

static const char *exit_mode_name(const struct planned_probe *probe)
{
	switch (probe->kind) {
	case PLANNED_BEGIN:
		return "begin";
	case PLANNED_END:
		return "end";
	case PLANNED_POINT:
		return "point";
	case PLANNED_MARK:
	case PLANNED_LABEL:
		return "mark";
	default:
		return probe->fast ? "fast" : "safe";
	}
}

static int put_probe(struct session *s, uint32_t number)
{
	const struct plan *plan = s->options->plan;
	const struct planned_probe *probe = &plan->probes[number];
	const struct planned_binary *binary = &plan->binaries[probe->binary];
	const struct failed_if_config *failed_if = &plan->states[probe->state].config->failed_if;
	const struct event_probe named = {
		.number = number,
		.state = probe->state,
		.binary = binary->path,
		.function = probe->function,
		.build_id = binary->elf ? elf_file__build_id(binary->elf) : "", /* given up */
		.symbol = probe->symbol,
		.exit_mode = exit_mode_name(probe),
	};
	const bool marked = plan__has_fail_mark(plan, probe);
	const struct tacho_return returns = {
		.probe = number,
		.type = probe->return_type,
		.compare = marked ? TACHO_COMPARE_MARK : failed_if->compare,
		.operand = failed_if->operand,
	};
	int err;

	err = encode_probe(session__put, s, &named);
	if (!err && (probe->return_type != TACHO_VALUE_NONE || marked))
		err = encode_return(session__put, s, &returns);
	return err;
}

int session__put_new_states(struct session *s)
{
	const struct plan *plan = s->options->plan;
	int err = 0;

	for (; !err && s->states_put < plan->state_cnt; s->states_put++) {
		err = encode_state(session__put, s, s->states_put,
				   plan->states[s->states_put].name);
		if (!err)
			err = put_captures(s, s->states_put);
	}
	return err;
}

int session__put_new_probes(struct session *s)
{
	int err = 0;

	for (; !err && s->probes_put < s->options->plan->probe_cnt; s->probes_put++)
		err = put_probe(s, s->probes_put);
	return err;
}

int session__put_preamble(struct session *s, struct fault *why)
{
	int err;

	err = encode_stream(session__put, s);
	if (!err)
		err = session__put_new_states(s);
	if (!err)
		err = session__put_new_probes(s);
	s->clock_offset_ns = clock_measure_offset(CLOCK_MONOTONIC);
	if (!err)
		err = encode_clock(session__put, s, 0, s->clock_offset_ns);
	if (err)
		return fault__set(why, err, "no memory");
	s->interval_ns = clock_monotonic_ns();
	s->before_ns = s->interval_ns;
	return recorder__start(s->recorder, why);
}

void session__put_placed(struct session *s, uint32_t binary)
{
	const struct plan *plan = s->options->plan;
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < s->follow->placed_cnt; i++) {
		bool in_place = plan->probes[i].binary == binary ? prober__has_probe(s->prober, i)
								 : s->follow->placed[i];
		const struct tacho_placed placed = {
			.probe = i,
			.placing = in_place ? TACHO_PLACED_ATTACHED : TACHO_PLACED_DETACHED,
			.time_ns = now_ns,
			.offset = plan->probes[i].offset,
		};

		if (in_place != s->follow->placed[i])
			encode_placed(session__put, s, &placed);
		s->follow->placed[i] = in_place;
	}
}

static uint64_t summarised_cnt(const struct tacho_summary_sums *sums)
{
	uint64_t cnt = 0;

	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		cnt += sums->ended[i];
	return cnt;
}

static void say_summarising(const char *state, uint64_t limit, bool any)
{
	const struct message_subject subject = {
		.id = MESSAGE_ID_SUMMARISING,
		.state = state,
	};

	if (any)
		message_about(&subject, MESSAGE_WARNING,
			      "record: state %s: more than %" PRIu64
			      " call%s a second: the others are summarised in activity_summary.csv "
			      "(rate-limit in the settings)",
			      state, limit, plural_s(limit));
	else
		message_about(&subject, MESSAGE_WARNING,
			      "record: state %s: every call has a row again", state);
}

/* A state near its limit goes over it and back every second: that is one message, not many. */
static void tell_summarising(struct session *s, uint32_t state, bool any)
{
	const struct planned_state *planned = &s->options->plan->states[state];
	uint64_t *summarised_ns = &s->states[state].summarised_ns;
	uint64_t now_ns = clock_monotonic_ns();
	bool over = !any && *summarised_ns && now_ns - *summarised_ns > SUMMARISING_OVER_NS;
	char *name;

	if (over || (any && !*summarised_ns)) {
		name = escape_text(planned->name); /* programs choose labels */
		say_summarising(name ? name : "?", planned->rate_limit, any);
		free(name);
	}
	if (any)
		*summarised_ns = now_ns;
	else if (over)
		*summarised_ns = 0;
}

static void put_sums_of(struct session *s, uint64_t from_ns, uint64_t to_ns, bool last)
{
	struct tacho_summary_sums sums;

	for (uint32_t i = 0; i < s->state_cnt; i++) {
		struct tacho_summary summary = { .state = i, .from_ns = from_ns, .to_ns = to_ns };
		bool any =
			prober__take_sums(s->prober, i, last, &sums) == 1 && summarised_cnt(&sums);

		if (any) {
			memcpy(summary.ended, sums.ended, sizeof(summary.ended));
			memcpy(summary.buckets, sums.buckets, sizeof(summary.buckets));
			summary.sum_ns = sums.sum_ns;
			summary.min_ns = ~sums.min_inverse_ns;
			summary.max_ns = sums.max_ns;
			encode_summary(session__put, s, &summary);
		}
		tell_summarising(s, i, any);
	}
}

void session__put_sums(struct session *s, bool last)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (!s->prober)
		return;
	session__put_new_labels(s);
	put_sums_of(s, s->before_ns, s->interval_ns, false);
	if (last) {
		put_sums_of(s, s->interval_ns, now_ns, true);
		return;
	}
	prober__next_interval(s->prober);
	s->before_ns = s->interval_ns;
	s->interval_ns = now_ns;
}

void session__put_clock(struct session *s)
{
	int64_t offset_ns = clock_measure_offset(CLOCK_MONOTONIC);

	if (llabs(offset_ns - s->clock_offset_ns) < CLOCK_JITTER_NS)
		return;
	s->clock_offset_ns = offset_ns;
	encode_clock(session__put, s, clock_monotonic_ns(), offset_ns);
}

static void put_counts(struct session *s)
{
	struct tacho_state_counts counts;

	session__put_new_labels(s);
	for (size_t i = 0; i < s->state_cnt; i++) {
		if (prober__read_counts(s->prober, i, &counts) ||
		    !memcmp(&counts, &s->states[i].counts, sizeof(counts)))
			continue;
		s->states[i].counts = counts;
		encode_counts(session__put, s, i, &counts);
	}
}

void session__put_flush(struct session *s, bool last)
{
	struct fault why = {};
	int err;

	put_counts(s);
	encode_flush(session__put, s, clock_monotonic_ns(), last);
	s->since_flush = 0;
	if (!s->raw)
		return;
	err = raw_writer__flush(s->raw, &why);
	if (err && !s->raw_err)
		message_about(
			&(struct message_subject) { .id = MESSAGE_ID_WRITE_FAILED, .err = err },
			MESSAGE_WARNING, "record: %s", why.text);
	s->raw_err = err;
}

int session__on_ring_record(void *ctx, void *data, size_t sz)
{
	const struct tacho_record *head = data;
	struct session *s = ctx;

	if (sz >= sizeof(struct tacho_exec) && head->kind == TACHO_RECORD_EXEC) {
		session__handle_exec(s, data);
		return 0;
	}
	if (s->marks && session__is_marked(data, sz))
		session__put_marked(s, data, sz);
	else
		session__put(s, data, sz);
	if (++s->since_flush >= FLUSH_RECORDS)
		session__put_flush(s, false);
	/* A negative number ends this drain; the record itself is consumed. */
	return ++s->in_drain >= DRAIN_RECORDS && !s->stopping ? -EAGAIN : 0;
}

void session__drain(struct session *s)
{
	if (!s->ring)
		return;
	s->in_drain = 0;
	session__note_ring(s);
	ring_buffer__consume(s->ring);
}
