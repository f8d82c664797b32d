/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/time_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/call_tree.h"
#include "analysis/summary.h"

void time_tree__free(struct time_tree *tree)
{
	for (size_t i = 0; i < tree->cnt; i++)
		free(tree->nodes[i].name);
	free(tree->nodes);
	*tree = (struct time_tree) {};
}

/* Its name is not terminated. NULL without memory; good until the next one is added. */
static struct time_node *add_node(struct time_tree *tree, const char *name, size_t sz,
				  size_t parent)
{
	size_t capacity = tree->capacity ? 2 * tree->capacity : 64;
	struct time_node *node, *grown;

	if (tree->cnt == tree->capacity) {
		grown = reallocarray(tree->nodes, capacity, sizeof(*grown));
		if (!grown)
			return NULL;
		tree->nodes = grown;
		tree->capacity = capacity;
	}
	node = &tree->nodes[tree->cnt];
	*node = (struct time_node) { .name = strndup(name, sz), .parent = parent };
	if (!node->name)
		return NULL;
	if (parent != TIME_TREE_NO_PARENT)
		node->depth = tree->nodes[parent].depth + 1;
	tree->cnt++;
	return node;
}

/* --- the order ---------------------------------------------------------------------------- */

/* A node, and where it is to be. */
struct place {
	const struct time_node *node;
	size_t idx;
	size_t parent; /* of where that is to be */
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->node->total_ns != b->node->total_ns)
		return a->node->total_ns < b->node->total_ns ? 1 : -1;
	order = strcmp(a->node->name, b->node->name);
	return order ? order : (a->idx > b->idx) - (a->idx < b->idx);
}

/* For each node and, last, for all that have no parent: where its children begin in `sorted`. */
static void find_children(const struct place *sorted, size_t cnt, size_t *first)
{
	size_t at = 0;

	for (size_t i = 0; i <= cnt; i++) {
		size_t parent = i < cnt ? i : TIME_TREE_NO_PARENT;

		first[i] = at;
		while (at < cnt && sorted[at].parent == parent)
			at++;
	}
}

/* One after the other, each with all that is within it. next: where the next child is, of each. */
static void put_in_order(const struct time_tree *tree, const struct place *sorted, size_t *next,
			 size_t *new_idx, struct time_node *ordered)
{
	size_t cnt = 0, root = tree->cnt, at = root;

	while (cnt < tree->cnt) {
		size_t parent = at == root ? TIME_TREE_NO_PARENT : at;
		size_t child = next[at];

		if (child < tree->cnt && sorted[child].parent == parent) {
			next[at]++;
			at = sorted[child].idx;
			new_idx[at] = cnt;
			ordered[cnt] = tree->nodes[at];
			if (parent != TIME_TREE_NO_PARENT)
				ordered[cnt].parent = new_idx[parent];
			cnt++;
			continue;
		}
		at = tree->nodes[at].parent == TIME_TREE_NO_PARENT ? root : tree->nodes[at].parent;
	}
}

static int sort_tree(struct time_tree *tree)
{
	struct place *sorted = calloc(tree->cnt + 1, sizeof(*sorted));
	size_t *next = calloc(tree->cnt + 1, sizeof(*next));
	size_t *new_idx = calloc(tree->cnt + 1, sizeof(*new_idx));
	struct time_node *ordered = calloc(tree->cnt + 1, sizeof(*ordered));
	int err = sorted && next && new_idx && ordered ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < tree->cnt; i++)
		sorted[i] = (struct place) { &tree->nodes[i], i, tree->nodes[i].parent };
	if (!err) {
		qsort(sorted, tree->cnt, sizeof(*sorted), compare_places);
		find_children(sorted, tree->cnt, next);
		put_in_order(tree, sorted, next, new_idx, ordered);
		free(tree->nodes);
		tree->nodes = ordered;
		tree->capacity = tree->cnt + 1;
		ordered = NULL;
	}
	free(ordered);
	free(new_idx);
	free(next);
	free(sorted);
	return err;
}

static int finish(struct time_tree *tree, int err, struct time_tree *ret_tree)
{
	for (size_t i = 0; !err && i < tree->cnt; i++) {
		if (tree->nodes[i].parent == TIME_TREE_NO_PARENT)
			tree->total_ns = add_saturated(tree->total_ns, tree->nodes[i].total_ns);
	}
	if (!err)
		err = sort_tree(tree);
	if (err)
		time_tree__free(tree);
	else
		*ret_tree = *tree;
	return err;
}

/* --- by name ------------------------------------------------------------------------------ */

/* As strcmp, but dots come first: so what is within a name is right behind it. */
static int compare_names(const void *left, const void *right)
{
	const char *a = ((const struct time_of_name *)left)->name;
	const char *b = ((const struct time_of_name *)right)->name;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '.' || *b == '.')
		return *a == '.' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

/* The names on the way to the one that was added last. */
struct path {
	size_t nodes[TIME_TREE_NAME_DEPTH];
	size_t ends[TIME_TREE_NAME_DEPTH]; /* of each in the name */
	size_t cnt;
	const char *name;
};

/* Where the part of a name that begins there ends: at the next dot. It may be empty only at the end
 * of the name. */
static size_t part_end(const char *name, size_t from, size_t depth)
{
	const char *at = name + from;

	if (depth + 1 == TIME_TREE_NAME_DEPTH || !*at)
		return from + strlen(at);
	for (at++; *at; at++) {
		if (*at == '.')
			break;
	}
	return (size_t)(at - name);
}

/* How many parts of it are those of this name, too. */
static size_t common_parts(const struct path *path, const char *name)
{
	size_t cnt = 0, from = 0;

	while (cnt < path->cnt) {
		size_t end = part_end(name, from, cnt);

		if (end != path->ends[cnt] || memcmp(name, path->name, end))
			break;
		cnt++;
		if (!name[end])
			break;
		from = end + 1;
	}
	return cnt;
}

static int add_name(struct time_tree *tree, struct path *path, const struct time_of_name *state)
{
	struct time_node *node;
	size_t from, end;

	path->cnt = common_parts(path, state->name);
	end = path->cnt ? path->ends[path->cnt - 1] : 0;
	path->name = state->name;
	while (!path->cnt || state->name[end]) {
		from = path->cnt ? end + 1 : 0;
		end = part_end(state->name, from, path->cnt);
		node = add_node(tree, state->name + from, end - from,
				path->cnt ? path->nodes[path->cnt - 1] : TIME_TREE_NO_PARENT);
		if (!node)
			return -ENOMEM;
		path->nodes[path->cnt] = tree->cnt - 1;
		path->ends[path->cnt++] = end;
	}
	node = &tree->nodes[path->nodes[path->cnt - 1]];
	node->has_calls = true;
	node->cnt = add_saturated(node->cnt, state->cnt);
	node->total_ns = add_saturated(node->total_ns, state->total_ns);
	return 0;
}

/* Children come behind their parents. */
static void add_up(struct time_tree *tree)
{
	for (size_t i = tree->cnt; i--;) {
		struct time_node *node = &tree->nodes[i];
		struct time_node *parent;

		if (!node->has_calls)
			node->total_ns = node->children_ns;
		if (node->total_ns > node->children_ns)
			node->self_ns = node->total_ns - node->children_ns;
		if (node->parent == TIME_TREE_NO_PARENT)
			continue;
		parent = &tree->nodes[node->parent];
		parent->children_ns = add_saturated(parent->children_ns, node->total_ns);
	}
}

int time_tree__make_by_name(struct time_of_name *names, size_t cnt, struct time_tree *ret_tree)
{
	struct time_tree tree = {};
	struct path path = {};
	int err = 0;

	if (cnt)
		qsort(names, cnt, sizeof(*names), compare_names);
	for (size_t i = 0; !err && i < cnt; i++)
		err = add_name(&tree, &path, &names[i]);
	if (!err)
		add_up(&tree);
	return finish(&tree, err, ret_tree);
}

/* --- by nesting --------------------------------------------------------------------------- */

struct copying {
	struct time_tree tree;
	size_t path[CALL_TREE_HEIGHT_MAX + 1];
};

static int copy_node(void *ctx, const struct call_node *const *stack, size_t depth)
{
	struct copying *copying = ctx;
	const struct call_node *from = stack[depth - 1];
	size_t parent = depth > 1 ? copying->path[depth - 2] : TIME_TREE_NO_PARENT;
	struct time_node *node =
		add_node(&copying->tree, from->frame->state, strlen(from->frame->state), parent);

	if (!node)
		return -ENOMEM;
	copying->path[depth - 1] = copying->tree.cnt - 1;
	node->has_calls = true;
	node->cnt = from->cnt;
	node->total_ns = from->total_ns;
	node->self_ns = from->self_ns;
	for (const struct call_node *child = from->first; child; child = child->next)
		node->children_ns = add_saturated(node->children_ns, child->total_ns);
	return 0;
}

int time_tree__make_by_nesting(const struct call_tree *calls, struct time_tree *ret_tree)
{
	struct copying *copying = calloc(1, sizeof(*copying));
	int err = copying ? call_tree__walk(calls, copy_node, copying) : -ENOMEM;

	if (copying)
		err = finish(&copying->tree, err, ret_tree);
	free(copying);
	return err;
}
