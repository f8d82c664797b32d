/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What ProxyStore's store metrics say of operations, as dicts of theirs in JSON: TimeStats of each
 * state over all calls, and, if the settings capture a key, Metrics of each key.
 *
 *     {
 *       "aggregate": {
 *         "store.put": {"count": 2, "avg_time_ms": 24.4, "min_time_ms": 3.2, "max_time_ms": 45.6,
 *                       "last_time_ms": 3.2, "last_timestamp": 1795317606.0}
 *       },
 *       "keys": {
 *         "4711": {"attributes": {}, "counters": {}, "times": {"store.put": {...}}}
 *       }
 *     }
 *
 * Times are in milliseconds, for every state; last_timestamp is when the latest call ended, in
 * seconds since 1970. Numbers are as Python computes and spells them.
 */
#include "export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keyed.h"
#include "ended.h"
#include "export/json_out.h"
#include "float_repr.h"

struct time_stats {
	struct name_key state;
	uint64_t cnt;
	double avg_ms, min_ms, max_ms, last_ms;
	uint64_t last_end_ns;
};

struct metrics {
	struct name_key key;
	struct keyed times;
};

struct exporter {
	FILE *out;
	const char *key; /* the name of the captured value; NULL: none */
	bool key_found;
	struct keyed aggregate;
	struct keyed keys;
};

static void free_metrics(void *item)
{
	keyed__free(&((struct metrics *)item)->times);
	name_key__free(item);
}

static int proxystore_open(const struct export_options *options, struct exporter **ret_exporter,
			   struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (!exporter)
		return fault__set(why, -ENOMEM, "no memory");
	exporter->out = options->out;
	exporter->key = options->key;
	exporter->aggregate = KEYED_BY_NAME(struct time_stats);
	exporter->keys = KEYED_BY_NAME(struct metrics);
	exporter->keys.free_item = free_metrics;
	*ret_exporter = exporter;
	return 0;
}

static void proxystore_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	keyed__free(&exporter->aggregate);
	keyed__free(&exporter->keys);
	free(exporter);
}

/* --- rows --------------------------------------------------------------------------------- */

static int add_time(struct keyed *times, const struct call *call)
{
	struct time_stats *stats = keyed__want_name(times, call->state);
	double ms = (double)call->duration_ns / 1e6;

	if (!stats)
		return -ENOMEM;
	stats->avg_ms = (stats->avg_ms * (double)stats->cnt + ms) / (double)(stats->cnt + 1);
	if (!stats->cnt || ms < stats->min_ms)
		stats->min_ms = ms;
	if (ms > stats->max_ms)
		stats->max_ms = ms;
	if (call__end_ns(call) >= stats->last_end_ns) {
		stats->last_end_ns = call__end_ns(call);
		stats->last_ms = ms;
	}
	stats->cnt++;
	return 0;
}

static const char *find_key(struct exporter *exporter, const struct call *call)
{
	for (size_t i = 0; exporter->key && i < call->captured_cnt; i++) {
		if (strcmp(call->captured[i].name, exporter->key))
			continue;
		exporter->key_found = true;
		return *call->captured[i].text ? call->captured[i].text : NULL;
	}
	return NULL;
}

static int proxystore_call(struct exporter *exporter, const struct call *call)
{
	const char *key = find_key(exporter, call);
	struct metrics *metrics;
	int err;

	if (!ended_finished(call->ended))
		return 0;
	err = add_time(&exporter->aggregate, call);
	if (err || !key)
		return err;
	metrics = keyed__want_name(&exporter->keys, key);
	if (!metrics)
		return -ENOMEM;
	if (!metrics->times.item_sz)
		metrics->times = KEYED_BY_NAME(struct time_stats);
	return add_time(&metrics->times, call);
}

/* --- the document ------------------------------------------------------------------------- */

static void put_double(FILE *out, const char *name, double value)
{
	char text[FLOAT_REPR_MAX];

	fprintf(out, ", \"%s\": %.*s", name, (int)(float_repr(text, value) - text), text);
}

static void put_times(FILE *out, const struct keyed *times, const char *indent)
{
	const char *separator = "";

	putc('{', out);
	for (size_t i = 0; i < times->cnt; i++) {
		const struct time_stats *stats = times->items[i];

		fprintf(out, "%s\n%s", separator, indent);
		json_out__string(out, stats->state.name);
		fprintf(out, ": {\"count\": %" PRIu64, stats->cnt);
		put_double(out, "avg_time_ms", stats->avg_ms);
		put_double(out, "min_time_ms", stats->min_ms);
		put_double(out, "max_time_ms", stats->max_ms);
		put_double(out, "last_time_ms", stats->last_ms);
		put_double(out, "last_timestamp", (double)stats->last_end_ns / 1e9);
		putc('}', out);
		separator = ",";
	}
	putc('}', out);
}

static int proxystore_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	const char *separator = "";
	FILE *out = exporter->out;

	(void)notes;
	if (exporter->key && !exporter->key_found)
		return fault__set(why, -ENODATA, "no file has a captured value '%s'",
				  exporter->key);
	fputs("{\n  \"aggregate\": ", out);
	put_times(out, &exporter->aggregate, "    ");
	fputs(",\n  \"keys\": {", out);
	for (size_t i = 0; i < exporter->keys.cnt; i++) {
		const struct metrics *metrics = exporter->keys.items[i];

		fprintf(out, "%s\n    ", separator);
		json_out__string(out, metrics->key.name);
		fputs(": {\"attributes\": {}, \"counters\": {}, \"times\": ", out);
		put_times(out, &metrics->times, "      ");
		putc('}', out);
		separator = ",";
	}
	fputs("}\n}\n", out);
	return 0;
}

const struct export_ops export_proxystore = {
	.name = "proxystore",
	.about = "JSON of ProxyStore's TimeStats: of all calls, and of each key",
	.options = EXPORT_HAS_KEY,
	.open = proxystore_open,
	.call = proxystore_call,
	.end = proxystore_end,
	.free = proxystore_free,
};
