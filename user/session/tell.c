/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a session says of itself: as it begins, while it records, and at its end. */
#include <inttypes.h>
#include <stdio.h>

#include "../clock.h"
#include "../message.h"
#include "../output_dir.h"
#include "../processes/resources.h"
#include "session_internal.h"

void session__notice(void *ctx, const char *text)
{
	(void)ctx;
	message("record: %s", text);
}

static size_t pending_cnt(const struct plan *plan)
{
	size_t cnt = 0;

	for (size_t i = 0; i < plan->target_cnt; i++)
		cnt += plan->targets[i].pending;
	return cnt;
}

/* Files with probes; those that only unwind for others do not count. */
static size_t probed_file_cnt(const struct plan *plan)
{
	size_t cnt = 0;

	for (size_t i = 0; i < plan->binary_cnt; i++) {
		bool probed = false;

		for (size_t p = 0; !probed && p < plan->probe_cnt; p++)
			probed = plan->probes[p].binary == i;
		cnt += probed;
	}
	return cnt;
}

/* "2 states, 3 probes in 1 file, 1 place pending (session)" */
static void describe_states(const struct session *s, char *text, size_t sz)
{
	const struct plan *plan = s->options->plan;
	size_t pending = pending_cnt(plan);
	size_t files = probed_file_cnt(plan);
	char waiting[64] = "";

	if (pending)
		snprintf(waiting, sizeof(waiting), ", %zu place%s pending", pending,
			 pending == 1 ? "" : "s");
	snprintf(text, sz, "%zu state%s, %zu probe%s in %zu file%s%s (%s)", plan->state_cnt,
		 plan->state_cnt == 1 ? "" : "s", plan->probe_cnt, plan->probe_cnt == 1 ? "" : "s",
		 files, files == 1 ? "" : "s", waiting, prober__way(s->prober));
}

/* "processes every 10 s (kernel)" */
static void describe_resources(const struct session *s, char *text, size_t sz)
{
	snprintf(text, sz, "processes every %.10g s (%s)",
		 s->options->config->resources.interval_ns / 1e9, resources__source(s->resources));
}

void session__announce(const struct session *s)
{
	char states[192] = "", resources[64] = "";

	if (s->prober)
		describe_states(s, states, sizeof(states));
	if (s->resources)
		describe_resources(s, resources, sizeof(resources));
	message_about(&(struct message_subject) { .id = MESSAGE_ID_STARTED }, MESSAGE_INFO,
		      "recording %s%s%s into %s%s", states, *states && *resources ? "; " : "",
		      resources, output_dir__path(s->dir),
		      s->command || s->options->duration_ns ? "" : "; Ctrl-C ends");
}

/* A command has the terminal to itself. */
void session__show_status(const struct session *s)
{
	struct recorder_summary summary;
	char activities[64] = "", rows[64] = "";

	if (s->command)
		return;
	recorder__summarize(s->recorder, &summary);
	if (s->prober)
		snprintf(activities, sizeof(activities),
			 "%" PRIu64 " activities, %" PRIu64 " lost, ", summary.activities,
			 summary.lost);
	if (s->resources)
		snprintf(rows, sizeof(rows), "%" PRIu64 " rows of processes, ",
			 summary.process_rows);
	status_line("recording: %s%s%.0f s ", activities, rows,
		    (clock_monotonic_ns() - s->started_ns) / 1e9);
}

void session__tell_trouble(const struct session *s)
{
	struct tacho_trouble trouble;

	if (!s->prober || prober__read_trouble(s->prober, &trouble))
		return;
	if (trouble.process_table_full)
		message("record: %llu processes were not recorded: more ran at one time than can "
			"be told apart",
			(unsigned long long)trouble.process_table_full);
	if (trouble.command_unreadable)
		message("record: %llu command lines could not be judged by `process =`; they "
			"count as not matching",
			(unsigned long long)trouble.command_unreadable);
}
