/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which functions there are, where they begin, and how often they were inlined: collected in one
 * pass over all units.
 *
 *     compile_unit
 *       subprogram A   name, DW_AT_inline           abstract: no code
 *       subprogram     DW_AT_abstract_origin A      out of line: an instance
 *       subprogram     DW_AT_abstract_origin A      a clone (.constprop): another instance
 *       subprogram B   name, low_pc                 never inlined: abstract and instance in one
 *         inlined_subroutine  abstract_origin A     a copy
 *
 * An external function may be inlined in many units, each with an abstract entry of its own: these
 * form a group, by the linker's name. A function that the linker kept once may be described by all
 * units that had it, so that one copy in it appears several times, at one address: per group and
 * address the unit with the most copies there counts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf_private.h"

#define ENTRIES_MAX ((size_t)1 << 24) /* of each kind */

/* What is known of where an entry is. */
struct level {
	uint32_t scope;
	dwarf_key function; /* that has the code around; 0: none */
};

struct pass {
	const struct dwarf_info *info;
	struct dwarf_index *index;
	struct dwarf_array copies;
	uint32_t unit;
	struct level levels[DWARF_DEPTH_MAX];
	struct fault *why;
};

/* Adds one item of this size; NULL with *ret_err when there is no room. */
static void *add(struct pass *pass, struct dwarf_array *array, size_t sz, int *ret_err)
{
	if (array->cnt == array->room) {
		size_t room = 2 * array->room + 64;
		void *items;

		if (array->cnt >= ENTRIES_MAX) {
			*ret_err =
				fault__set(pass->why, -EFBIG, "%s: too much debugging information",
					   dwarf_info__path(pass->info));
			return NULL;
		}
		items = reallocarray(array->items, room, sz);
		if (!items) {
			*ret_err = fault__set(pass->why, -ENOMEM, "%s: out of memory",
					      dwarf_info__path(pass->info));
			return NULL;
		}
		array->items = items;
		array->room = room;
	}
	return (char *)array->items + sz * array->cnt++;
}

static int add_scope(struct pass *pass, Dwarf_Die *die, int tag, unsigned depth)
{
	struct dwarf_array *scopes = &pass->index->scopes;
	struct dwarf_scope *scope;
	const char *name;
	int err;

	scope = add(pass, scopes, sizeof(*scope), &err);
	if (!scope)
		return err;
	name = dwarf_info__string(pass->info, die, DW_AT_name);
	if (!name) /* as demanglers write it */
		name = tag == DW_TAG_namespace ? "(anonymous namespace)" : "(anonymous class)";
	*scope = (struct dwarf_scope) { name, pass->levels[depth - 1].scope };
	pass->levels[depth].scope = (uint32_t)(scopes->cnt - 1);
	return 0;
}

static int add_subprogram(struct pass *pass, Dwarf_Die *die, unsigned depth)
{
	dwarf_key key = dwarf_info__key(pass->info, die);
	struct dwarf_instance *instance;
	struct dwarf_member *member;
	Dwarf_Die abstract;
	uint64_t vaddr;
	int err;

	if (pass->levels[depth].scope) {
		member = add(pass, &pass->index->members, sizeof(*member), &err);
		if (!member)
			return err;
		*member = (struct dwarf_member) { key, pass->levels[depth].scope };
	}
	if (!dwarf_entry(die, &vaddr) || !dwarf_info__is_code(pass->info, vaddr))
		return 0;
	abstract = dwarf_info__abstract(pass->info, die);
	pass->levels[depth].function = dwarf_info__key(pass->info, &abstract);
	instance = add(pass, &pass->index->instances, sizeof(*instance), &err);
	if (!instance)
		return err;
	*instance = (struct dwarf_instance) { vaddr, pass->levels[depth].function, key };
	return 0;
}

static bool same_number(const struct dwarf_info *info, Dwarf_Die *a, unsigned a_attribute,
			Dwarf_Die *b, unsigned b_attribute)
{
	Dwarf_Attribute attribute;
	Dwarf_Word x, y;

	return dwarf_attr(a, a_attribute, &attribute) && dwarf_formudata(&attribute, &x) == 0 &&
	       dwarf_info__attribute(info, b, b_attribute, &attribute) &&
	       dwarf_formudata(&attribute, &y) == 0 && x == y;
}

/*
 * GCC may split the seldom-run end off a function (.part), and find later that it had better not:
 * the end is then inlined into its own beginning, called from where the function is declared.
 */
static bool is_rest_of(const struct dwarf_info *info, Dwarf_Die *copy, Dwarf_Die *abstract)
{
	return same_number(info, copy, DW_AT_call_line, abstract, DW_AT_decl_line) &&
	       (!dwarf_hasattr(copy, DW_AT_call_column) ||
		same_number(info, copy, DW_AT_call_column, abstract, DW_AT_decl_column));
}

static int add_copy(struct pass *pass, Dwarf_Die *die, unsigned depth)
{
	Dwarf_Die abstract = dwarf_info__abstract(pass->info, die);
	dwarf_key key = dwarf_info__key(pass->info, &abstract);
	struct dwarf_copy *copy;
	uint64_t vaddr;
	int err;

	if (!dwarf_entry(die, &vaddr) || !dwarf_info__is_code(pass->info, vaddr))
		return 0;
	pass->levels[depth].function = key;
	if (pass->levels[depth - 1].function == key && is_rest_of(pass->info, die, &abstract))
		return 0;
	copy = add(pass, &pass->copies, sizeof(*copy), &err);
	if (!copy)
		return err;
	*copy = (struct dwarf_copy) { key, vaddr, pass->unit };
	return 0;
}

static int visit(void *ctx, Dwarf_Die *die, unsigned depth)
{
	struct pass *pass = ctx;
	int tag = dwarf_tag(die);

	pass->levels[depth] = pass->levels[depth - 1];
	switch (tag) {
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
		return add_scope(pass, die, tag, depth);
	case DW_TAG_subprogram:
		return add_subprogram(pass, die, depth);
	case DW_TAG_inlined_subroutine:
		return add_copy(pass, die, depth);
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return 0;
	default:
		return DWARF_SKIP;
	}
}

static int visit_unit(void *ctx, Dwarf_Die *unit)
{
	struct pass *pass = ctx;

	pass->unit++;
	return dwarf_info__walk(pass->info, unit, visit, pass, pass->why);
}

static int build(struct pass *pass)
{
	const struct dwarf_info *info = pass->info;
	int err;

	/* number 0 stands for none */
	if (!add(pass, &pass->index->scopes, sizeof(struct dwarf_scope), &err))
		return err;
	*(struct dwarf_scope *)pass->index->scopes.items = (struct dwarf_scope) {};
	err = dwarf_info__each_unit(info, info->file.dwarf, visit_unit, pass, pass->why);
	if (!err && info->alt.dwarf)
		err = dwarf_info__each_unit(info, info->alt.dwarf, visit_unit, pass, pass->why);
	if (err)
		return err;
	err = dwarf_index__arrange(pass->index, info, &pass->copies);
	return err ? fault__set(pass->why, err, "%s: out of memory", dwarf_info__path(info)) : 0;
}

int dwarf_info__index(struct dwarf_info *info, struct dwarf_index **ret_index, struct fault *why)
{
	struct pass *pass;

	if (!info->index) {
		info->index = calloc(1, sizeof(*info->index));
		pass = calloc(1, sizeof(*pass));
		if (!info->index || !pass) {
			free(info->index);
			free(pass);
			info->index = NULL;
			return fault__set(why, -ENOMEM, "%s: out of memory",
					  dwarf_info__path(info));
		}
		pass->info = info;
		pass->index = info->index;
		pass->why = &info->index->why;
		info->index->err = build(pass);
		free(pass->copies.items);
		free(pass);
	}
	if (info->index->err)
		return fault__set(why, info->index->err, "%s", info->index->why.text);
	*ret_index = info->index;
	return 0;
}

void dwarf_index__free(struct dwarf_index *index)
{
	if (!index)
		return;
	free(index->instances.items);
	free(index->functions.items);
	free(index->scopes.items);
	free(index->members.items);
	free(index);
}

/* --- asking ---------------------------------------------------------------------------------- */

bool dwarf_info__die_of_key(const struct dwarf_info *info, dwarf_key key, Dwarf_Die *ret_die)
{
	bool alt = key & DWARF_KEY_ALT;

	return dwarf_offdie(alt ? info->alt.dwarf : info->file.dwarf, key & ~DWARF_KEY_ALT,
			    ret_die) != NULL;
}

/* The first of those that begin there, and in *ret_end the one behind the last. */
static const struct dwarf_instance *instances_at(const struct dwarf_index *index, uint64_t vaddr,
						 const struct dwarf_instance **ret_end)
{
	const struct dwarf_instance *items = index->instances.items;
	size_t from = 0, to = index->instances.cnt;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (items[middle].vaddr < vaddr)
			from = middle + 1;
		else
			to = middle;
	}
	to = from;
	while (to < index->instances.cnt && items[to].vaddr == vaddr)
		to++;
	*ret_end = items + to;
	return items + from;
}

static int refuse_vaddr(const struct dwarf_info *info, uint64_t vaddr, struct fault *why)
{
	return fault__set(why, -ENOENT, "%s: tells of no function that begins at 0x%" PRIx64,
			  dwarf_info__path(info), vaddr);
}

int dwarf_info__function_at(struct dwarf_info *info, uint64_t vaddr, Dwarf_Die *ret_die,
			    struct fault *why)
{
	const struct dwarf_instance *found, *end;
	struct dwarf_index *index;
	int err;

	err = dwarf_info__index(info, &index, why);
	if (err)
		return err;
	found = instances_at(index, vaddr, &end);
	if (found == end || !dwarf_info__die_of_key(info, found->key, ret_die))
		return refuse_vaddr(info, vaddr, why);
	return 0;
}

int dwarf_info__count_inlined(struct dwarf_info *info, uint64_t vaddr, size_t *ret_cnt,
			      struct fault *why)
{
	const struct dwarf_instance *found, *end;
	const struct dwarf_function *functions;
	struct dwarf_index *index;
	size_t cnt = 0;
	int err;

	err = dwarf_info__index(info, &index, why);
	if (err)
		return err;
	found = instances_at(index, vaddr, &end);
	if (found == end)
		return refuse_vaddr(info, vaddr, why);
	/* a linker may have folded functions that are the same code */
	functions = index->functions.items;
	for (const struct dwarf_instance *i = found; i < end; i++) {
		if (i == found || i[-1].function != i->function)
			cnt += functions[i->function].copy_cnt;
	}
	*ret_cnt = cnt;
	return 0;
}
