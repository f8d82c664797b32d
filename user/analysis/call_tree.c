/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/call_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/summary.h"
#include "analysis/keyed.h"

#define PENDING_MAX 65536
#define MERGE_WINDOW 64 /* how many of the newest may take in an older one */

/* A call whose caller has not ended. */
struct pending {
	struct call_node *node;
	uint64_t start_ns;
	uint64_t depth;
};

/* In the order of their ends. */
struct thread {
	struct thread_key key;
	struct pending *pending;
	size_t cnt;
	size_t capacity;
};

struct call_tree {
	enum call_weight weight;
	bool by_binary;
	struct keyed frames;
	struct keyed threads;
	struct call_node roots; /* its children are */
	uint64_t call_cnt;
	struct call_tree_unknown unknown;
};

/* --- frames ------------------------------------------------------------------------------- */

static int compare_frames(const void *left, const void *right)
{
	const struct call_frame *a = left, *b = right;
	int order = strcmp(a->state, b->state);

	return order ? order : strcmp(a->binary, b->binary);
}

static void free_frame(void *item)
{
	struct call_frame *frame = item;

	free(frame->state);
	free(frame->binary);
}

static int own_frame(void *key)
{
	struct call_frame *frame = key;

	frame->state = strdup(frame->state);
	frame->binary = strdup(frame->binary);
	if (frame->state && frame->binary)
		return 0;
	free_frame(frame);
	return -ENOMEM;
}

static void free_thread(void *item);

struct call_tree *call_tree__new(enum call_weight weight, bool by_binary)
{
	struct call_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->weight = weight;
	tree->by_binary = by_binary;
	tree->threads = KEYED_BY_THREAD(struct thread);
	tree->threads.free_item = free_thread;
	tree->frames = (struct keyed) {
		.item_sz = sizeof(struct call_frame),
		.key_sz = sizeof(struct call_frame),
		.compare = compare_frames,
		.own = own_frame,
		.free_item = free_frame,
	};
	return tree;
}

size_t call_tree__frame_cnt(const struct call_tree *tree)
{
	return tree->frames.cnt;
}

struct call_frame *call_tree__frame(const struct call_tree *tree, size_t idx)
{
	return tree->frames.items[idx];
}

/* --- nodes -------------------------------------------------------------------------------- */

/* No deeper than CALL_TREE_HEIGHT_MAX. */
static void free_children(struct call_node *node)
{
	struct call_node *child, *next;

	for (child = node->first; child; child = next) {
		next = child->next;
		free_children(child);
		free(child);
	}
}

static void free_thread(void *item)
{
	struct thread *thread = item;

	for (size_t i = 0; i < thread->cnt; i++) {
		free_children(thread->pending[i].node);
		free(thread->pending[i].node);
	}
	free(thread->pending);
}

void call_tree__free(struct call_tree *tree)
{
	if (!tree)
		return;
	keyed__free(&tree->threads);
	free_children(&tree->roots);
	keyed__free(&tree->frames);
	free(tree);
}

static struct call_node *find_child(const struct call_node *node, const struct call_frame *frame)
{
	struct call_node *child = node->first;

	while (child && child->frame != frame)
		child = child->next;
	return child;
}

static void append_child(struct call_node *node, struct call_node *child)
{
	child->next = NULL;
	if (node->last)
		node->last->next = child;
	else
		node->first = child;
	node->last = child;
}

static void adopt(struct call_node *node, struct call_node *child);

/* Adds up two nodes of the same frame; more is gone then. */
static void merge(struct call_node *node, struct call_node *more)
{
	struct call_node *child, *next;

	node->cnt += more->cnt;
	node->total_ns = add_saturated(node->total_ns, more->total_ns);
	node->self_ns = add_saturated(node->self_ns, more->self_ns);
	for (child = more->first; child; child = next) {
		next = child->next;
		adopt(node, child);
	}
	free(more);
}

/* Makes it a child, or part of one. */
static void adopt(struct call_node *node, struct call_node *child)
{
	struct call_node *same = find_child(node, child->frame);

	if (node->height <= child->height)
		node->height = child->height + 1;
	if (same)
		merge(same, child);
	else
		append_child(node, child);
}

/* --- pending calls ------------------------------------------------------------------------ */

static void release(struct call_tree *tree, struct thread *thread)
{
	for (size_t i = 0; i < thread->cnt; i++)
		adopt(&tree->roots, thread->pending[i].node);
	thread->cnt = 0;
}

void call_tree__settle(struct call_tree *tree)
{
	for (size_t i = 0; i < tree->threads.cnt; i++)
		release(tree, tree->threads.items[i]);
}

static struct pending *find_alike(const struct thread *thread, size_t cnt,
				  const struct pending *sought)
{
	for (size_t i = cnt; i && i + MERGE_WINDOW > cnt; i--) {
		struct pending *pending = &thread->pending[i - 1];

		if (pending->depth == sought->depth && pending->node->frame == sought->node->frame)
			return pending;
	}
	return NULL;
}

static void shrink(struct call_tree *tree, struct thread *thread)
{
	struct pending *alike;
	size_t cnt = 0;

	for (size_t i = 0; i < thread->cnt; i++) {
		alike = find_alike(thread, cnt, &thread->pending[i]);
		if (alike)
			merge(alike->node, thread->pending[i].node);
		else
			thread->pending[cnt++] = thread->pending[i];
	}
	thread->cnt = cnt;
	/* nothing is alike: no stack that a program could have */
	if (cnt > PENDING_MAX / 2)
		release(tree, thread);
}

static int make_room(struct call_tree *tree, struct thread *thread)
{
	size_t capacity = thread->capacity ? 2 * thread->capacity : 16;
	struct pending *grown;

	if (thread->cnt < thread->capacity)
		return 0;
	if (thread->capacity >= PENDING_MAX) {
		shrink(tree, thread);
		return 0;
	}
	grown = reallocarray(thread->pending, capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	thread->pending = grown;
	thread->capacity = capacity;
	return 0;
}

static void claim(struct call_tree *tree, struct thread *thread, struct call_node *node,
		  const struct call *call)
{
	size_t first = thread->cnt;

	while (first && thread->pending[first - 1].depth > call->depth &&
	       thread->pending[first - 1].start_ns >= call->start_ns)
		first--;
	for (size_t i = first; i < thread->cnt; i++) {
		struct call_node *child = thread->pending[i].node;
		uint64_t within = child->total_ns;

		if (child->height + 1 >= CALL_TREE_HEIGHT_MAX) {
			adopt(&tree->roots, child);
			continue;
		}
		node->self_ns -= within < node->self_ns ? within : node->self_ns;
		adopt(node, child);
	}
	thread->cnt = first;
}

static struct call_node *make_node(struct call_tree *tree, const struct call *call)
{
	const struct call_frame key = { (char *)call->state,
					(char *)(tree->by_binary ? call->binary : ""), NULL };
	struct call_frame *frame = keyed__want(&tree->frames, &key);
	struct call_node *node = frame ? calloc(1, sizeof(*node)) : NULL;

	if (!node)
		return NULL;
	node->frame = frame;
	node->cnt = 1;
	node->total_ns = tree->weight == CALL_WEIGHT_CPU ? call->cpu_ns : call->duration_ns;
	node->self_ns = node->total_ns;
	return node;
}

int call_tree__add(struct call_tree *tree, const struct call *call)
{
	bool known = call->known & CALL_KNOWS_PID && call->known & CALL_KNOWS_TID;
	struct call_node *node = make_node(tree, call);
	struct thread *thread = NULL;

	if (!node)
		return -ENOMEM;
	tree->call_cnt++;
	tree->unknown.cpu += tree->weight == CALL_WEIGHT_CPU && !(call->known & CALL_KNOWS_CPU);
	tree->unknown.thread += !known;
	if (known) {
		thread = keyed__want_thread(&tree->threads, call->pid, call->tid);
		if (!thread || make_room(tree, thread)) {
			free(node);
			return -ENOMEM;
		}
		claim(tree, thread, node, call);
	}
	if (thread && call->depth) {
		thread->pending[thread->cnt++] =
			(struct pending) { node, call->start_ns, call->depth };
		return 0;
	}
	/* nobody has called it: nor those before it that are still without a caller */
	if (thread)
		release(tree, thread);
	adopt(&tree->roots, node);
	return 0;
}

int call_tree__finish(struct call_tree *tree, struct call_tree_unknown *ret_unknown,
		      struct fault *why)
{
	call_tree__settle(tree);
	if (tree->call_cnt && tree->unknown.cpu == tree->call_cnt)
		return fault__set(
			why, -ENODATA,
			"no call has a processor time (cpu_ns); --weight wall needs none");
	*ret_unknown = tree->unknown;
	return 0;
}

/* --- the result --------------------------------------------------------------------------- */

static int walk(const struct call_node *node, const struct call_node **stack, size_t depth,
		call_tree_fn fn, void *ctx)
{
	const struct call_node *child;
	int err = 0;

	for (child = node->first; !err && child; child = child->next) {
		stack[depth] = child;
		err = fn(ctx, stack, depth + 1);
		if (!err)
			err = walk(child, stack, depth + 1, fn, ctx);
	}
	return err;
}

int call_tree__walk(const struct call_tree *tree, call_tree_fn fn, void *ctx)
{
	const struct call_node *stack[CALL_TREE_HEIGHT_MAX + 1];

	return walk(&tree->roots, stack, 0, fn, ctx);
}
