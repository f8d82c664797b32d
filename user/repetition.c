/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "repetition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plural.h"

#define NS_PER_S 1000000000ULL

/* FNV-1a, 64 bits: only to compare few whole texts. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

static void say_count(struct repeated_text *t, uint64_t now_ns, repetition_say_fn say, void *ctx)
{
	struct fault text;
	uint64_t elapsed_s;

	if (!t->held_cnt)
		return;
	elapsed_s = (now_ns - t->said_ns + NS_PER_S - 1) / NS_PER_S;
	fault__set(&text, 0, "%" PRIu64 " time%s more in the last %" PRIu64 " s: %s", t->held_cnt,
		   plural_s(t->held_cnt), elapsed_s, t->text.text);
	say(ctx, t->level, t->id, text.text);
	t->held_cnt = 0;
	t->said_ns = now_ns;
}

static struct repeated_text *find(struct repetition *r, uint64_t hash, const char *text)
{
	for (size_t i = 0; i < REPETITION_TEXTS_MAX; i++) {
		if (r->texts[i].hash == hash && !strcmp(r->texts[i].text.text, text))
			return &r->texts[i];
	}
	return NULL;
}

static struct repeated_text *oldest(struct repetition *r)
{
	struct repeated_text *found = &r->texts[0];

	for (size_t i = 0; i < REPETITION_TEXTS_MAX; i++) {
		if (!*r->texts[i].text.text)
			return &r->texts[i];
		if (r->texts[i].seen_ns < found->seen_ns)
			found = &r->texts[i];
	}
	return found;
}

bool repetition__admit(struct repetition *r, uint64_t now_ns, int level, const char *id,
		       const char *text, repetition_say_fn say, void *ctx)
{
	uint64_t hash = hash_of(text);
	struct repeated_text *t = find(r, hash, text);

	if (!t) {
		t = oldest(r);
		say_count(t, now_ns, say, ctx);
		fault__set(&t->text, 0, "%s", text);
		t->hash = hash;
		t->held_cnt = 0;
	} else if (now_ns - t->said_ns < REPETITION_PAUSE_NS || t->held_cnt) {
		t->held_cnt++;
		t->seen_ns = now_ns;
		return false;
	}
	t->level = level;
	t->id = id;
	t->said_ns = now_ns;
	t->seen_ns = now_ns;
	return true;
}

void repetition__say(struct repetition *r, uint64_t now_ns, bool all, repetition_say_fn say,
		     void *ctx)
{
	for (size_t i = 0; i < REPETITION_TEXTS_MAX; i++) {
		if (all || now_ns - r->texts[i].said_ns >= REPETITION_PAUSE_NS)
			say_count(&r->texts[i], now_ns, say, ctx);
	}
}
