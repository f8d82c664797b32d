/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/activities_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/group_key.h"
#include "analysis/row_columns.h"
#include "csv_rows.h"
#include "ended.h"

/* --- what was found --------------------------------------------------------------------------- */

void scan__free(struct scan *scan)
{
	free(scan->calls);
	free(scan->rests);
	free(scan->new_states);
	*scan = (struct scan) {};
}

void scan__cut(struct scan *scan, size_t call_cnt, size_t rest_cnt)
{
	scan->call_cnt = call_cnt;
	scan->rest_cnt = rest_cnt;
	scan->rest_fixed_cnt = rest_cnt;
	while (scan->new_state_cnt &&
	       scan->new_states[scan->new_state_cnt - 1].call_idx >= call_cnt)
		scan->new_state_cnt--;
	scan->err = 0;
}

/* items: where a pointer to the items is. */
static int make_room(void *items, size_t cnt, size_t *capacity, size_t sz)
{
	size_t wanted = *capacity ? 2 * *capacity : 1024;
	void *grown;

	if (cnt < *capacity)
		return 0;
	grown = reallocarray(*(void **)items, wanted, sz);
	if (!grown)
		return -ENOMEM;
	*(void **)items = grown;
	*capacity = wanted;
	return 0;
}

static void add_rest(struct scan *scan, const char *from, const char *to)
{
	struct scan_rest *last = NULL;

	if (scan->rest_cnt > scan->rest_fixed_cnt)
		last = &scan->rests[scan->rest_cnt - 1];
	if (last && last->to == from) {
		last->to = to;
		return;
	}
	if (make_room(&scan->rests, scan->rest_cnt, &scan->rest_capacity, sizeof(*last))) {
		scan->err = -ENOMEM;
		return;
	}
	scan->rests[scan->rest_cnt++] = (struct scan_rest) { from, to, scan->call_cnt };
}

/* --- what is counted -------------------------------------------------------------------------- */

static int make_state_room(struct scan_counts *counts)
{
	size_t capacity = counts->state_capacity ? 2 * counts->state_capacity : 64;
	struct activity_series **series;
	struct activity_series *parts;

	series = reallocarray(counts->series, capacity, sizeof(*series));
	if (!series)
		return -ENOMEM;
	counts->series = series;
	parts = reallocarray(counts->parts, capacity, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	counts->parts = parts;
	for (size_t i = counts->state_capacity; i < capacity; i++) {
		series[i] = NULL;
		parts[i] = (struct activity_series) {};
	}
	counts->state_capacity = capacity;
	return 0;
}

int scan_counts__add(struct scan_counts *counts, const struct activities_filter *filter,
		     const struct scan *scan)
{
	int err = 0;

	for (size_t i = 0; !err && i < scan->call_cnt; i++)
		err = activity_series__take_call(&counts->parts[scan->calls[i].state], filter,
						 &counts->tally, &scan->calls[i]);
	return err;
}

int scan_counts__join(struct scan_counts *counts, struct activities *activities)
{
	int err = 0;

	for (size_t i = 0; !err && i < counts->states.cnt; i++) {
		if (counts->series[i])
			err = activity_series__join(counts->series[i], &counts->parts[i]);
	}
	activities_tally__join(&activities->tally, &counts->tally);
	return err;
}

void scan_counts__free(struct scan_counts *counts)
{
	for (size_t i = 0; i < counts->state_capacity; i++) {
		durations__free(&counts->parts[i].durations);
		interval_counts__free(&counts->parts[i].intervals);
	}
	free(counts->parts);
	free(counts->series);
	state_table__free(&counts->states);
	*counts = (struct scan_counts) {};
}

/* --- rows ------------------------------------------------------------------------------------- */

#define KEY_SZ 512 /* longer ones are for others */

/* What texts say that are always the same few: the latest one is remembered. */
struct word {
	uint64_t bytes;
	size_t sz;
	uint8_t value;
	bool known;
};

struct scanner {
	struct scan *scan;
	struct scan_counts *counts;
	const struct activities_filter *filter;
	const struct scan_plan *plan;
	bool opentrons;
	bool has_thread;
	struct word ended, failed;
	uint8_t nameless; /* enum call_thread */
	char key[KEY_SZ + STATE_BEYOND];
};

#define WORD_SZ_MAX 15

/* The parsers want them terminated. */
static bool copy_word(struct scan_text text, char copy[WORD_SZ_MAX + 1])
{
	if (text.sz > WORD_SZ_MAX)
		return false;
	memcpy(copy, text.at, text.sz);
	copy[text.sz] = '\0';
	return true;
}

static bool parse_ended(const char *text, uint8_t *ret_value)
{
	enum tacho_ended ended;

	if (ended_parse(text, &ended))
		return false;
	*ret_value = (uint8_t)ended;
	return true;
}

static bool parse_failed(const char *text, uint8_t *ret_value)
{
	enum row_failed failed;

	if (call_columns__parse_failed(text, &failed))
		return false;
	*ret_value = (uint8_t)failed;
	return true;
}

static inline bool take_word(struct word *word, struct scan_text text,
			     bool (*parse)(const char *text, uint8_t *ret_value), uint8_t *ret)
{
	char copy[WORD_SZ_MAX + 1];
	uint64_t bytes = 0;

	if (text.sz <= sizeof(bytes))
		memcpy(&bytes, text.at, text.sz);
	if (!word->known || word->sz != text.sz || word->bytes != bytes ||
	    text.sz > sizeof(bytes)) {
		if (!copy_word(text, copy) || !parse(copy, &word->value))
			return false;
		word->known = true;
		word->sz = text.sz;
		word->bytes = bytes;
	}
	*ret = word->value;
	return true;
}

static struct scan_text group_value(const struct scanner *scanner, const struct scan_row *row,
				    size_t idx)
{
	switch (scanner->plan->groups[idx]) {
	case SCAN_STATE:
		return row->state;
	case SCAN_ENDED:
		return row->ended;
	case SCAN_FAILED:
		return row->failed;
	case SCAN_THREAD:
		return row->thread;
	case SCAN_NOTHING:
		return scanner->plan->same[idx];
	}
	return row->groups[scanner->plan->groups[idx] - SCAN_GROUP];
}

static bool make_key(struct scanner *scanner, const struct scan_row *row, struct scan_text *state)
{
	char *at = scanner->key, *end = scanner->key + KEY_SZ;
	struct scan_text value;

	for (size_t i = 0; i < scanner->plan->group_cnt; i++) {
		value = group_value(scanner, row, i);
		if (value.sz + GROUP_LENGTH_SZ > (size_t)(end - at))
			return false;
		at = group_key__put_length(at, value.sz);
		memcpy(at, value.at, value.sz);
		at += value.sz;
	}
	if (state->sz > (size_t)(end - at))
		return false;
	memcpy(at, state->at, state->sz);
	at += state->sz;
	*state = (struct scan_text) { scanner->key, (size_t)(at - scanner->key) };
	return true;
}

static bool find_state(struct scanner *scanner, const struct scan_row *row, uint32_t *ret_number)
{
	struct scan_text text = row->state;
	char digit[2] = {}, copy[64] = {};

	if (scanner->opentrons && text.sz == 1) {
		digit[0] = *text.at;
		snprintf(copy, sizeof(copy) - STATE_BEYOND, "%s", opentrons_state(digit));
		text = (struct scan_text) { copy, strlen(copy) };
	}
	if (scanner->plan->group_cnt && !make_key(scanner, row, &text))
		return false;
	*ret_number = state_table__number(&scanner->counts->states, text.at, text.sz);
	return *ret_number != STATE_NONE;
}

static int note_state(struct scanner *scanner, uint32_t number)
{
	struct scan *scan = scanner->scan;

	if (scan->new_state_cnt && scan->new_states[scan->new_state_cnt - 1].number == number)
		return 0;
	if (make_room(&scan->new_states, scan->new_state_cnt, &scan->new_state_capacity,
		      sizeof(*scan->new_states)))
		return -ENOMEM;
	scan->new_states[scan->new_state_cnt++] = (struct scan_state) { scan->call_cnt, number };
	return 0;
}

/* False: it is for others to say what the text means. */
static inline bool take_texts(struct scanner *scanner, const struct scan_row *row,
			      struct call_row *call)
{
	if (row->ended.at && !take_word(&scanner->ended, row->ended, parse_ended, &call->ended))
		return false;
	if (row->failed.at &&
	    !take_word(&scanner->failed, row->failed, parse_failed, &call->failed))
		return false;
	if (row->thread.at)
		call->thread = (uint8_t)activities_filter__thread(scanner->filter, row->thread.at,
								  row->thread.sz);
	return true;
}

/* Likewise. The call is made where it is to stay: 24 bytes that were written one by one are slow to
 * copy. */
static inline bool take_row(struct scanner *scanner, const struct scan_row *row, bool has_texts)
{
	struct scan_counts *counts = scanner->counts;
	struct scan *scan = scanner->scan;
	struct call_row *call;
	uint32_t state;

	if (scan->call_cnt == scan->call_capacity &&
	    make_room(&scan->calls, scan->call_cnt, &scan->call_capacity, sizeof(*call)))
		return false;
	call = &scan->calls[scan->call_cnt];
	call->start_ns = row->start_ns;
	call->duration_ns = row->duration_ns;
	call->ended = ENDED_NOT_SAID;
	call->failed = ROW_FAILED_UNKNOWN;
	call->thread = scanner->nameless;
	if ((has_texts && !take_texts(scanner, row, call)) || !find_state(scanner, row, &state))
		return false;
	if (state >= counts->state_capacity && make_state_room(counts))
		return false;
	if (!counts->series[state] && note_state(scanner, state))
		return false;
	call->state = state;
	scan->call_cnt++;
	return true;
}

static bool is_of_three(const struct scan_plan *plan)
{
	for (size_t i = 0; i < plan->step_cnt; i++) {
		if (plan->steps[i].column != i || plan->steps[i].pass_cnt)
			return false;
	}
	return plan->step_cnt == SCAN_DURATION + 1 && !plan->group_cnt;
}

/* Returns where a row begins that could not be taken, or to. */
static const char *take_rows_of_three(struct scanner *scanner, const char *at, const char *to)
{
	struct scan_row row = {};
	const char *next;

	while (at < to) {
		next = scan_row_of_three(at, &row);
		if (!next || !take_row(scanner, &row, false))
			return at;
		at = next;
	}
	return at;
}

static const char *take_rows(struct scanner *scanner, const char *at, const char *to)
{
	struct scan_row row = {};
	const char *next;

	while (at < to) {
		next = scan_row(scanner->plan, at, &row);
		if (!next || !take_row(scanner, &row, true))
			return at;
		at = next;
	}
	return at;
}

static const char *end_of_row(const char *from, const char *to)
{
	struct csv_walk walk = {};
	size_t sz = csv_walk__row(&walk, from, (size_t)(to - from));

	return sz ? from + sz : to;
}

static void scan_all(struct scanner *scanner, const char *from, const char *to)
{
	bool of_three = is_of_three(scanner->plan);
	const char *line_end = memrchr(from, '\n', (size_t)(to - from));
	const char *whole = line_end ? line_end + 1 : from;
	const char *next;

	while (from < whole) {
		from = of_three ? take_rows_of_three(scanner, from, whole)
				: take_rows(scanner, from, whole);
		if (from == whole)
			break;
		next = end_of_row(from, to);
		add_rest(scanner->scan, from, next);
		from = next;
	}
	if (from < to)
		add_rest(scanner->scan, from, to);
}

void scan__add(struct scan *scan, struct scan_counts *counts, const struct scan_plan *plan,
	       const struct activities_filter *filter, const char *from, const char *to)
{
	struct scanner scanner = {
		.scan = scan,
		.counts = counts,
		.filter = filter,
		.plan = plan,
		.opentrons = plan->opentrons,
		.nameless = (uint8_t)activities_filter__thread(filter, NULL, 0),
	};

	if (plan->step_cnt)
		scan_all(&scanner, from, to);
	else if (from < to)
		add_rest(scan, from, plan->first_row_only ? end_of_row(from, to) : to);
}
