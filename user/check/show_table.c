/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A line a probe; below that what concerns files, states and the whole. Nothing is said twice: what
 * holds for a file stands with the file, however many states it has.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../feature_flag.h"
#include "../plural.h"
#include "../table.h"
#include "check_text.h"
#include "show_private.h"

#define SUBJECT_AT 2
#define SUBJECT_WIDTH 10
#define NOTE_AT (SUBJECT_AT + SUBJECT_WIDTH + 2)

/* --- spans ----------------------------------------------------------------------------------- */

static struct probe_span span_of(const struct plan *plan, uint32_t number, bool by_state)
{
	struct probe_span span = {};
	size_t low = 0, high = plan->probe_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct planned_probe *probe = &plan->probes[middle];

		if ((by_state ? probe->state : probe->target) < number)
			low = middle + 1;
		else
			high = middle;
	}
	span.items = plan->probes ? &plan->probes[low] : NULL;
	for (; low < plan->probe_cnt; low++, span.cnt++) {
		const struct planned_probe *probe = &plan->probes[low];

		if ((by_state ? probe->state : probe->target) != number)
			break;
	}
	return span;
}

struct probe_span probes_of_target(const struct plan *plan, uint32_t target)
{
	return span_of(plan, target, false);
}

struct probe_span probes_of_state(const struct plan *plan, uint32_t state)
{
	return span_of(plan, state, true);
}

uint16_t probe_machine(const struct plan *plan, const struct planned_probe *probe)
{
	return elf_file__machine(plan->binaries[probe->binary].elf);
}

/* --- notes ----------------------------------------------------------------------------------- */

void notes__add(struct notes *notes, const char *subject, const char *fmt, ...)
{
	FILE *out = notes->screen->out;
	char *text = NULL;
	va_list args;

	if (!notes->begun) {
		fputc('\n', out);
		notes->failed |= screen__put_wrapped(notes->screen, 0, notes->heading) != 0;
	}
	notes->begun = true;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(out, "%*s%-*s  ", SUBJECT_AT, "", SUBJECT_WIDTH, subject);
	if (!text || screen__put_wrapped(notes->screen, NOTE_AT, text))
		notes->failed = true;
	free(text);
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct table_column columns[] = {
	{ .heading = "STATE", .may_be_cut = true },
	{ .heading = "FILE", .may_be_cut = true },
	{ .heading = "FUNCTION", .may_be_cut = true },
	{ .heading = "ENTRY", .right = true },
	{ .heading = "HIT" },
	{ .heading = "END" },
	{ .heading = "EXITS" },
	{},
};

static void put_probe(struct table *table, const struct plan *plan,
		      const struct planned_probe *probe)
{
	char exits[EXITS_TEXT_SZ];

	exits_text(probe, exits);
	table__put(table, "%s", plan->states[probe->state].name);
	table__put(table, "%s", plan->binaries[probe->binary].path);
	if (probe->delta)
		table__put(table, "%s+0x%" PRIx64, probe->symbol, probe->delta);
	else
		table__put(table, "%s", probe->symbol);
	if (probe_is_usdt(probe))
		table__put(table, "-");
	else
		table__put(table, "+0x%" PRIx32, probe->entry_offset);
	table__put(table, "%s", code_cost__name(probe->cost));
	table__put(table, "%s", probe_end_text(probe));
	table__put(table, "%s", exits);
}

static bool is_missing(const struct plan *plan, uint32_t target)
{
	return plan->targets[target].failed || plan__is_waited_for(plan, target);
}

/* One that has no place: as the settings name it. */
static void put_missing(struct table *table, const char *state, const struct planned_target *target)
{
	table__put(table, "%s", state);
	table__put(table, "%s", target->ref->binary);
	table__put(table, "%s", target->ref->function);
	table__put(table, "-");
	table__put(table, "-");
	table__put(table, "%s", checked_status__name(checked_status__of(target)));
	table__put(table, "-");
}

/* All that a file has: who wants to know where they are asks for details. */
static void put_marks(struct table *table, const struct plan *plan, struct probe_span probes)
{
	const struct planned_probe *first = probes.items;
	char costs[COSTS_TEXT_SZ];

	places_cost_text(first, probes.cnt, costs);
	table__put(table, "%s", plan->states[first->state].name);
	table__put(table, "%s", plan->binaries[first->binary].path);
	table__put(table, "%zu mark%s", probes.cnt, plural_s(probes.cnt));
	table__put(table, "-");
	table__put(table, "%s", costs);
	table__put(table, "%s", probe_end_text(first));
	table__put(table, "-");
}

/* Where they are, only the programs know. */
static void put_python(struct table *table, const struct checked_state *state)
{
	for (size_t i = 0; i < state->config->python_cnt; i++) {
		const struct function_ref *ref = &state->config->pythons[i];

		table__put(table, "%s", state->config->name);
		table__put(table, "python");
		table__put(table, "%s:%s", ref->binary, ref->function);
		table__put(table, "-");
		table__put(table, "-");
		table__put(table, "%s",
			   state->status == CHECKED_READY ? "mark"
							  : checked_status__name(state->status));
		table__put(table, "-");
	}
}

static int print_table(const struct check *check, const struct screen *screen)
{
	const struct plan *plan = check->plan;
	struct table *table;
	int err;

	err = table__new(columns, &table);
	if (err)
		return err;
	for (size_t t = 0; t < plan->target_cnt; t++) {
		const struct planned_target *target = &plan->targets[t];
		const struct probe_span probes = probes_of_target(plan, t);

		if (is_missing(plan, t))
			put_missing(table, plan->states[target->state].name, target);
		if (target->role == TARGET_MARKS && probes.cnt)
			put_marks(table, plan, probes);
		for (size_t i = 0; target->role != TARGET_MARKS && i < probes.cnt; i++)
			put_probe(table, plan, &probes.items[i]);
	}
	for (size_t i = 0; i < check->state_cnt; i++)
		put_python(table, &check->states[i]);
	err = table__print(table, screen);
	table__free(table);
	return err;
}

/* --- files ----------------------------------------------------------------------------------- */

/* The symbol tables in which functions of the file were found: "a, b"; "" if there are none. */
static void list_tables(const struct plan *plan, uint32_t binary, char *text, size_t sz)
{
	const char *seen[8]; /* a file has fewer */
	size_t seen_cnt = 0, used = 0;

	*text = '\0';
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const char *table = plan->probes[i].table;
		size_t n = 0;

		if (plan->probes[i].binary != binary)
			continue;
		while (n < seen_cnt && strcmp(seen[n], table))
			n++;
		if (n < seen_cnt || seen_cnt == sizeof(seen) / sizeof(seen[0]))
			continue;
		seen[seen_cnt++] = table;
		used += (size_t)snprintf(text + used, sz - used, "%s%s", used ? ", " : "", table);
		if (used >= sz)
			return;
	}
}

static int print_files(const struct plan *plan, const struct screen *screen)
{
	bool failed = false;
	char tables[1024];

	for (uint32_t b = 0; b < plan->binary_cnt; b++) {
		const struct planned_binary *binary = &plan->binaries[b];
		struct notes notes = { .screen = screen, .heading = binary->path };
		const char *build_id = elf_file__build_id(binary->elf);

		list_tables(plan, b, tables, sizeof(tables));
		if (!*tables)
			continue; /* it only unwinds for others */
		notes__add(&notes, "build-id", "%s", *build_id ? build_id : "none");
		notes__add(&notes, "found in", "%s", tables);
		if (binary->exit_mode_known)
			notes__add(&notes, "exit=auto", "%s: %s",
				   binary->fast_is_harmless ? "fast" : "safe", binary->exit_reason);
		failed |= notes.failed;
	}
	return failed ? -ENOMEM : 0;
}

/* --- states ---------------------------------------------------------------------------------- */

static void note_missing(struct notes *notes, const struct plan *plan, uint32_t state)
{
	for (size_t t = 0; t < plan->target_cnt; t++) {
		const struct planned_target *target = &plan->targets[t];
		size_t more = plan__other_places(plan, t);
		char others[64] = "";

		if (target->state != state || !is_missing(plan, t))
			continue;
		if (more)
			snprintf(others, sizeof(others), ", nor in %zu other place%s (--json)",
				 more, plural_s(more));
		notes__add(notes, checked_status__name(checked_status__of(target)), "%s%s",
			   target->waiting.text, others);
	}
}

/* The core, if it is missing, is told of where it is looked for: with the marks. */
static void note_python(struct notes *notes, const struct checked_python *python)
{
	if (!python->core_cnt)
		notes__add(notes, "pending",
			   "the Python package is not there (python3-tacho, or make "
			   "install-python; python-core in [marks] names other places)");
	else if (!python->package_cnt)
		notes__add(notes, "pending",
			   "%s is alone: without tacho_autoload.pth and the package beside it, "
			   "nobody marks functions by name",
			   python->bare);
	else if (python->bare)
		notes__add(notes, "package", "%s is without the rest of the package", python->bare);
}

static int print_states(const struct check *check, bool verbose, const struct screen *screen)
{
	const struct plan *plan = check->plan;
	bool failed = false;

	for (uint32_t i = 0; i < plan->state_cnt; i++) {
		struct notes notes = { .screen = screen, .heading = plan->states[i].name };

		note_missing(&notes, plan, i);
		if (plan__is_python(plan, i))
			note_python(&notes, &check->python);
		note_state(&notes, plan, i, verbose);
		if (verbose)
			note_probes(&notes, plan, i);
		failed |= notes.failed;
	}
	return failed ? -ENOMEM : 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* "FILE (SYMBOL, SYMBOL), FILE (SYMBOL)"; hooks of one file stand together. */
static void list_hooks(const struct check *check, FILE *text)
{
	const struct plan *plan = check->plan;

	if (!plan->hook_cnt)
		return;
	fprintf(text, "unwinding is seen by %zu more probe%s: ", plan->hook_cnt,
		plural_s(plan->hook_cnt));
	for (size_t i = 0; i < plan->hook_cnt; i++) {
		const struct planned_hook *hook = &plan->hooks[i];
		bool same_file = i > 0 && plan->hooks[i - 1].binary == hook->binary;

		/* longjmp has two: where it sets out and where it arrives */
		if (same_file && !strcmp(plan->hooks[i - 1].symbol, hook->symbol))
			continue;
		if (same_file)
			fprintf(text, ", %s", hook->symbol);
		else
			fprintf(text, "%s%s (%s", i ? "), " : "",
				basename(plan->binaries[hook->binary].path), hook->symbol);
	}
	fputc(')', text);
}

/* For tacho check --verbose. */
static int detail_hooks(const struct plan *plan, const struct screen *screen)
{
	struct notes notes = { .screen = screen, .heading = "unwinding" };

	for (size_t i = 0; i < plan->hook_cnt; i++) {
		const struct planned_hook *hook = &plan->hooks[i];

		notes__add(&notes, unwind_text(hook->what), "%s, file offset 0x%" PRIx64 " in %s",
			   hook->symbol, hook->offset, plan->binaries[hook->binary].path);
	}
	return notes.failed ? -ENOMEM : 0;
}

static bool probe_is_stepped(const struct planned_probe *probe)
{
	bool stepped = probe->cost == CODE_COST_STEPPED;

	for (size_t i = 0; i < probe->exit_cnt; i++)
		stepped |= probe->exits[i].cost == CODE_COST_STEPPED;
	return stepped;
}

static void explain_stepped(const struct check *check, FILE *text)
{
	size_t i = 0;

	while (i < check->plan->probe_cnt && !probe_is_stepped(&check->plan->probes[i]))
		i++;
	if (i < check->plan->probe_cnt)
		fputs("stepped: each hit takes the kernel a second trap and is the dearest there "
		      "is; tacho doctor measures what each class costs here",
		      text);
}

static size_t count_files(const struct plan *plan)
{
	char tables[1024];
	size_t cnt = 0;

	for (uint32_t b = 0; b < plan->binary_cnt; b++) {
		list_tables(plan, b, tables, sizeof(tables));
		cnt += *tables != '\0';
	}
	return cnt;
}

static void summarize(const struct check *check, FILE *text)
{
	const struct plan *plan = check->plan;
	size_t files = count_files(plan);

	fprintf(text, "%zu state%s:", check->state_cnt, plural_s(check->state_cnt));
	for (enum checked_status s = 0; s <= CHECKED_REFUSED; s++) {
		if (check->cnt[s] || s == CHECKED_READY)
			fprintf(text, "%s %zu %s", s ? "," : "", check->cnt[s],
				checked_status__name(s));
	}
	fprintf(text, "; %zu probe%s in %zu file%s", plan->probe_cnt, plural_s(plan->probe_cnt),
		files, plural_s(files));
	if (plan->config->rate_limit)
		fprintf(text, "; at most %" PRIu64 " row%s a second a state",
			plan->config->rate_limit, plural_s(plan->config->rate_limit));
}

/* A program that has not loaded the core will, when it imports something or has lived for a second,
 * if its interpreter finds the package. */
static void tell_python(const struct check *check, FILE *text)
{
	const struct checked_python *python = &check->python;

	if (!check->has_python)
		return;
	fprintf(text, "Python: %zu running process%s the package's core loaded, %zu %s not",
		python->loaded_cnt, plural(python->loaded_cnt, " has", "es have"),
		python->without_cnt, plural(python->without_cnt, "has", "have"));
	if (python->unknown_cnt)
		fprintf(text, ", %zu cannot be looked into", python->unknown_cnt);
	fputs("; tacho.functions() says in a program which functions it marks, and why not", text);
}

static void tell_flag(const struct check *check, FILE *text)
{
	const struct feature_flag_config *config = &check->plan->config->flag;
	struct feature_flag flag;

	if (!config->file)
		return;
	feature_flag__read(config, &flag);
	if (!flag.on)
		fprintf(text,
			"the feature flag %s is off in %s: no state is recorded until it is true "
			"(%s)",
			config->key, config->file, flag.why.text);
}

/* Writes what print makes of the check, wrapped. */
static int print_paragraph(const struct check *check, const struct screen *screen,
			   void (*print)(const struct check *check, FILE *text))
{
	char *text = NULL;
	size_t sz = 0;
	FILE *stream = open_memstream(&text, &sz);
	int err;

	if (!stream)
		return -ENOMEM;
	print(check, stream);
	err = fclose(stream) ? -ENOMEM : 0;
	if (!err && *text)
		err = screen__put_wrapped(screen, 0, text);
	free(text);
	return err;
}

int check_show_table(const struct check *check, bool verbose, const struct screen *screen)
{
	int err;

	err = print_table(check, screen);
	if (!err)
		err = print_files(check->plan, screen);
	if (!err)
		err = print_states(check, verbose, screen);
	if (!err && verbose)
		err = detail_hooks(check->plan, screen);
	if (err)
		return err;
	fputc('\n', screen->out);
	err = print_paragraph(check, screen, list_hooks);
	if (!err)
		err = print_paragraph(check, screen, explain_stepped);
	if (!err)
		err = print_paragraph(check, screen, tell_python);
	if (!err)
		err = print_paragraph(check, screen, tell_flag);
	if (!err)
		err = print_paragraph(check, screen, summarize);
	if (err)
		return err;
	return fflush(screen->out) || ferror(screen->out) ? -EIO : 0;
}
