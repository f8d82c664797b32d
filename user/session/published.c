/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The status file's content: docs/FORMATS.md describes it. Its reader is user/status/. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../clock.h"
#include "../json.h"
#include "../output_dir.h"
#include "../plan/cost_estimate.h"
#include "../processes/resources.h"
#include "../service/process_start.h"
#include "session_internal.h"

#define FORMAT_VERSION 1

/* What is known of a state's probes. */
struct state_probes {
	size_t cnt;
	size_t placed;
	uint64_t last_hit_ns; /* CLOCK_REALTIME; 0: never */
	/* the probes' cost, each as often as it was hit, and once more */
	double weight, weighted_ns;
};

struct probe_walk {
	const struct session *s;
	struct state_probes *states;
	size_t number;
};

/* Takes both; NULL when either is, or there is no memory to join them. */
static json_t *append(json_t *array, json_t *item)
{
	if (array && item && !json_array_append_new(array, item))
		return array;
	if (!array)
		json_decref(item);
	json_decref(array);
	return NULL;
}

/* The recorder knows the plan's probes by the plan's numbers. */
static void take_probe(void *ctx, const struct probe_row *row)
{
	struct probe_walk *walk = ctx;
	const struct plan *plan = walk->s->options->plan;
	size_t number = walk->number++;
	struct state_probes *state;
	double weight;

	if (number >= plan->probe_cnt)
		return;
	state = &walk->states[plan->probes[number].state];
	/* Of a file that was given up, only the numbers are left. */
	if (!plan__is_python(plan, plan->probes[number].state)) {
		state->cnt += plan->binaries[plan->probes[number].binary].elf != NULL;
		state->placed += prober__has_probe(walk->s->prober, number);
	}
	if (row->last_hit_ns > state->last_hit_ns)
		state->last_hit_ns = row->last_hit_ns;
	weight = (double)row->calls + 1;
	state->weight += weight;
	state->weighted_ns += weight * planned_probe__cost_ns(&plan->probes[number]);
}

/* Functions of Python are seen by the marks of the package's core. */
static void count_cores(const struct session *s, struct state_probes *ret_probes)
{
	const struct plan *plan = s->options->plan;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];

		if (probe->kind != PLANNED_MARK || !plan->targets[probe->target].core)
			continue;
		ret_probes->cnt += plan->binaries[probe->binary].elf != NULL;
		ret_probes->placed += prober__has_probe(s->prober, i);
	}
}

/* Which probe saw a call without a row is not known; of the state it is. */
static uint64_t last_hit_ns(const struct session *s, size_t number, const struct state_probes *p)
{
	uint64_t summarised_ns = s->states[number].summarised_ns;

	if (summarised_ns)
		summarised_ns += s->clock_offset_ns;
	return summarised_ns > p->last_hit_ns ? summarised_ns : p->last_hit_ns;
}

static json_t *make_pending(const struct plan *plan, size_t state)
{
	json_t *array = json_array();
	const struct planned_target *target;

	for (size_t i = 0; i < plan->target_cnt; i++) {
		target = &plan->targets[i];
		if (plan__is_waited_for(plan, i) &&
		    (target->state == state || (target->core && plan__is_python(plan, state))))
			array = append(array, json_pack("{s:o, s:o, s:o}", "binary",
							json_text(target->ref->binary), "function",
							json_text(target->ref->function), "why",
							json_text(target->waiting.text)));
	}
	return array;
}

static json_t *number_or_null(uint64_t number)
{
	return number ? json_integer((json_int_t)number) : json_null();
}

static json_t *make_state(const struct session *s, const struct session_published *published,
			  size_t number, const struct state_probes *probes)
{
	const struct plan *plan = s->options->plan;
	double rate = number < published->rate_cnt ? published->rates[number].per_second : 0;
	double cost_ns = probes->weight > 0 ? probes->weighted_ns / probes->weight : 0;
	struct recorder_state state = {};

	recorder__read_state(s->recorder, number, &state);
	return json_pack(
		"{s:o, s:b, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:b, s:{s:I, s:I, s:I}, s:f, s:f, "
		"s:f}",
		"name", json_text(plan->states[number].name), "selected",
		prober__is_selected(s->prober, number), "probes", (json_int_t)probes->cnt,
		"attached", (json_int_t)probes->placed, "pending", make_pending(plan, number),
		"last_hit_ns", number_or_null(last_hit_ns(s, number, probes)), "calls",
		(json_int_t)state.ledger.entries, "rows", (json_int_t)state.rows, "summarised",
		(json_int_t)state.summarised, "summarising", s->states[number].summarised_ns != 0,
		"lost", "ring", (json_int_t)state.ledger.lost_ring, "nesting",
		(json_int_t)state.ledger.lost_nesting, "other", (json_int_t)state.ledger.lost_other,
		"calls_per_second", rate, "estimated_ns_per_call", cost_ns, "estimated_cpu_share",
		rate * cost_ns / 1e9);
}

static json_t *make_states(const struct session *s, const struct session_published *published)
{
	size_t cnt = s->options->plan->state_cnt;
	struct probe_walk walk = { s, calloc(cnt + 1, sizeof(*walk.states)), 0 };
	json_t *array = walk.states ? json_array() : NULL;

	if (array)
		recorder__each_probe(s->recorder, take_probe, &walk);
	for (size_t i = 0; array && s->prober && i < cnt; i++) {
		if (plan__is_python(s->options->plan, i))
			count_cores(s, &walk.states[i]);
		if (!s->states[i].retired)
			array = append(array, make_state(s, published, i, &walk.states[i]));
	}
	free(walk.states);
	return array;
}

static json_t *make_processes(const struct session *s)
{
	struct recorder_summary summary;
	char gpus[512];

	if (!s->resources)
		return json_null();
	recorder__summarize(s->recorder, &summary);
	resources__describe_gpus(s->resources, gpus, sizeof(gpus));
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "source",
			 resources__source(s->resources), "interval_ns",
			 (json_int_t)s->config->resources.interval_ns, "rows",
			 (json_int_t)summary.process_rows, "lost_rows",
			 (json_int_t)summary.process_rows_lost, "lost_events",
			 (json_int_t)resources__lost(s->resources), "gpus", json_text(gpus));
}

static json_t *make_ring(const struct session *s, const struct session_published *published)
{
	if (!s->prober)
		return json_null();
	return json_pack("{s:I, s:I}", "size_bytes", (json_int_t)s->config->ring_bytes,
			 "peak_bytes", (json_int_t)published->ring_peak_bytes);
}

static json_t *append_trouble(json_t *array, const char *what, int err)
{
	struct fault text;

	if (!err)
		return array;
	fault__set(&text, err, "%s: %s", what, strerror(-err));
	return append(array, json_text(text.text));
}

static json_t *make_trouble(const struct session *s)
{
	json_t *array = json_array();

	array = append_trouble(array, "rows cannot be written", s->write_err);
	array = append_trouble(array, "the raw stream cannot be written", s->raw_err);
	return append_trouble(array, "processes cannot be sampled", s->resources_err);
}

static uint64_t own_rss_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static uint64_t ns_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

static json_t *make_own(void)
{
	struct rusage usage = {};

	getrusage(RUSAGE_SELF, &usage);
	return json_pack("{s:I, s:I}", "cpu_ns",
			 (json_int_t)(ns_of(&usage.ru_utime) + ns_of(&usage.ru_stime)), "rss_bytes",
			 (json_int_t)own_rss_bytes());
}

char *session__make_status(const struct session *s, const struct session_published *published)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t ticks = 0;
	char *text = NULL;
	json_t *json;

	process_start_ticks(getpid(), &ticks);
	json = json_pack("{s:i, s:s, s:i, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o}",
			 "tacho_status", FORMAT_VERSION, "version", TACHO_VERSION, "pid",
			 (int)getpid(), "start_ticks", (json_int_t)ticks, "updated_ns",
			 (json_int_t)(now_ns + s->clock_offset_ns), "updated_monotonic_ns",
			 (json_int_t)now_ns, "refresh_ns", (json_int_t)published->refresh_ns,
			 "recording_ns", (json_int_t)(now_ns - s->started_ns), "directory",
			 json_text(output_dir__path(s->dir)), "way",
			 s->prober ? json_text(prober__way(s->prober)) : json_null(), "trouble",
			 make_trouble(s), "own", make_own(), "ring", make_ring(s, published),
			 "states", make_states(s, published), "processes", make_processes(s));
	if (json)
		text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(json);
	return text;
}
