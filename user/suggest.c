/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "suggest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Longer words (mangled templates) are compared for equality only: nobody mistypes those by hand,
 * and the rows below stay on the stack. */
#define WORD_MAX 512

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t min = a < b ? a : b;

	return min < c ? min : c;
}

/* How far apart two words may be to be called near. */
static size_t near_limit(size_t len)
{
	return len < 3 ? 1 : len / 3;
}

/*
 * One row of the distance table. Only the band |i - j| <= limit can hold values within the limit;
 * the cells just outside it are set to limit + 1 so that the next row may read them.
 */
static size_t fill_row(const char *a, size_t i, const char *b, size_t b_len, size_t limit,
		       uint16_t rows[3][WORD_MAX + 2])
{
	const uint16_t *before = rows[(i + 1) % 3], *above = rows[(i + 2) % 3];
	uint16_t *row = rows[i % 3];
	size_t from = i > limit ? i - limit : 1;
	size_t to = i + limit < b_len ? i + limit : b_len;
	size_t best = limit + 1;

	row[from - 1] = (uint16_t)(from == 1 && i <= limit ? i : limit + 1);
	if (from == 1)
		best = row[0];
	for (size_t j = from; j <= to; j++) {
		size_t cost = a[i - 1] != b[j - 1];
		size_t value = min3(above[j] + 1u, row[j - 1] + 1u, above[j - 1] + cost);

		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
		    before[j - 2] + 1u < value)
			value = before[j - 2] + 1u;
		row[j] = (uint16_t)(value > limit ? limit + 1 : value);
		if (row[j] < best)
			best = row[j];
	}
	row[to + 1] = (uint16_t)(limit + 1);
	return best;
}

size_t suggest_distance(const char *a, const char *b, size_t limit)
{
	size_t a_len = strnlen(a, WORD_MAX + 1), b_len = strnlen(b, WORD_MAX + 1);
	size_t gap = a_len > b_len ? a_len - b_len : b_len - a_len;
	uint16_t rows[3][WORD_MAX + 2];
	size_t prior_best = 0;

	if (a_len == b_len && strcasecmp(a, b) == 0)
		return 0;
	if (limit > WORD_MAX)
		limit = WORD_MAX;
	if (gap > limit || a_len > WORD_MAX || b_len > WORD_MAX)
		return limit + 1;
	for (size_t j = 0; j <= b_len + 1; j++)
		rows[0][j] = (uint16_t)(j > limit ? limit + 1 : j);
	for (size_t i = 1; i <= a_len; i++) {
		size_t best = fill_row(a, i, b, b_len, limit, rows);

		/* A swap reaches back two rows, so one row over the limit proves nothing yet. */
		if (best > limit && prior_best > limit)
			return limit + 1;
		prior_best = best;
	}
	return rows[a_len % 3][b_len];
}

const char *suggest_word(const char *word, const char *const *candidates)
{
	size_t limit = near_limit(strlen(word));
	const char *nearest = NULL;

	if (!*word)
		return NULL;
	for (; *candidates; candidates++) {
		size_t distance = suggest_distance(word, *candidates, limit);

		if (distance > limit)
			continue;
		nearest = *candidates;
		if (distance == 0)
			break;
		limit = distance - 1; /* an equally near one comes too late */
	}
	return nearest;
}

static int is_kept(const struct suggestions *s, const char *candidate)
{
	for (size_t i = 0; i < s->cnt; i++) {
		if (strcmp(s->names[i], candidate) == 0)
			return 1;
	}
	return 0;
}

void suggestions__offer(struct suggestions *s, const char *candidate)
{
	size_t limit = near_limit(strlen(s->word));
	size_t distance, i;

	if (!*s->word)
		return;
	if (s->cnt == SUGGEST_MAX) {
		if (s->distances[s->cnt - 1] == 0)
			return;
		limit = s->distances[s->cnt - 1] - 1;
	}
	distance = suggest_distance(s->word, candidate, limit);
	if (distance > limit || is_kept(s, candidate))
		return;
	if (s->cnt < SUGGEST_MAX)
		s->cnt++;
	for (i = s->cnt - 1; i > 0 && s->distances[i - 1] > distance; i--) {
		s->names[i] = s->names[i - 1];
		s->distances[i] = s->distances[i - 1];
	}
	s->names[i] = candidate;
	s->distances[i] = distance;
}
