/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Trace Event Format, as Perfetto and chrome://tracing read it ("Trace Event Format", Google):
 *
 *     {"displayTimeUnit":"ns","traceEvents":[
 *     {"ph":"X","pid":812,"tid":815,"name":"SAVE","cat":"call","ts":1.5,"dur":81.066,"args":{...}},
 *     {"ph":"C","pid":812,"name":"memory","ts":9.000,"args":{"rss_bytes":95000000}},
 *     {"ph":"M","pid":812,"name":"process_name","args":{"name":"saver"}}
 *     ],"otherData":{"origin_ns":"1792..."}}
 *
 * Viewers read `ts` as a double of microseconds, which since 1970 is good for a quarter of one
 * only. So times count from an origin 52 to 104 days before the first call: all nanoseconds up to
 * 2^53 are exact then, and recordings of the same weeks have the same origin.
 *
 * "X" events of a thread must lie within each other or apart; viewers drop or misplace what they
 * do not understand. Calls do, but for those of coroutines, pairs, and calls whose thread is not
 * known: what overlaps becomes a pair of events "b" and "e" with an id, which have a track each.
 */
#include "export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/keyed.h"
#include "ended.h"
#include "export/json_out.h"

#define ORIGIN_SHIFT 52
#define COMM_SZ 128 /* escaped, and cut if it was no thread that was called so */
#define DEPTH_MAX 128

/* Calls that have ended at one depth of a thread, one behind the other. */
struct run {
	uint64_t start_ns;
	uint64_t end_ns;
	bool used;
};

struct track {
	struct thread_key id;
	char comm[COMM_SZ];
	struct run runs[DEPTH_MAX]; /* by depth; the last one is for all that are deeper */
	size_t run_cnt;
};

/* What the sample before has said. */
struct process {
	struct thread_key id;
	char comm[COMM_SZ];
	uint64_t start_ns;
	uint64_t time_ns;
	uint64_t cpu_ns;
	bool sampled;
};

struct exporter {
	FILE *out;
	uint64_t origin_ns;
	bool begun;
	uint64_t event_cnt;
	uint64_t overlapping_cnt;
	uint64_t thread_unknown;
	struct keyed tracks;
	struct keyed processes;
};

static int chrome_open(const struct export_options *options, struct exporter **ret_exporter,
		       struct fault *why)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (!exporter)
		return fault__set(why, -ENOMEM, "no memory");
	exporter->out = options->out;
	exporter->tracks = KEYED_BY_THREAD(struct track);
	exporter->processes = KEYED_BY_THREAD(struct process);
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", exporter->out);
	*ret_exporter = exporter;
	return 0;
}

static void chrome_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	keyed__free(&exporter->tracks);
	keyed__free(&exporter->processes);
	free(exporter);
}

/* Runs of another machine are in nobody's way. */
static int chrome_path(struct exporter *exporter)
{
	for (size_t i = 0; i < exporter->tracks.cnt; i++)
		((struct track *)exporter->tracks.items[i])->run_cnt = 0;
	for (size_t i = 0; i < exporter->processes.cnt; i++)
		((struct process *)exporter->processes.items[i])->sampled = false;
	return 0;
}

/* --- pieces of events --------------------------------------------------------------------- */

static void put_us(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%03u", ns / 1000, (unsigned int)(ns % 1000));
}

static void put_time(struct exporter *exporter, uint64_t time_ns)
{
	if (!exporter->begun) {
		exporter->begun = true;
		exporter->origin_ns = time_ns >> ORIGIN_SHIFT;
		if (exporter->origin_ns)
			exporter->origin_ns--;
		exporter->origin_ns <<= ORIGIN_SHIFT;
	}
	fputs(",\"ts\":", exporter->out);
	if (time_ns < exporter->origin_ns)
		putc('-', exporter->out);
	put_us(exporter->out, time_ns < exporter->origin_ns ? exporter->origin_ns - time_ns
							    : time_ns - exporter->origin_ns);
}

static void begin_event(struct exporter *exporter, const char *kind, uint64_t pid)
{
	fprintf(exporter->out, "%s\n{\"ph\":\"%s\",\"pid\":%" PRIu64,
		exporter->event_cnt++ ? "," : "", kind, pid);
}

static void put_argument(FILE *out, const char **separator, const char *name, const char *text)
{
	if (!*text)
		return;
	fputs(*separator, out);
	json_out__string(out, name);
	putc(':', out);
	json_out__string(out, text);
	*separator = ",";
}

static void put_number(FILE *out, const char **separator, const char *name, uint64_t value)
{
	fprintf(out, "%s\"%s\":%" PRIu64, *separator, name, value);
	*separator = ",";
}

static const struct {
	const char *name;
	enum call_knows knows;
	size_t offset;
} numbers[] = {
	{ "cpu_ns", CALL_KNOWS_CPU, offsetof(struct call, cpu_ns) },
	{ "runqueue_ns", CALL_KNOWS_RUNQUEUE, offsetof(struct call, runqueue_ns) },
	{ "blocked_ns", CALL_KNOWS_BLOCKED, offsetof(struct call, blocked_ns) },
	{ "minor_faults", CALL_KNOWS_MINOR_FAULTS, offsetof(struct call, minor_faults) },
	{ "major_faults", CALL_KNOWS_MAJOR_FAULTS, offsetof(struct call, major_faults) },
	{ "voluntary_switches", CALL_KNOWS_VOLUNTARY, offsetof(struct call, voluntary_switches) },
	{ "involuntary_switches", CALL_KNOWS_INVOLUNTARY,
	  offsetof(struct call, involuntary_switches) },
};

static void put_captured(FILE *out, const char **separator, const struct call *call)
{
	const char *between = "";
	bool any = false;

	for (size_t i = 0; i < call->captured_cnt; i++)
		any |= *call->captured[i].text;
	if (!any)
		return;
	fprintf(out, "%s\"captured\":{", *separator);
	for (size_t i = 0; i < call->captured_cnt; i++)
		put_argument(out, &between, call->captured[i].name, call->captured[i].text);
	putc('}', out);
	*separator = ",";
}

static void put_arguments(FILE *out, const struct call *call)
{
	const char *separator = "";

	fputs(",\"args\":{", out);
	if (call->known & CALL_KNOWS_ENDED)
		put_argument(out, &separator, "ended", ended_name(call->ended));
	if (call->failed != ROW_FAILED_UNKNOWN) {
		fprintf(out, "%s\"failed\":%s", separator,
			call->failed == ROW_FAILED_YES ? "true" : "false");
		separator = ",";
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const void *at = (const char *)call + numbers[i].offset;

		if (call->known & numbers[i].knows)
			put_number(out, &separator, numbers[i].name, *(const uint64_t *)at);
	}
	put_argument(out, &separator, "return_value", call->return_value);
	put_argument(out, &separator, "binary", call->binary);
	put_argument(out, &separator, "function", call->function);
	put_captured(out, &separator, call);
	putc('}', out);
}

/* --- calls -------------------------------------------------------------------------------- */

/* The newest name of the thread counts. */
static void name_track(char *comm, const char *name)
{
	if (*name && strcmp(comm, name))
		snprintf(comm, COMM_SZ, "%s", name);
}

/*
 * Does the call lie within the others of its thread, around them, or apart from them? Rows come in
 * the order in which calls ended. If it does, it is remembered, together with what it is around.
 */
static bool fits(struct track *track, const struct call *call)
{
	uint64_t start = call->start_ns, end = call__end_ns(call);
	size_t depth = call->depth < DEPTH_MAX ? (size_t)call->depth : DEPTH_MAX - 1;
	struct run *run;

	for (size_t i = 0; i < track->run_cnt; i++) {
		run = &track->runs[i];
		if (!run->used || run->end_ns <= start)
			continue;
		if (i < depth || run->start_ns < start || run->end_ns > end)
			return false;
	}
	for (; track->run_cnt <= depth; track->run_cnt++)
		track->runs[track->run_cnt].used = false;
	for (size_t i = depth; i < track->run_cnt; i++) {
		run = &track->runs[i];
		if (run->used && run->start_ns < start)
			start = run->start_ns;
	}
	track->run_cnt = depth + 1;
	track->runs[depth] = (struct run) { start, end, true };
	return true;
}

static void put_call(struct exporter *exporter, const char *kind, const struct call *call)
{
	begin_event(exporter, kind, call->pid);
	fprintf(exporter->out, ",\"tid\":%" PRIu64 ",\"name\":", call->tid);
	json_out__string(exporter->out, call->state);
	fputs(",\"cat\":\"call\"", exporter->out);
}

static void put_nested(struct exporter *exporter, const struct call *call)
{
	put_call(exporter, "X", call);
	put_time(exporter, call->start_ns);
	fputs(",\"dur\":", exporter->out);
	put_us(exporter->out, call->duration_ns);
	put_arguments(exporter->out, call);
	putc('}', exporter->out);
}

static void put_overlapping(struct exporter *exporter, const struct call *call)
{
	uint64_t id = ++exporter->overlapping_cnt;

	put_call(exporter, "b", call);
	fprintf(exporter->out, ",\"id\":\"0x%" PRIx64 "\"", id);
	put_time(exporter, call->start_ns);
	put_arguments(exporter->out, call);
	putc('}', exporter->out);
	put_call(exporter, "e", call);
	fprintf(exporter->out, ",\"id\":\"0x%" PRIx64 "\"", id);
	put_time(exporter, call__end_ns(call));
	putc('}', exporter->out);
}

static int chrome_call(struct exporter *exporter, const struct call *call)
{
	bool known = call->known & CALL_KNOWS_PID && call->known & CALL_KNOWS_TID;
	struct process *process = NULL;
	struct track *track = NULL;

	if (known) {
		track = keyed__want_thread(&exporter->tracks, call->pid, call->tid);
		process = keyed__want_thread(&exporter->processes, call->pid, 0);
		if (!track || !process)
			return -ENOMEM;
		name_track(track->comm, call->comm);
		if (call->pid == call->tid || !*process->comm)
			name_track(process->comm, call->comm);
	} else {
		exporter->thread_unknown++;
	}
	if (track && fits(track, call))
		put_nested(exporter, call);
	else
		put_overlapping(exporter, call);
	return 0;
}

/* --- processes ---------------------------------------------------------------------------- */

static void begin_counter(struct exporter *exporter, const struct process_sample *sample,
			  const char *name)
{
	begin_event(exporter, "C", sample->pid);
	fprintf(exporter->out, ",\"name\":\"%s\"", name);
	put_time(exporter, sample->time_ns);
	fputs(",\"args\":{", exporter->out);
}

static void put_cpu(struct exporter *exporter, const struct process *before,
		    const struct process_sample *sample)
{
	double elapsed = (double)(sample->time_ns - before->time_ns);

	begin_counter(exporter, sample, "CPU");
	fprintf(exporter->out, "\"percent\":%.1f}}",
		100 * (double)(sample->cpu_ns - before->cpu_ns) / elapsed);
}

static void put_memory(struct exporter *exporter, const struct process_sample *sample)
{
	begin_counter(exporter, sample, "memory");
	fprintf(exporter->out, "\"rss_bytes\":%" PRIu64 "}}", sample->rss_bytes);
}

static int chrome_process(struct exporter *exporter, const struct process_sample *sample)
{
	struct process *process = keyed__want_thread(&exporter->processes, sample->pid, 0);

	if (!process)
		return -ENOMEM;
	name_track(process->comm, sample->comm);
	if (sample->known & PROCESS_KNOWS_RSS)
		put_memory(exporter, sample);
	if (!(sample->known & PROCESS_KNOWS_CPU))
		return 0;
	/* a load is between two samples of one process; both may go back with the clock */
	if (process->sampled && process->start_ns == sample->start_ns &&
	    sample->time_ns > process->time_ns && sample->cpu_ns >= process->cpu_ns)
		put_cpu(exporter, process, sample);
	process->sampled = true;
	process->start_ns = sample->start_ns;
	process->time_ns = sample->time_ns;
	process->cpu_ns = sample->cpu_ns;
	return 0;
}

/* --- the end ------------------------------------------------------------------------------ */

static void put_name(struct exporter *exporter, const struct thread_key *id, const char *what,
		     const char *name)
{
	if (!*name)
		return;
	begin_event(exporter, "M", id->pid);
	if (!strcmp(what, "thread_name"))
		fprintf(exporter->out, ",\"tid\":%" PRIu64, id->tid);
	fprintf(exporter->out, ",\"name\":\"%s\",\"args\":{\"name\":", what);
	json_out__string(exporter->out, name);
	fputs("}}", exporter->out);
}

static int chrome_end(struct exporter *exporter, struct export_notes *notes, struct fault *why)
{
	(void)why;
	for (size_t i = 0; i < exporter->processes.cnt; i++) {
		const struct process *process = exporter->processes.items[i];

		put_name(exporter, &process->id, "process_name", process->comm);
	}
	for (size_t i = 0; i < exporter->tracks.cnt; i++) {
		const struct track *track = exporter->tracks.items[i];

		put_name(exporter, &track->id, "thread_name", track->comm);
	}
	/* in quotes: it is more than a double holds */
	fprintf(exporter->out, "\n],\"otherData\":{\"origin_ns\":\"%" PRIu64 "\"}}\n",
		exporter->origin_ns);
	notes->unknown.thread += exporter->thread_unknown;
	return 0;
}

const struct export_ops export_chrome_trace = {
	.name = "chrome-trace",
	.about = "JSON for Perfetto (ui.perfetto.dev) and chrome://tracing",
	.open = chrome_open,
	.path = chrome_path,
	.call = chrome_call,
	.process = chrome_process,
	.end = chrome_end,
	.free = chrome_free,
};
