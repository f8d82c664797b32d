/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Python makes a regular expression of a pattern. What that expression matches is reproduced here,
 * oddities of sets included (Lib/fnmatch.py, translate()):
 *
 *	[z-a]     a range that runs backwards is removed, both ends with it: this set is empty
 *	[z-a!x]   ... and what is left is looked at anew: all but x
 *	[a-c-e]   the second '-' makes no range: a to c, '-', e
 *	[x        no end: stands for itself
 */
#include "fnmatch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../python_text.h"

enum kind { CHARACTER, ANY, STAR, SET };

struct token {
	enum kind kind;
	bool negated;	     /* SET */
	uint32_t character;  /* CHARACTER */
	unsigned int ranges; /* SET: the first one's place */
	unsigned int range_cnt;
};

struct range {
	uint32_t from, to; /* both belong to it */
};

/* A token and a range come of at least one character each: there is room for that many. */
struct fnmatch_pattern {
	struct token *tokens;
	struct range *ranges;
	unsigned int token_cnt, range_cnt;
};

/* What stands between the brackets. */
struct item {
	uint32_t character;
	bool is_range; /* a '-' that makes a range of its neighbours */
};

struct set {
	struct item items[FNMATCH_CHARACTERS_MAX];
	size_t cnt;
};

/* A '-' makes a range if it is neither the first nor the last character, and not one of the next
 * two behind such a '-'. */
static void find_ranges(struct set *set)
{
	size_t at = set->items[0].character == '!' ? 2 : 1;

	while (at + 1 < set->cnt) {
		set->items[at].is_range = set->items[at].character == '-';
		at += set->items[at].is_range ? 3 : 1;
	}
}

static void remove_backward_ranges(struct set *set)
{
	for (size_t at = set->cnt; at-- > 0;) {
		if (!set->items[at].is_range ||
		    set->items[at - 1].character <= set->items[at + 1].character)
			continue;
		memmove(&set->items[at - 1], &set->items[at + 2],
			(set->cnt - (at + 2)) * sizeof(set->items[0]));
		set->cnt -= 3;
	}
}

static void add_range(struct fnmatch_pattern *pattern, struct token *token, uint32_t from,
		      uint32_t to)
{
	pattern->ranges[pattern->range_cnt++] = (struct range) { from, to };
	token->range_cnt++;
}

/* An empty set matches nothing, and what is not in it everything: no ranges say just that. */
static void add_set(struct fnmatch_pattern *pattern, struct set *set)
{
	struct token token = { .kind = SET, .ranges = pattern->range_cnt };
	size_t at = 0;

	find_ranges(set);
	remove_backward_ranges(set);
	if (set->cnt && set->items[0].character == '!') {
		token.negated = true;
		at = 1;
	}
	while (at < set->cnt) {
		bool range = at + 2 < set->cnt && set->items[at + 1].is_range;

		add_range(pattern, &token, set->items[at].character,
			  set->items[range ? at + 2 : at].character);
		at += range ? 3 : 1;
	}
	pattern->tokens[pattern->token_cnt++] = token;
}

/* The place of the ']' that ends the set whose '[' is at at; 0 if nothing does. */
static size_t find_end(const uint32_t *text, size_t cnt, size_t at)
{
	at++;
	at += at < cnt && text[at] == '!';
	at += at < cnt && text[at] == ']';
	while (at < cnt && text[at] != ']')
		at++;
	return at < cnt ? at : 0;
}

static void add_token(struct fnmatch_pattern *pattern, enum kind kind, uint32_t character)
{
	bool again = kind == STAR && pattern->token_cnt &&
		     pattern->tokens[pattern->token_cnt - 1].kind == STAR;

	if (!again) /* "**" says no more than "*" */
		pattern->tokens[pattern->token_cnt++] =
			(struct token) { .kind = kind, .character = character };
}

static void compile(struct fnmatch_pattern *pattern, const uint32_t *text, size_t cnt)
{
	for (size_t at = 0; at < cnt; at++) {
		size_t end = text[at] == '[' ? find_end(text, cnt, at) : 0;

		if (end) {
			struct set set = {};

			while (++at < end)
				set.items[set.cnt++].character = text[at];
			add_set(pattern, &set);
		} else if (text[at] == '*') {
			add_token(pattern, STAR, 0);
		} else if (text[at] == '?') {
			add_token(pattern, ANY, 0);
		} else {
			add_token(pattern, CHARACTER, text[at]);
		}
	}
}

static struct fnmatch_pattern *new_pattern(size_t character_cnt)
{
	struct fnmatch_pattern *pattern = calloc(1, sizeof(*pattern));

	if (!pattern)
		return NULL;
	pattern->tokens = calloc(character_cnt + 1, sizeof(*pattern->tokens));
	pattern->ranges = calloc(character_cnt + 1, sizeof(*pattern->ranges));
	if (pattern->tokens && pattern->ranges)
		return pattern;
	fnmatch__free(pattern);
	return NULL;
}

void fnmatch__free(struct fnmatch_pattern *pattern)
{
	if (!pattern)
		return;
	free(pattern->tokens);
	free(pattern->ranges);
	free(pattern);
}

int fnmatch__compile(const char *text, struct fnmatch_pattern **ret_pattern, struct fault *why)
{
	uint32_t characters[FNMATCH_CHARACTERS_MAX];
	struct fnmatch_pattern *pattern;
	size_t left = strlen(text), cnt = 0, sz;

	for (const char *at = text; left; at += sz, left -= sz) {
		if (cnt == FNMATCH_CHARACTERS_MAX)
			return fault__set(why, -E2BIG,
					  "pattern '%.40s...' is longer than %d characters", text,
					  FNMATCH_CHARACTERS_MAX);
		sz = python_text__character(at, left, &characters[cnt++]);
	}
	pattern = new_pattern(cnt);
	if (!pattern)
		return fault__set(why, -ENOMEM, "out of memory");
	compile(pattern, characters, cnt);
	*ret_pattern = pattern;
	return 0;
}

static bool accepts(const struct fnmatch_pattern *pattern, const struct token *token,
		    uint32_t character)
{
	if (token->kind == CHARACTER)
		return token->character == character;
	if (token->kind != SET)
		return token->kind == ANY;
	for (unsigned int i = 0; i < token->range_cnt; i++) {
		const struct range *range = &pattern->ranges[token->ranges + i];

		if (character >= range->from && character <= range->to)
			return !token->negated;
	}
	return token->negated;
}

/* When it fails behind a star, that star takes one character more. An earlier star need not be
 * tried again: whatever it could give way to, the later one can, too. */
bool fnmatch__matches(const struct fnmatch_pattern *pattern, const char *text, size_t sz)
{
	size_t at = 0, star_at = 0;
	unsigned int token = 0, behind_star = 0;
	uint32_t character;

	for (;;) {
		if (token < pattern->token_cnt && pattern->tokens[token].kind == STAR) {
			behind_star = ++token;
			star_at = at;
			if (token == pattern->token_cnt)
				return true;
		}
		if (at == sz)
			return token == pattern->token_cnt;
		if (token < pattern->token_cnt) {
			size_t character_sz =
				python_text__character(text + at, sz - at, &character);

			if (accepts(pattern, &pattern->tokens[token], character)) {
				at += character_sz;
				token++;
				continue;
			}
		}
		if (!behind_star)
			return false;
		star_at += python_text__character(text + star_at, sz - star_at, &character);
		at = star_at;
		token = behind_star;
	}
}
