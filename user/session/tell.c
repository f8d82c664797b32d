/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a session says of itself: as it begins, while it records, and at its end. */
#include <inttypes.h>
#include <stdio.h>

#include "../clock.h"
#include "../message.h"
#include "../output_dir.h"
#include "../plural.h"
#include "../processes/resources.h"
#include "session_internal.h"

void session__notice(void *ctx, const char *text)
{
	(void)ctx;
	message("record: %s", text);
}

size_t session__pending_cnt(const struct session *s)
{
	const struct plan *plan = s->options->plan;
	size_t cnt = 0;

	for (size_t i = 0; i < plan->target_cnt; i++)
		cnt += plan__is_waited_for(plan, i) && !s->states[plan->targets[i].state].retired;
	return cnt;
}

/* Of the states that the settings have now. */
static bool is_counted(const struct session *s, const struct planned_probe *probe)
{
	return probe->kind != PLANNED_LABEL && !s->states[probe->state].retired &&
	       s->options->plan->binaries[probe->binary].elf;
}

/* Files with probes; those that only unwind for others do not count. */
static size_t probed_file_cnt(const struct session *s)
{
	const struct plan *plan = s->options->plan;
	size_t cnt = 0;

	for (size_t i = 0; i < plan->binary_cnt; i++) {
		bool probed = false;

		for (size_t p = 0; !probed && p < plan->probe_cnt; p++)
			probed = plan->probes[p].binary == i && is_counted(s, &plan->probes[p]);
		cnt += probed;
	}
	return cnt;
}

static size_t probe_cnt(const struct session *s)
{
	const struct plan *plan = s->options->plan;
	size_t cnt = 0;

	for (size_t i = 0; i < plan->probe_cnt; i++)
		cnt += is_counted(s, &plan->probes[i]);
	return cnt;
}

/* "2 states, 3 probes in 1 file, 1 place pending (session)" */
static void describe_states(const struct session *s, char *text, size_t sz)
{
	size_t states = session__wanted_cnt(s);
	size_t probes = probe_cnt(s);
	size_t pending = session__pending_cnt(s);
	size_t files = probed_file_cnt(s);
	char waiting[64] = "";

	if (pending)
		snprintf(waiting, sizeof(waiting), ", %zu place%s pending", pending,
			 plural_s(pending));
	snprintf(text, sz, "%zu state%s, %zu probe%s in %zu file%s%s (%s)%s", states,
		 plural_s(states), probes, plural_s(probes), files, plural_s(files), waiting,
		 prober__way(s->prober), s->flag_off ? ", the feature flag is off" : "");
}

/* "processes every 10 s (kernel)" */
static void describe_resources(const struct session *s, char *text, size_t sz)
{
	snprintf(text, sz, "processes every %.10g s (%s)", s->config->resources.interval_ns / 1e9,
		 resources__source(s->resources));
}

void session__describe(const struct session *s, char text[SESSION_TEXT_SZ])
{
	char states[192] = "", resources[64] = "";

	if (s->prober)
		describe_states(s, states, sizeof(states));
	if (s->resources)
		describe_resources(s, resources, sizeof(resources));
	/* As the reference does it: a service that is switched off runs, and waits for its end. */
	if (!s->prober && !s->resources)
		snprintf(states, sizeof(states),
			 "nothing (OT_SYSTEM_RESOURCE_TRACKER_ENABLED is false)");
	snprintf(text, SESSION_TEXT_SZ, "%s%s%s", states, *states && *resources ? "; " : "",
		 resources);
}

void session__announce(const struct session *s)
{
	char text[SESSION_TEXT_SZ];

	session__describe(s, text);
	message_about(&(struct message_subject) { .id = MESSAGE_ID_STARTED }, MESSAGE_INFO,
		      "recording %s into %s%s", text, output_dir__path(s->dir),
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
		snprintf(activities, sizeof(activities), "%" PRIu64 " %s, %" PRIu64 " lost, ",
			 summary.activities, plural(summary.activities, "activity", "activities"),
			 summary.lost);
	if (s->resources)
		snprintf(rows, sizeof(rows), "%" PRIu64 " row%s of processes, ",
			 summary.process_rows, plural_s(summary.process_rows));
	status_line("recording: %s%s%.0f s ", activities, rows,
		    (clock_monotonic_ns() - s->started_ns) / 1e9);
}

void session__tell_trouble(const struct session *s)
{
	struct recorder_summary summary;
	struct tacho_trouble trouble;

	recorder__summarize(s->recorder, &summary);
	if (summary.counter_rows_lost)
		message("record: %" PRIu64 " %s not in the file: no room for %s",
			summary.counter_rows_lost,
			plural(summary.counter_rows_lost, "row of counters is",
			       "rows of counters are"),
			plural(summary.counter_rows_lost, "it", "them"));
	if (!s->prober || prober__read_trouble(s->prober, &trouble))
		return;
	if (trouble.process_table_full)
		message("record: %llu %s not recorded: more ran at one time than can be told "
			"apart",
			(unsigned long long)trouble.process_table_full,
			plural(trouble.process_table_full, "process was", "processes were"));
	if (trouble.counters_unsent)
		message("record: %llu %s missing; totals have what was added",
			(unsigned long long)trouble.counters_unsent,
			plural(trouble.counters_unsent, "row of counters is",
			       "rows of counters are"));
	if (trouble.counters_lost)
		message("record: %llu time%s a counter could not be read or kept",
			(unsigned long long)trouble.counters_lost, plural_s(trouble.counters_lost));
	if (trouble.attributes_dropped)
		message("record: %llu %s missing: more than %d names, "
			"or names that could not be read",
			(unsigned long long)trouble.attributes_dropped,
			plural(trouble.attributes_dropped, "attribute of a marked block is",
			       "attributes of marked blocks are"),
			TACHO_ATTRIBUTES_MAX);
	if (trouble.command_unreadable)
		message("record: %llu command line%s could not be judged by `process =`, "
			"which counts as not matching",
			(unsigned long long)trouble.command_unreadable,
			plural_s(trouble.command_unreadable));
}

/* --- the plan ------------------------------------------------------------------------------- */

static void tell_probe(const struct plan *plan, const struct planned_probe *probe)
{
	const char *state = plan->states[probe->state].name;
	const struct message_subject subject = {
		.state = state,
		.binary = plan->binaries[probe->binary].path,
	};

	if (probe->tail_call_cnt)
		message_about(&subject, MESSAGE_WARNING,
			      "record: state %s: %s has %zu exit%s, tail calls among them: %zu; a "
			      "call that leaves by one ends at the jump",
			      state, probe->function, probe->exit_cnt, plural_s(probe->exit_cnt),
			      probe->tail_call_cnt);
	if (probe->return_type != TACHO_VALUE_NONE && !probe->return_type_known)
		message_about(
			&subject, MESSAGE_WARNING,
			"record: state %s: failed-if takes what %s returns for a C int, since "
			"no debugging information says what it is (write return:TYPE)",
			state, probe->function);
}

static void tell_pending(const struct plan *plan, uint32_t number,
			 const struct message_subject *subject)
{
	const struct planned_target *target = &plan->targets[number];
	size_t more = plan__other_places(plan, number);
	char others[64] = "";

	if (more)
		snprintf(others, sizeof(others), ", nor in %zu other place%s", more,
			 plural_s(more));
	if (target->core)
		message_about(subject, MESSAGE_WARNING,
			      "record: pending: %s%s (the package python3-tacho has it, or make "
			      "install-python; python-core in [marks] names other places)",
			      target->waiting.text, others);
	else
		message_about(subject, MESSAGE_WARNING, "record: pending: %s",
			      target->waiting.text);
}

/* What the plan cannot make good is said before the data is there; of many functions, once. */
void session_tell_plan(const struct plan *plan, const struct plan_mark *from)
{
	for (size_t i = from->target_cnt; i < plan->target_cnt; i++) {
		const struct planned_target *target = &plan->targets[i];
		const char *state = plan->states[target->state].name;
		const struct message_subject subject = {
			.id = target->pending ? MESSAGE_ID_PENDING : NULL,
			.state = state,
			.binary = target->ref->binary,
		};

		if (plan__is_waited_for(plan, i))
			tell_pending(plan, i, &subject);
		if (target->refused_cnt)
			message_about(&subject, MESSAGE_WARNING,
				      "record: state %s: %s: functions that cannot be recorded: "
				      "%zu; the first: %s",
				      state, target->ref->function, target->refused_cnt,
				      target->refused.text);
	}
	for (size_t i = from->probe_cnt; i < plan->probe_cnt; i++) {
		if (i == from->probe_cnt || plan->probes[i].target != plan->probes[i - 1].target)
			tell_probe(plan, &plan->probes[i]);
	}
}
