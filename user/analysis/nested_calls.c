/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/nested_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/call_tree.h"
#include "analysis/keyed.h"
#include "analysis/ledger_sum.h"
#include "ledger.h"

struct kept_call {
	uint64_t start_ns;
	uint64_t duration_ns;
	uint32_t thread; /* 0: not known */
	uint32_t state;
	uint32_t depth;
};

struct host_thread {
	uint64_t host;
	uint64_t pid;
	uint64_t tid;
	uint32_t number; /* no part of the key */
};

struct known_state {
	struct name_key key;
	uint32_t number;
	bool wanted;
	struct ledger_row ledger, latest;
};

struct nested_calls {
	const struct activities_filter *filter;
	struct kept_call *calls;
	size_t cnt;
	size_t capacity;
	struct keyed states;
	struct keyed threads;
	uint64_t host;
	struct nested_notes notes;
};

static int compare_threads(const void *left, const void *right)
{
	const struct host_thread *a = left, *b = right;

	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

struct nested_calls *nested_calls__new(const struct activities_filter *filter)
{
	struct nested_calls *nested = calloc(1, sizeof(*nested));

	if (!nested)
		return NULL;
	nested->filter = filter;
	nested->states = KEYED_BY_NAME(struct known_state);
	nested->threads = (struct keyed) {
		.item_sz = sizeof(struct host_thread),
		.key_sz = sizeof(struct host_thread),
		.compare = compare_threads,
	};
	return nested;
}

void nested_calls__free(struct nested_calls *nested)
{
	if (!nested)
		return;
	keyed__free(&nested->states);
	keyed__free(&nested->threads);
	free(nested->calls);
	free(nested);
}

/* --- taking ------------------------------------------------------------------------------- */

static struct known_state *want_state(struct nested_calls *nested, const char *name)
{
	size_t before = nested->states.cnt;
	struct known_state *state = keyed__want_name(&nested->states, name);

	if (state && nested->states.cnt > before) {
		state->number = (uint32_t)before;
		state->wanted = !nested->filter ||
				glob_list__matches(&nested->filter->states, name, strlen(name));
	}
	return state;
}

/* *ret_number stays 0 if it is not known. 0 or -ENOMEM. */
static int number_thread(struct nested_calls *nested, const struct call *call, uint32_t *ret_number)
{
	const struct host_thread key = { .host = nested->host, .pid = call->pid, .tid = call->tid };
	size_t before = nested->threads.cnt;
	struct host_thread *thread;

	if (!(call->known & CALL_KNOWS_PID) || !(call->known & CALL_KNOWS_TID))
		return 0;
	thread = keyed__want(&nested->threads, &key);
	if (!thread)
		return -ENOMEM;
	if (nested->threads.cnt > before)
		thread->number = (uint32_t)nested->threads.cnt;
	*ret_number = thread->number;
	return 0;
}

static bool is_asked_for(struct nested_calls *nested, const struct call *call)
{
	const struct activities_filter *filter = nested->filter;

	if (!activities_filter__has_moment(filter, call->start_ns))
		return false;
	if (!filter || !filter->threads.cnt)
		return true;
	nested->notes.nameless += !*call->comm;
	return *call->comm && glob_list__matches(&filter->threads, call->comm, strlen(call->comm));
}

static int make_room(struct nested_calls *nested)
{
	size_t capacity = nested->capacity ? 2 * nested->capacity : 1024;
	struct kept_call *grown;

	if (nested->cnt < nested->capacity)
		return 0;
	grown = reallocarray(nested->calls, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	nested->calls = grown;
	nested->capacity = capacity;
	return 0;
}

int nested_calls__take_call(void *ctx, const struct call *call)
{
	struct nested_calls *nested = ctx;
	struct known_state *state = want_state(nested, call->state);
	struct kept_call kept = {
		.start_ns = call->start_ns,
		.duration_ns = call->duration_ns,
		.depth = call->depth < UINT32_MAX ? (uint32_t)call->depth : UINT32_MAX,
	};
	int err = state ? 0 : -ENOMEM;

	if (err || !state->wanted || !is_asked_for(nested, call))
		return err;
	kept.state = state->number;
	err = number_thread(nested, call, &kept.thread);
	if (!err)
		err = make_room(nested);
	if (err)
		return err;
	nested->calls[nested->cnt++] = kept;
	return 0;
}

int nested_calls__take_summary(void *ctx, const struct summary_row *row)
{
	struct nested_calls *nested = ctx;
	struct known_state *state = want_state(nested, row->state);

	if (state && state->wanted)
		nested->notes.summarised = add_saturated(nested->notes.summarised, row->count);
	return state ? 0 : -ENOMEM;
}

int nested_calls__take_ledger(void *ctx, const struct ledger_row *row)
{
	struct known_state *state = want_state(ctx, row->state);

	if (state && state->wanted)
		ledger_sum__add(&state->ledger, &state->latest, row);
	return state ? 0 : -ENOMEM;
}

void nested_calls__end_path(struct nested_calls *nested)
{
	nested->host++;
	for (size_t i = 0; i < nested->states.cnt; i++) {
		struct known_state *state = nested->states.items[i];

		ledger_sum__close(&state->ledger, &state->latest);
	}
}

/* --- the tree ----------------------------------------------------------------------------- */

/* By thread; then in the order of their ends, and what ended at once in that from the inside to the
 * outside: a call comes behind all that it called. */
static int compare_calls(const void *left, const void *right)
{
	const struct kept_call *a = left, *b = right;
	uint64_t a_end = add_saturated(a->start_ns, a->duration_ns);
	uint64_t b_end = add_saturated(b->start_ns, b->duration_ns);

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a_end != b_end)
		return a_end < b_end ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth > b->depth ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return (a->state > b->state) - (a->state < b->state);
}

static int compare_states(const void *left, const void *right)
{
	const struct known_state *const *a = left, *const *b = right;

	return strcmp((*a)->key.name, (*b)->key.name);
}

/* So that it does not matter which state was met first. */
static int sort_calls(struct nested_calls *nested)
{
	struct known_state **sorted = calloc(nested->states.cnt + 1, sizeof(*sorted));
	uint32_t *places = calloc(nested->states.cnt + 1, sizeof(*places));
	int err = sorted && places ? 0 : -ENOMEM;

	if (!err && nested->cnt) {
		memcpy(sorted, nested->states.items, nested->states.cnt * sizeof(*sorted));
		qsort(sorted, nested->states.cnt, sizeof(*sorted), compare_states);
		for (size_t i = 0; i < nested->states.cnt; i++)
			places[sorted[i]->number] = (uint32_t)i;
		for (size_t i = 0; i < nested->cnt; i++)
			nested->calls[i].state = places[nested->calls[i].state];
		memcpy(nested->states.items, sorted, nested->states.cnt * sizeof(*sorted));
		qsort(nested->calls, nested->cnt, sizeof(*nested->calls), compare_calls);
	}
	free(places);
	free(sorted);
	return err;
}

static int add_call(struct call_tree *tree, const struct nested_calls *nested,
		    const struct kept_call *kept)
{
	const struct known_state *state = nested->states.items[kept->state];
	const struct call call = {
		.state = state->key.name,
		.binary = "",
		.known = kept->thread ? CALL_KNOWS_PID | CALL_KNOWS_TID | CALL_KNOWS_DEPTH : 0,
		.tid = kept->thread,
		.depth = kept->depth,
		.start_ns = kept->start_ns,
		.duration_ns = kept->duration_ns,
	};

	return call_tree__add(tree, &call);
}

static void count_lost(struct nested_calls *nested)
{
	for (size_t i = 0; i < nested->states.cnt; i++) {
		const struct known_state *state = nested->states.items[i];

		nested->notes.lost =
			add_saturated(nested->notes.lost, ledger_row__lost(&state->ledger));
	}
}

int nested_calls__finish(struct nested_calls *nested, struct time_tree *ret_tree,
			 struct nested_notes *ret_notes)
{
	struct call_tree *tree = call_tree__new(CALL_WEIGHT_WALL, false);
	struct call_tree_unknown unknown = {};
	int err = tree ? sort_calls(nested) : -ENOMEM;

	for (size_t i = 0; !err && i < nested->cnt; i++)
		err = add_call(tree, nested, &nested->calls[i]);
	if (!err)
		err = call_tree__finish(tree, &unknown, NULL);
	if (!err)
		err = time_tree__make_by_nesting(tree, ret_tree);
	if (!err) {
		count_lost(nested);
		nested->notes.calls = nested->cnt;
		nested->notes.thread_unknown = unknown.thread;
		*ret_notes = nested->notes;
	}
	call_tree__free(tree);
	return err;
}
