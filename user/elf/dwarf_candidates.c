/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which of the places where a line begins are worth a breakpoint.
 *
 * The first instruction of a line is often one of a function that the line calls and that was
 * inlined. So not the innermost function around the address is asked for, but the one that the line
 * stands in: in the source, that is the one declared last before it.
 *
 * A line may begin anew after others because it was taken up again (a loop's end, an argument
 * computed late), or because the compiler has made several copies of it for several ways to come
 * there. Only the latter begin with the same statement, and so at the same column.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf_private.h"

#define RANGES_MAX ((uint64_t)1 << 24)

struct placing {
	struct dwarf_candidates *candidates;
	Dwarf_Die *unit;
	Dwarf_Files *files;
	Dwarf_Word file; /* the number last asked about, and the answer */
	bool file_matches;
	Dwarf_Word owner; /* the line that declares the function that the line stands in; 0: none */
	struct fault *why;
};

static int by_vaddr(const void *a, const void *b)
{
	const struct dwarf_candidate *x = a, *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

static size_t lower_bound(const struct dwarf_candidates *candidates, uint64_t vaddr)
{
	size_t from = 0, to = candidates->cnt;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (candidates->items[middle].vaddr < vaddr)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* --- which function -------------------------------------------------------------------------- */

static bool is_the_file(struct placing *placing, Dwarf_Word file)
{
	const struct dwarf_candidates *all = placing->candidates;
	char full[DWARF_PATH_SZ];
	const char *name;

	if (file != placing->file) {
		name = dwarf_filesrc(placing->files, file, NULL, NULL);
		placing->file = file;
		placing->file_matches = name && dwarf_source_path(all->folder, name, full) &&
					strcmp(full, all->path) == 0;
	}
	return placing->file_matches;
}

/* The line that declares the function; 0 when that is in another file. The numbers of files are
 * the unit's own. */
static Dwarf_Word declared_at(struct placing *placing, Dwarf_Die *function)
{
	const struct dwarf_info *info = placing->candidates->info;
	Dwarf_Attribute attribute;
	Dwarf_Word file, line;

	if (!dwarf_info__attribute(info, function, DW_AT_decl_file, &attribute) ||
	    attribute.cu != placing->unit->cu || dwarf_formudata(&attribute, &file) != 0 ||
	    !is_the_file(placing, file) ||
	    !dwarf_info__attribute(info, function, DW_AT_decl_line, &attribute) ||
	    dwarf_formudata(&attribute, &line) != 0)
		return 0;
	return line;
}

static bool may_have_functions(int tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
		return true;
	default:
		return false;
	}
}

static int find_owner(void *ctx, Dwarf_Die *die, unsigned depth)
{
	struct placing *placing = ctx;
	int tag = dwarf_tag(die);
	Dwarf_Word line;

	(void)depth;
	if (tag == DW_TAG_subprogram && !dwarf_hasattr(die, DW_AT_declaration)) {
		line = declared_at(placing, die);
		if (line <= placing->candidates->line && line > placing->owner)
			placing->owner = line;
	}
	return may_have_functions(tag) ? 0 : DWARF_SKIP;
}

/* Gives the candidate to this function, unless it is with a better one. */
static void claim(struct dwarf_candidate *candidate, Dwarf_Off function, bool owner, bool dropped)
{
	/* the code of a function that the linker dropped seems to be at 0, where another may be */
	if (dropped) {
		candidate->dropped = !candidate->function;
		return;
	}
	candidate->dropped = false;
	if (owner || !candidate->owned)
		candidate->function = function;
	candidate->owned |= owner;
}

/* 1 when candidates are within the function or copy, 0 when not, or negative errno. */
static int claim_all(struct placing *placing, Dwarf_Die *die, bool out_of_line)
{
	struct dwarf_candidates *all = placing->candidates;
	Dwarf_Addr base, from, to;
	uint64_t entry = 0;
	ptrdiff_t at = 0;
	bool owner, dropped;
	int any = 0;

	if (!dwarf_entry(die, &entry))
		return 0;
	owner = placing->owner && declared_at(placing, die) == placing->owner;
	dropped = !dwarf_info__is_code(all->info, entry);
	while ((at = dwarf_ranges(die, at, &base, &from, &to)) > 0) {
		size_t i = lower_bound(all, from);

		++*all->range_cnt;
		for (; i < all->cnt && all->items[i].vaddr < to; i++) {
			claim(&all->items[i], dwarf_dieoffset(die), owner, dropped);
			if (out_of_line)
				all->items[i].seldom = entry < from || entry >= to;
			any = !dropped;
			++*all->range_cnt;
		}
		if (*all->range_cnt > RANGES_MAX)
			return fault__set(placing->why, -EFBIG,
					  "%s: too many ranges of code to look at",
					  dwarf_info__path(all->info));
	}
	return any;
}

static int visit(void *ctx, Dwarf_Die *die, unsigned depth)
{
	int tag = dwarf_tag(die), claimed;

	(void)depth;
	if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
		return may_have_functions(tag) ? 0 : DWARF_SKIP;
	claimed = claim_all(ctx, die, tag == DW_TAG_subprogram);
	if (claimed < 0)
		return claimed;
	return claimed ? 0 : DWARF_SKIP;
}

int dwarf_candidates__place(struct dwarf_candidates *candidates, Dwarf_Die *unit, struct fault *why)
{
	struct placing placing = {
		.candidates = candidates, .unit = unit, .file = (Dwarf_Word)-1, .why = why
	};
	size_t file_cnt;
	int err;

	if (dwarf_getsrcfiles(unit, &placing.files, &file_cnt) != 0)
		return 0;
	qsort(candidates->items, candidates->cnt, sizeof(*candidates->items), by_vaddr);
	err = dwarf_info__walk(candidates->info, unit, find_owner, &placing, why);
	return err ? err : dwarf_info__walk(candidates->info, unit, visit, &placing, why);
}

/* --- the choice ------------------------------------------------------------------------------ */

/* Of those at one address, the ones that a function is known for come first. */
static int by_place(const void *a, const void *b)
{
	const struct dwarf_candidate *x = a, *y = b;

	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return (x->function - 1 > y->function - 1) - (x->function - 1 < y->function - 1);
}

static int by_function(const void *a, const void *b)
{
	const struct dwarf_candidate *x = a, *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (x->seldom != y->seldom)
		return x->seldom ? 1 : -1;
	return by_vaddr(x, y);
}

size_t dwarf_candidates__choose(const struct dwarf_info *info, struct dwarf_candidate *items,
				size_t cnt)
{
	struct dwarf_candidate first = {}; /* of this function */
	size_t kept = 0, chosen = 0;

	if (cnt == 0)
		return 0;
	qsort(items, cnt, sizeof(*items), by_place);
	for (size_t i = 0; i < cnt; i++) {
		if (items[i].dropped || !dwarf_info__is_code(info, items[i].vaddr) ||
		    (kept > 0 && items[kept - 1].vaddr == items[i].vaddr))
			continue;
		items[kept++] = items[i];
	}
	qsort(items, kept, sizeof(*items), by_function);
	for (size_t i = 0; i < kept; i++) {
		if (!items[i].function || first.function != items[i].function)
			first = items[i];
		else if (!first.column || first.column != items[i].column)
			continue;
		items[chosen++] = items[i];
	}
	qsort(items, chosen, sizeof(*items), by_vaddr);
	return chosen;
}
