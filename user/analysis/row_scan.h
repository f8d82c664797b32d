/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of calls, read in the twentieth part of the time: those that are as plain as nearly all are.
 *
 * What is accepted here is accepted by csv_reader.h and the checks behind it, with the same values;
 * what is not says nothing. So whatever is in the least unusual (doubled quotes, line feeds inside
 * quotes, stray quotes, a field too many, numbers of 20 digits) is refused here, and left to those
 * who can tell what is wrong.
 */
#ifndef TACHO_USER_ANALYSIS_ROW_SCAN_H
#define TACHO_USER_ANALYSIS_ROW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/bytes.h"

#define SCAN_GROUPS 3

enum scan_column {
	SCAN_STATE,
	SCAN_START,
	SCAN_DURATION,
	SCAN_ENDED, /* may be missing, as the ones behind it */
	SCAN_FAILED,
	SCAN_THREAD,
	SCAN_LAYOUT_CNT,
	SCAN_GROUP = SCAN_LAYOUT_CNT, /* and behind it: what rows are grouped by besides */
	SCAN_COLUMN_CNT = SCAN_GROUP + SCAN_GROUPS,
	SCAN_NOTHING = SCAN_COLUMN_CNT,
};

/* Not terminated; no quotes, line ends or NULs in it. */
struct scan_text {
	const char *at;
	size_t sz;
};

/* What to do with a field, and with so many behind it: pass over them. */
struct scan_step {
	uint16_t column;
	uint16_t pass_cnt;
};

struct scan_plan {
	struct scan_step steps[SCAN_COLUMN_CNT + 1];
	size_t step_cnt;     /* 0: no row can be read so ... */
	bool first_row_only; /* ... but that may change behind the next one */
	bool opentrons;	     /* states may be numbers */
	size_t group_cnt;
	uint8_t groups[SCAN_GROUPS];	    /* columns, none of them a number */
	struct scan_text same[SCAN_GROUPS]; /* in all rows, if that is SCAN_NOTHING */
};

/* Where the columns are in rows of field_cnt fields; SIZE_MAX: nowhere. */
void scan_plan__make(struct scan_plan *plan, const size_t columns[SCAN_COLUMN_CNT],
		     size_t field_cnt);

struct scan_row {
	struct scan_text state;
	/* untouched where the plan has none */
	struct scan_text ended, failed, thread, groups[SCAN_GROUPS];
	uint64_t start_ns;
	uint64_t duration_ns;
};

/* So many bytes behind the last line feed are looked at, whatever they are. */
#define SCAN_BEYOND 128

/* Inline, all of it: a row takes as long as ten calls of functions. */

#define SCAN_INLINE static inline __attribute__((always_inline))
#define SCAN_DIGITS_MAX 19 /* any number of so many fits */

_Static_assert(BYTES_BEYOND + 16 <= SCAN_BEYOND, "quotes and line ends are behind what is read");

/* All of these return where they are then, or NULL. */

/* Behind a field there is a comma, or, behind the last one, a line end. */
SCAN_INLINE const char *end_field(const char *at)
{
	return *at == ',' ? at + 1 : NULL;
}

SCAN_INLINE const char *end_row(const char *at)
{
	at += *at == '\r';
	return *at == '\n' ? at + 1 : NULL;
}

SCAN_INLINE const char *scan_text(const char *at, struct scan_text *text)
{
	bool quoted = *at == '"';

	at += quoted;
	text->at = at;
	at = bytes_find(at, '"', quoted ? '"' : ',');
	text->sz = (size_t)(at - text->at);
	if (quoted)
		return *at == '"' ? at + 1 : NULL;
	return *at == '"' ? NULL : at;
}

SCAN_INLINE const char *scan_digits(const char *at, uint64_t *value)
{
	static const uint64_t powers[] = { 1,	   10,	    100,      1000,	10000,
					   100000, 1000000, 10000000, 100000000 };
	uint64_t bytes = bytes_load(at);
	unsigned int cnt = bytes_digits(bytes);

	if (!cnt)
		return NULL;
	*value = bytes_number(bytes, cnt);
	at += cnt;
	for (unsigned int all = cnt; cnt == 8; all += cnt) {
		bytes = bytes_load(at);
		cnt = bytes_digits(bytes);
		if (all + cnt > SCAN_DIGITS_MAX)
			return NULL;
		if (!cnt)
			break;
		*value = *value * powers[cnt] + bytes_number(bytes, cnt);
		at += cnt;
	}
	return at;
}

SCAN_INLINE const char *scan_number(const char *at, uint64_t *value)
{
	bool quoted = *at == '"';

	at = scan_digits(at + quoted, value);
	if (!at || !quoted)
		return at;
	return *at == '"' ? at + 1 : NULL;
}

SCAN_INLINE const char *scan_field(const char *at, unsigned int column, struct scan_row *row)
{
	switch (column) {
	case SCAN_STATE:
		at = scan_text(at, &row->state);
		return row->state.sz ? at : NULL;
	case SCAN_START:
		return scan_number(at, &row->start_ns);
	case SCAN_DURATION:
		return scan_number(at, &row->duration_ns);
	case SCAN_ENDED:
		return scan_text(at, &row->ended);
	case SCAN_FAILED:
		return scan_text(at, &row->failed);
	case SCAN_THREAD:
		return scan_text(at, &row->thread);
	default:
		return scan_text(at, &row->groups[column - SCAN_GROUP]);
	}
}

/* So many fields, the first of which begins here. */
SCAN_INLINE const char *scan_pass(const char *at, unsigned int cnt)
{
	const char *field = at; /* is sure to begin here, other than behind commas */
	struct scan_text passed;
	struct bytes64 found;

	for (;;) {
		found = bytes64__find(at);
		if (found.others) /* only what is before them counts */
			found.commas &= (found.others & -found.others) - 1;
		for (; found.commas; found.commas &= found.commas - 1) {
			if (!--cnt)
				return at + __builtin_ctzll(found.commas);
		}
		if (!found.others) {
			at += 64;
			continue;
		}
		at += __builtin_ctzll(found.others);
		if (*at != '"')
			return cnt == 1 ? at : NULL;
		if (at != field && at[-1] != ',')
			return NULL;
		at = scan_text(at, &passed);
		if (!at || !--cnt)
			return at;
		at = end_field(at);
		if (!at)
			return NULL;
		field = at;
	}
}

SCAN_INLINE const char *scan_step(const char *at, struct scan_step step, struct scan_row *row)
{
	if (step.column == SCAN_NOTHING)
		return scan_pass(at, step.pass_cnt + 1U);
	at = scan_field(at, step.column, row);
	if (!at || !step.pass_cnt)
		return at;
	at = end_field(at);
	return at ? scan_pass(at, step.pass_cnt) : NULL;
}

/*
 * The row that begins here, behind which a line feed is sure to come. Returns where the next one
 * begins, or NULL.
 */
static inline const char *scan_row(const struct scan_plan *plan, const char *at,
				   struct scan_row *ret_row)
{
	for (size_t i = 0; at && i < plan->step_cnt; i++) {
		if (i)
			at = end_field(at);
		if (at)
			at = scan_step(at, plan->steps[i], ret_row);
	}
	return at ? end_row(at) : NULL;
}

/* The same for rows of three fields, state, start and duration. */
SCAN_INLINE const char *scan_row_of_three(const char *at, struct scan_row *ret_row)
{
	at = scan_field(at, SCAN_STATE, ret_row);
	if (!at || !(at = end_field(at)))
		return NULL;
	at = scan_field(at, SCAN_START, ret_row);
	if (!at || !(at = end_field(at)))
		return NULL;
	at = scan_field(at, SCAN_DURATION, ret_row);
	return at ? end_row(at) : NULL;
}

#endif
