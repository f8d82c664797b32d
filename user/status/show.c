/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../json.h"
#include "../plural.h"
#include "../report/human.h"
#include "../table.h"

#define LABEL_WIDTH 11

/* --- text --------------------------------------------------------------------------------------
 */

/* "label      text"; the text is hostile. */
__attribute__((format(printf, 3, 4))) static int line(const struct screen *screen,
						      const char *label, const char *fmt, ...)
{
	struct fault text;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text.text, sizeof(text.text), fmt, args);
	va_end(args);
	fprintf(screen->out, "%-*s", LABEL_WIDTH, label);
	return screen__put_wrapped(screen, LABEL_WIDTH, text.text);
}

static const char *ago(uint64_t then_ns, uint64_t now_ns, char text[HUMAN_SZ + 8])
{
	char span[HUMAN_SZ];

	if (!then_ns)
		return "never";
	human_duration(now_ns > then_ns ? now_ns - then_ns : 0, span);
	snprintf(text, HUMAN_SZ + 8, "%s ago", span);
	return text;
}

static int put_life(const struct shown_status *shown, const struct screen *screen)
{
	const struct status *s = shown->status;
	char span[HUMAN_SZ], age[HUMAN_SZ + 8];

	human_duration(s->recording_ns, span);
	if (shown->life == STATUS_GONE)
		return line(screen, "recorder",
			    "not running: process %d, which wrote this %s, has not ended well",
			    (int)s->pid, ago(s->updated_ns, shown->now_ns, age));
	if (shown->life == STATUS_SILENT)
		return line(screen, "recorder", "process %d does not answer: it wrote this %s",
			    (int)s->pid, ago(s->updated_ns, shown->now_ns, age));
	return line(screen, "recorder", "running for %s, process %d%s%s", span, (int)s->pid,
		    *s->way ? ", probes by way of " : "", s->way);
}

static int put_own(const struct status *s, const struct screen *screen)
{
	char cpu[HUMAN_SZ], share[HUMAN_SZ], rss[HUMAN_SZ];

	human_duration(s->cpu_ns, cpu);
	human_percent(s->recording_ns ? 100.0 * s->cpu_ns / s->recording_ns : 0, share);
	human_bytes(s->rss_bytes, rss);
	return line(screen, "uses", "%s of CPU time (%s of one CPU), %s of memory", cpu, share,
		    rss);
}

static int put_ring(const struct status *s, const struct screen *screen)
{
	char size[HUMAN_SZ], peak[HUMAN_SZ];

	if (!s->ring_size_bytes)
		return 0;
	human_bytes(s->ring_size_bytes, size);
	human_bytes(s->ring_peak_bytes, peak);
	return line(screen, "ring", "%s, of which at most %s were full", size, peak);
}

static int put_processes(const struct status *s, const struct screen *screen)
{
	char interval[HUMAN_SZ];
	int err;

	if (!s->records_processes)
		return 0;
	human_duration(s->process_interval_ns, interval);
	err = line(screen, "processes",
		   "every %s (%s), %" PRIu64 " row%s, %" PRIu64 " lost, %" PRIu64
		   " event%s not seen",
		   interval, s->process_source, s->process_rows, plural_s(s->process_rows),
		   s->process_rows_lost, s->process_events_lost, plural_s(s->process_events_lost));
	return !err && *s->gpus ? line(screen, "GPUs", "%s", s->gpus) : err;
}

static int put_head(const struct shown_status *shown, const struct screen *screen)
{
	const struct status *s = shown->status;
	int err = put_life(shown, screen);

	if (!err)
		err = line(screen, "directory", "%s", s->directory);
	if (!err && shown->life != STATUS_GONE)
		err = put_own(s, screen);
	if (!err)
		err = put_ring(s, screen);
	if (!err)
		err = put_processes(s, screen);
	for (size_t i = 0; !err && i < s->trouble_cnt; i++)
		err = line(screen, "trouble", "%s", s->troubles[i]);
	return err;
}

static const struct table_column columns[] = {
	{ "STATE", false, true },    { "PROBES", true, false }, { "PENDING", true, false },
	{ "LAST HIT", true, false }, { "CALLS", true, false },	{ "ROWS", true, false },
	{ "SUMMED", true, false },   { "LOST", true, false },	{ "RATE", true, false },
	{ "CPU", true, false },	     { "NOW", false, false },	{},
};

static const char *what_it_does(const struct status_state *state)
{
	if (!state->selected)
		return "off";
	if (!state->attached)
		return "waits";
	return state->summarising ? "summarised" : "recorded";
}

/* The sum of hostile numbers may be anything, and is shown as it is. */
static uint64_t lost_cnt(const struct status_state *state)
{
	return state->lost_ring + state->lost_nesting + state->lost_other;
}

static void put_state(struct table *table, const struct status_state *state, uint64_t now_ns)
{
	char age[HUMAN_SZ + 8], rate[HUMAN_SZ], share[HUMAN_SZ + 2] = "~";

	human_rate(state->calls_per_second, rate);
	human_percent(100 * state->estimated_cpu_share, share + 1);
	table__put(table, "%s", state->name);
	table__put(table, "%" PRIu64 "/%" PRIu64, state->attached, state->probes);
	table__put(table, "%zu", state->pending_cnt);
	table__put(table, "%s", ago(state->last_hit_ns, now_ns, age));
	table__put(table, "%" PRIu64, state->calls);
	table__put(table, "%" PRIu64, state->rows);
	table__put(table, "%" PRIu64, state->summarised);
	table__put(table, "%" PRIu64, lost_cnt(state));
	table__put(table, "%s", state->calls_per_second > 0 ? rate : "-");
	table__put(table, "%s", state->calls_per_second > 0 ? share : "-");
	table__put(table, "%s", what_it_does(state));
}

static int put_states(const struct shown_status *shown, const struct screen *screen)
{
	struct table *table;
	int err;

	if (!shown->status->state_cnt)
		return 0;
	err = table__new(columns, &table);
	if (err)
		return err;
	for (size_t i = 0; i < shown->status->state_cnt; i++)
		put_state(table, &shown->status->states[i], shown->now_ns);
	fputc('\n', screen->out);
	err = table__print(table, screen);
	table__free(table);
	return err;
}

static int put_losses(const struct status *s, const struct screen *screen)
{
	bool first = true;
	int err = 0;

	for (size_t i = 0; !err && i < s->state_cnt; i++) {
		const struct status_state *state = &s->states[i];

		if (!lost_cnt(state))
			continue;
		if (first)
			fputc('\n', screen->out);
		first = false;
		err = line(screen, "lost",
			   "state %s: %" PRIu64 " call%s because the ring was full, %" PRIu64
			   " for nesting too deep, %" PRIu64 " for want of memory or disk",
			   state->name, state->lost_ring, plural_s(state->lost_ring),
			   state->lost_nesting, state->lost_other);
	}
	return err;
}

static int put_pending(const struct status *s, const struct screen *screen)
{
	bool first = true;
	int err = 0;

	for (size_t i = 0; i < s->state_cnt; i++) {
		for (size_t p = 0; !err && p < s->states[i].pending_cnt; p++) {
			if (first)
				fputc('\n', screen->out);
			first = false;
			err = line(screen, "pending", "%s", s->states[i].pending[p].why);
		}
	}
	return err;
}

int status_show_text(const struct shown_status *shown, const struct screen *screen)
{
	int err = put_head(shown, screen);

	if (!err)
		err = put_states(shown, screen);
	if (!err)
		err = put_losses(shown->status, screen);
	return err ? err : put_pending(shown->status, screen);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

json_t *status_show_json(const struct shown_status *shown)
{
	json_t *json = json_pack("{s:o, s:s}", "file", json_text(shown->path), "life",
				 status_life__name(shown->life));

	if (json && json_object_update(json, shown->status->json)) {
		json_decref(json);
		return NULL;
	}
	return json;
}
