/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * OpenMetrics 1.0 text, as Prometheus reads it:
 *
 *     # TYPE tacho_call_duration_seconds histogram
 *     # UNIT tacho_call_duration_seconds seconds
 *     tacho_call_duration_seconds_bucket{state="STEP",le="0.000001023"} 3
 *     ...
 *     tacho_call_duration_seconds_bucket{state="STEP",le="+Inf"} 7
 *     tacho_call_duration_seconds_count{state="STEP"} 7
 *     tacho_call_duration_seconds_sum{state="STEP"} 0.004711000
 *     # EOF
 *
 * The bounds are 2^n - 1 nanoseconds. activity_summary.csv counts calls of 2^n nanoseconds and
 * more, which is as much as to say of more than 2^n - 1: so that all calls are in one histogram,
 * exactly.
 *
 * In the histogram are the calls that finished, and those that were summarised, however they ended:
 * their durations are not told apart by that.
 */
#include "export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keyed.h"
#include "analysis/ledger_sum.h"
#include "analysis/summary.h"
#include "ended.h"
#include "escape.h"

/* 1.023 us to 18.3 min; those below and above are in the first and in +Inf. */
#define FIRST_BUCKET 9
#define LAST_BUCKET 39

#define NS_PER_S UINT64_C(1000000000)

struct state {
	struct name_key key;
	char *label; /* the name, as a value of a label */
	uint64_t buckets[TACHO_BUCKETS];
	uint64_t sum_ns;
	uint64_t ended[TACHO_ENDED_CNT];
	bool ended_known;
	uint64_t failed;
	bool failed_known;
	struct ledger_row ledger; /* of all recordings but the latest */
	struct ledger_row ledger_latest;
	bool has_ledger;
};

struct exporter {
	FILE *out;
	struct keyed states;
};

static void free_state(void *item)
{
	free(((struct state *)item)->label);
	name_key__free(item);
}

static int metrics_open(const struct export_options *options, struct exporter **ret_exporter,
			struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (!exporter)
		return fault__set(why, -ENOMEM, "no memory");
	exporter->out = options->out;
	exporter->states = KEYED_BY_NAME(struct state);
	exporter->states.free_item = free_state;
	*ret_exporter = exporter;
	return 0;
}

static void metrics_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	keyed__free(&exporter->states);
	free(exporter);
}

static int metrics_path(struct exporter *exporter)
{
	for (size_t i = 0; i < exporter->states.cnt; i++) {
		struct state *state = exporter->states.items[i];

		ledger_sum__close(&state->ledger, &state->ledger_latest);
	}
	return 0;
}

/* --- rows --------------------------------------------------------------------------------- */

/* As BPF does it: floor(log2). */
static size_t bucket_of(uint64_t ns)
{
	size_t bucket = ns > 1 ? 63 - (size_t)__builtin_clzll(ns) : 0;

	return bucket < TACHO_BUCKETS ? bucket : TACHO_BUCKETS - 1;
}

static int metrics_call(struct exporter *exporter, const struct call *call)
{
	struct state *state = keyed__want_name(&exporter->states, call->state);

	if (!state)
		return -ENOMEM;
	if (call->known & CALL_KNOWS_ENDED) {
		state->ended_known = true;
		state->ended[call->ended]++;
	}
	state->failed_known |= call->failed != ROW_FAILED_UNKNOWN;
	state->failed += call->failed == ROW_FAILED_YES;
	if (!ended_finished(call->ended))
		return 0;
	state->buckets[bucket_of(call->duration_ns)]++;
	state->sum_ns = add_saturated(state->sum_ns, call->duration_ns);
	return 0;
}

static int metrics_summary(struct exporter *exporter, const struct summary_row *row)
{
	struct state *state = keyed__want_name(&exporter->states, row->state);

	if (!state)
		return -ENOMEM;
	state->ended_known = true;
	for (int i = 0; i < TACHO_ENDED_CNT; i++)
		state->ended[i] = add_saturated(state->ended[i], row->ended[i]);
	for (int i = 0; i < TACHO_BUCKETS; i++)
		state->buckets[i] = add_saturated(state->buckets[i], row->buckets[i]);
	state->sum_ns = add_saturated(state->sum_ns, row->sum_ns);
	return 0;
}

static int metrics_ledger(struct exporter *exporter, const struct ledger_row *row)
{
	struct state *state = keyed__want_name(&exporter->states, row->state);

	if (!state)
		return -ENOMEM;
	state->has_ledger = true;
	ledger_sum__add(&state->ledger, &state->ledger_latest, row);
	return 0;
}

/* --- metrics ------------------------------------------------------------------------------ */

/* A backslash, a quote and a line feed are escaped by a backslash (OpenMetrics, "escaped-string").
 */
static char *make_label(const char *name)
{
	size_t sz = strlen(name), at = 0;
	char *utf8 = malloc(ESCAPED_SZ(sz)), *label;

	if (!utf8)
		return NULL;
	sz = escape_no_utf8(utf8, name, sz);
	label = malloc(2 * sz + 1);
	for (size_t i = 0; label && i <= sz; i++) {
		if (utf8[i] == '\\' || utf8[i] == '"' || utf8[i] == '\n')
			label[at++] = '\\';
		label[at++] = (char)(utf8[i] == '\n' ? 'n' : utf8[i]);
	}
	free(utf8);
	return label;
}

static void put_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (!strcmp(type, "histogram"))
		fprintf(out, "# UNIT %s seconds\n", name);
	fprintf(out, "# HELP %s %s\n", name, help);
}

static void put_histogram(FILE *out, const struct state *state)
{
	static const char name[] = "tacho_call_duration_seconds";
	uint64_t cnt = 0;

	for (int i = 0; i < TACHO_BUCKETS; i++) {
		uint64_t le_ns = (UINT64_C(2) << i) - 1;

		cnt = add_saturated(cnt, state->buckets[i]);
		if (i < FIRST_BUCKET || i > LAST_BUCKET)
			continue;
		fprintf(out,
			"%s_bucket{state=\"%s\",le=\"%" PRIu64 ".%09" PRIu64 "\"} %" PRIu64 "\n",
			name, state->label, le_ns / NS_PER_S, le_ns % NS_PER_S, cnt);
	}
	fprintf(out, "%s_bucket{state=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, state->label, cnt);
	fprintf(out, "%s_count{state=\"%s\"} %" PRIu64 "\n", name, state->label, cnt);
	fprintf(out, "%s_sum{state=\"%s\"} %" PRIu64 ".%09" PRIu64 "\n", name, state->label,
		state->sum_ns / NS_PER_S, state->sum_ns % NS_PER_S);
}

static void put_endings(FILE *out, const struct state *state)
{
	for (int i = 0; state->ended_known && i < TACHO_ENDED_CNT; i++)
		fprintf(out, "tacho_calls_total{state=\"%s\",ended=\"%s\"} %" PRIu64 "\n",
			state->label, ended_name((enum tacho_ended)i), state->ended[i]);
}

static void put_failures(FILE *out, const struct state *state)
{
	if (state->failed_known)
		fprintf(out, "tacho_failed_calls_total{state=\"%s\"} %" PRIu64 "\n", state->label,
			state->failed);
}

static void put_losses(FILE *out, const struct state *state)
{
	const struct ledger_row *sum = &state->ledger;
	const struct {
		const char *why;
		uint64_t cnt;
	} losses[] = {
		{ "ring", sum->lost_ring },
		{ "nesting", sum->lost_nesting },
		{ "other", sum->lost_other },
	};

	for (size_t i = 0; state->has_ledger && i < sizeof(losses) / sizeof(losses[0]); i++)
		fprintf(out, "tacho_lost_calls_total{state=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
			state->label, losses[i].why, losses[i].cnt);
}

static void put_unmatched(FILE *out, const struct state *state)
{
	if (state->has_ledger)
		fprintf(out, "tacho_unmatched_returns_total{state=\"%s\"} %" PRIu64 "\n",
			state->label, state->ledger.unmatched_returns);
}

static const struct {
	const char *name;
	const char *type;
	const char *help;
	void (*put)(FILE *out, const struct state *state);
} families[] = {
	{ "tacho_call_duration_seconds", "histogram",
	  "How long the calls of a state took that finished or were summarised.", put_histogram },
	{ "tacho_calls", "counter", "Calls by how they ended.", put_endings },
	{ "tacho_failed_calls", "counter", "Calls that are known to have failed.", put_failures },
	{ "tacho_lost_calls", "counter", "Calls that could not be recorded.", put_losses },
	{ "tacho_unmatched_returns", "counter", "Returns of calls whose beginning was not seen.",
	  put_unmatched },
};

static int metrics_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	struct keyed *states = &exporter->states;

	(void)notes;
	(void)why;
	metrics_path(exporter);
	for (size_t i = 0; i < states->cnt; i++) {
		struct state *state = states->items[i];

		state->label = make_label(state->key.name);
		if (!state->label)
			return -ENOMEM;
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		put_family(exporter->out, families[i].name, families[i].type, families[i].help);
		for (size_t j = 0; j < states->cnt; j++)
			families[i].put(exporter->out, states->items[j]);
	}
	fputs("# EOF\n", exporter->out);
	return 0;
}

const struct export_ops export_openmetrics = {
	.name = "openmetrics",
	.about = "text for Prometheus: histograms, failures and losses of each state",
	.open = metrics_open,
	.path = metrics_path,
	.call = metrics_call,
	.summary = metrics_summary,
	.ledger = metrics_ledger,
	.end = metrics_end,
	.free = metrics_free,
};
