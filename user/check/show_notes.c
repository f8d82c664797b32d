/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is to be said of a state besides the table, its probes taken together. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../plural.h"
#include "check_text.h"
#include "show_private.h"

struct subject {
	const struct plan *plan;
	const struct planned_state *state;
	const struct state_config *config;
	struct probe_span probes;
};

/* --- how calls end --------------------------------------------------------------------------- */

struct exit_sums {
	size_t exits, tail_calls, maybe;    /* of all probes */
	size_t with_tail_calls, with_maybe; /* probes */
	size_t inlined, with_inlined;
	size_t semaphores;
};

static struct exit_sums sum_exits(struct probe_span probes)
{
	struct exit_sums sums = {};

	for (size_t i = 0; i < probes.cnt; i++) {
		const struct planned_probe *probe = &probes.items[i];

		sums.exits += probe->exit_cnt;
		sums.tail_calls += probe->tail_call_cnt;
		sums.maybe += probe->maybe_cnt;
		sums.inlined += probe->inlined_cnt;
		sums.with_tail_calls += probe->tail_call_cnt != 0;
		sums.with_maybe += probe->maybe_cnt != 0;
		sums.with_inlined += probe->inlined_cnt != 0;
		sums.semaphores += probe->semaphore_offset != 0;
	}
	return sums;
}

/* " in 3 of 20 functions"; nothing where there is only one. */
static const char *in_how_many(size_t cnt, const struct probe_span *probes, char text[64])
{
	*text = '\0';
	if (probes->cnt > 1)
		snprintf(text, 64, " in %zu of %zu functions", cnt, probes->cnt);
	return text;
}

static void note_exits(struct notes *notes, const struct subject *on)
{
	const struct exit_sums sums = sum_exits(on->probes);
	char where[64];

	if (on->config->exit != EXIT_AUTO)
		notes__add(notes, "exit", "%s, as the settings say",
			   exit_choice_text(on->config->exit));
	if (on->config->place == PLACE_SYMBOL)
		notes__add(notes, "place", "on the symbols themselves, as the settings say");
	if (sums.tail_calls)
		notes__add(notes, "tail calls",
			   "%zu of %zu exit%s%s; a call that leaves by one ends at the jump",
			   sums.tail_calls, sums.exits, plural_s(sums.exits),
			   in_how_many(sums.with_tail_calls, &on->probes, where));
	if (sums.maybe)
		notes__add(notes, "jumps",
			   "%zu of %zu exit%s%s leave%s the function only sometimes; decided at "
			   "run time",
			   sums.maybe, sums.exits, plural_s(sums.exits),
			   in_how_many(sums.with_maybe, &on->probes, where),
			   plural(sums.maybe, "s", ""));
	if (sums.inlined)
		notes__add(notes, "inlined", "%zu cop%s of the function%s, which no probe sees%s",
			   sums.inlined, plural(sums.inlined, "y", "ies"), plural_s(on->probes.cnt),
			   in_how_many(sums.with_inlined, &on->probes, where));
	if (sums.semaphores)
		notes__add(notes, "semaphore",
			   "at %zu of %zu place%s; the program passes there only while it is "
			   "counted up, as it is while recording",
			   sums.semaphores, on->probes.cnt, plural_s(on->probes.cnt));
}

/* --- values ---------------------------------------------------------------------------------- */

static const struct planned_probe *first_that_reads(struct probe_span probes)
{
	for (size_t i = 0; i < probes.cnt; i++) {
		if (probes.items[i].kind != PLANNED_END)
			return &probes.items[i];
	}
	return NULL;
}

/* "in rdi", and whether all agree. */
static void capture_place(const struct subject *on, size_t capture, char *text, size_t sz)
{
	const struct planned_probe *first = first_that_reads(on->probes);
	char place[VALUE_PLACE_SZ], other[VALUE_PLACE_SZ];
	bool agree = true;

	*text = '\0';
	if (!first)
		return;
	value_place_text(probe_machine(on->plan, first), &first->values[capture], place);
	for (size_t i = 0; agree && i < on->probes.cnt; i++) {
		const struct planned_probe *probe = &on->probes.items[i];

		if (probe->kind == PLANNED_END)
			continue;
		value_place_text(probe_machine(on->plan, probe), &probe->values[capture], other);
		agree = !strcmp(place, other);
	}
	snprintf(text, sz, " %s%s", place, agree ? "" : ", elsewhere at other places (-v)");
}

static void note_captures(struct notes *notes, const struct subject *on)
{
	char source[VALUE_SOURCE_SZ], place[VALUE_PLACE_SZ + 64], size[16];

	for (size_t i = 0; i < on->config->capture_cnt; i++) {
		const struct capture_config *capture = &on->config->captures[i];

		value_source_text(&capture->value, source);
		capture_place(on, i, place, sizeof(place));
		*size = '\0';
		if (on->state->types[i] == TACHO_VALUE_STRING)
			snprintf(size, sizeof(size), "[%u]", on->state->text_szs[i]);
		notes__add(notes, "capture", "%s: %s, %s%s%s", capture->name, source,
			   value_type_text(on->state->types[i]), size, place);
	}
}

/* Of the probes that return something, those whose type is not known. */
static void note_failed_if(struct notes *notes, const struct subject *on)
{
	const struct failed_if_config *failed_if = &on->config->failed_if;
	size_t of_type[TACHO_VALUE_CNT] = {};
	size_t assumed = 0, all = 0;
	char text[FAILED_IF_SZ];

	if (failed_if->compare == TACHO_COMPARE_NONE)
		return;
	failed_if_text(failed_if, text);
	for (size_t i = 0; i < on->probes.cnt; i++) {
		if (on->probes.items[i].return_type == TACHO_VALUE_NONE)
			continue;
		all++;
		of_type[on->probes.items[i].return_type]++;
		assumed += !on->probes.items[i].return_type_known;
	}
	for (enum tacho_value_type type = 1; type < TACHO_VALUE_CNT; type++) {
		if (of_type[type] && of_type[type] == all)
			notes__add(notes, "failed-if", "%s, of type %s", text,
				   value_type_text(type));
		else if (of_type[type])
			notes__add(notes, "failed-if", "%s, of type %s in %zu of %zu functions",
				   text, value_type_text(type), of_type[type], all);
	}
	if (!all)
		notes__add(notes, "failed-if", "%s", text);
	if (assumed)
		notes__add(notes, "failed-if",
			   "the type is assumed%s: no debugging information says what is returned "
			   "(write return:TYPE)",
			   all > 1 && assumed < all ? " for some" : "");
}

static const struct planned_probe *first_of_kind(struct probe_span probes, enum planned_kind kind)
{
	for (size_t i = 0; i < probes.cnt; i++) {
		if (probes.items[i].kind == kind)
			return &probes.items[i];
	}
	return NULL;
}

/* "arg1, u64 in rdi" */
static void key_text(const struct subject *on, enum planned_kind kind, char *text, size_t sz)
{
	const struct planned_probe *probe = first_of_kind(on->probes, kind);
	const struct value_ref *key =
		kind == PLANNED_BEGIN ? &on->config->begin_key : &on->config->end_key;
	char source[VALUE_SOURCE_SZ], place[VALUE_PLACE_SZ];

	value_source_text(key, source);
	if (!probe || key->source == VALUE_THREAD) {
		snprintf(text, sz, "%s", source);
		return;
	}
	value_place_text(probe_machine(on->plan, probe), &probe->key, place);
	snprintf(text, sz, "%s, %s %s", source, value_type_text(probe->key.type), place);
}

static void note_key(struct notes *notes, const struct subject *on)
{
	char begin[256], end[256];

	if (!on->config->begin_cnt)
		return;
	if (on->config->begin_key.source == VALUE_NONE) {
		notes__add(notes, "key", "none: one at a time in each process");
		return;
	}
	key_text(on, PLANNED_BEGIN, begin, sizeof(begin));
	key_text(on, PLANNED_END, end, sizeof(end));
	if (!strcmp(begin, end))
		notes__add(notes, "key", "%s, at begin and end", begin);
	else
		notes__add(notes, "key", "%s at begin; %s at end", begin, end);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void note_refused(struct notes *notes, const struct subject *on)
{
	uint32_t number = on->state - on->plan->states;

	for (size_t t = 0; t < on->plan->target_cnt; t++) {
		const struct planned_target *target = &on->plan->targets[t];

		if (target->state == number && target->refused_cnt)
			notes__add(notes, "refused",
				   "%zu function%s of %s:%s cannot be recorded; the first: %s",
				   target->refused_cnt, plural_s(target->refused_cnt),
				   target->ref->binary, target->ref->function,
				   target->refused.text);
	}
}

void note_state(struct notes *notes, const struct plan *plan, uint32_t state, bool verbose)
{
	const struct subject on = {
		.plan = plan,
		.state = &plan->states[state],
		.config = plan->states[state].config,
		.probes = probes_of_state(plan, state),
	};

	note_refused(notes, &on);
	note_exits(notes, &on);
	note_captures(notes, &on);
	note_failed_if(notes, &on);
	note_key(notes, &on);
	if (on.state->process)
		notes__add(notes, "process", "%s", on.state->process);
	if (!on.config->rate_limit)
		notes__add(notes, "rate-limit", "none");
	else if (verbose || on.config->rate_limit != plan->config->rate_limit)
		notes__add(notes, "rate-limit", "%" PRIu64 " row%s a second", on.config->rate_limit,
			   plural_s(on.config->rate_limit));
}
