/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what one pass over all units has found (dwarf_index.c) to functions and their counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf_private.h"

int dwarf_by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort(struct dwarf_array *array, size_t sz, int (*order)(const void *a, const void *b))
{
	if (array->cnt)
		qsort(array->items, array->cnt, sz, order);
}

static size_t unique(uint64_t *keys, size_t cnt)
{
	size_t kept = 0;

	for (size_t i = 0; i < cnt; i++) {
		if (kept == 0 || keys[kept - 1] != keys[i])
			keys[kept++] = keys[i];
	}
	return kept;
}

/* Every abstract function that has a copy or an instance, by key. */
static int list_functions(struct dwarf_index *index, const struct dwarf_array *copies)
{
	const struct dwarf_copy *copy = copies->items;
	const struct dwarf_instance *instance = index->instances.items;
	size_t cnt = copies->cnt + index->instances.cnt;
	struct dwarf_function *items;
	uint64_t *keys;

	if (cnt == 0)
		return 0;
	keys = reallocarray(NULL, cnt, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		keys[i] = i < copies->cnt ? copy[i].function : instance[i - copies->cnt].function;
	qsort(keys, cnt, sizeof(*keys), dwarf_by_number);
	cnt = unique(keys, cnt);
	items = calloc(cnt, sizeof(*items));
	for (size_t i = 0; i < cnt && items; i++)
		items[i] = (struct dwarf_function) { .key = keys[i], .group = (uint32_t)i };
	free(keys);
	if (!items)
		return -ENOMEM;
	index->functions = (struct dwarf_array) { items, cnt, cnt };
	return 0;
}

static void name_function(const struct dwarf_info *info, struct dwarf_function *function)
{
	Dwarf_Attribute attribute;
	Dwarf_Die die;
	bool external;

	if (!dwarf_info__die_of_key(info, function->key, &die))
		return;
	function->symbol = dwarf_info__string(info, &die, DW_AT_linkage_name);
	if (!function->symbol)
		function->symbol = dwarf_info__string(info, &die, DW_AT_MIPS_linkage_name);
	if (!function->symbol)
		function->symbol = dwarf_info__string(info, &die, DW_AT_name);
	function->external = function->symbol &&
			     dwarf_info__attribute(info, &die, DW_AT_external, &attribute) &&
			     dwarf_formflag(&attribute, &external) == 0 && external;
}

static int by_symbol(const void *a, const void *b)
{
	const struct dwarf_function *x = *(struct dwarf_function *const *)a,
				    *y = *(struct dwarf_function *const *)b;
	int order = strcmp(x->symbol, y->symbol);

	return order ? order : (x > y) - (x < y);
}

/* External functions of one name are one. */
static int group_functions(struct dwarf_index *index, const struct dwarf_info *info)
{
	struct dwarf_function *functions = index->functions.items;
	size_t cnt = index->functions.cnt, external_cnt = 0;
	struct dwarf_function **by_name = cnt ? reallocarray(NULL, cnt, sizeof(*by_name)) : NULL;

	if (cnt && !by_name)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		name_function(info, &functions[i]);
		if (functions[i].external)
			by_name[external_cnt++] = &functions[i];
	}
	if (external_cnt)
		qsort(by_name, external_cnt, sizeof(*by_name), by_symbol);
	for (size_t i = 1; i < external_cnt; i++) {
		if (strcmp(by_name[i - 1]->symbol, by_name[i]->symbol) == 0)
			by_name[i]->group = by_name[i - 1]->group;
	}
	free(by_name);
	return 0;
}

static uint64_t group_of(const struct dwarf_index *index, dwarf_key key)
{
	const struct dwarf_function *function =
		bsearch(&key, index->functions.items, index->functions.cnt, sizeof(*function),
			dwarf_by_number); /* the key comes first */

	return function->group;
}

static int by_place(const void *a, const void *b)
{
	const struct dwarf_copy *x = a, *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	return (x->unit > y->unit) - (x->unit < y->unit);
}

static void count_copies(struct dwarf_index *index, struct dwarf_array *array)
{
	struct dwarf_function *functions = index->functions.items;
	struct dwarf_copy *copies = array->items;
	uint32_t run = 0, most = 0;

	for (size_t i = 0; i < array->cnt; i++)
		copies[i].function = group_of(index, copies[i].function);
	sort(array, sizeof(*copies), by_place);
	for (size_t i = 0; i < array->cnt; i++) {
		const struct dwarf_copy *next = i + 1 < array->cnt ? &copies[i + 1] : NULL;
		bool same_place = next && next->function == copies[i].function &&
				  next->vaddr == copies[i].vaddr;

		run++;
		most = run > most ? run : most;
		if (!same_place || next->unit != copies[i].unit)
			run = 0;
		if (!same_place) {
			functions[copies[i].function].copy_cnt += most;
			most = 0;
		}
	}
}

static int by_vaddr(const void *a, const void *b)
{
	const struct dwarf_instance *x = a, *y = b;

	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static void count_instances(struct dwarf_index *index)
{
	struct dwarf_function *functions = index->functions.items;
	struct dwarf_instance *instances = index->instances.items;

	for (size_t i = 0; i < index->instances.cnt; i++)
		instances[i].function = group_of(index, instances[i].function);
	sort(&index->instances, sizeof(*instances), by_vaddr);
	for (size_t i = 0; i < index->instances.cnt; i++) {
		if (i == 0 || instances[i - 1].vaddr != instances[i].vaddr ||
		    instances[i - 1].function != instances[i].function)
			functions[instances[i].function].instance_cnt++;
	}
}

int dwarf_index__arrange(struct dwarf_index *index, const struct dwarf_info *info,
			 struct dwarf_array *copies)
{
	int err;

	sort(&index->members, sizeof(struct dwarf_member), dwarf_by_number);
	err = list_functions(index, copies);
	if (!err)
		err = group_functions(index, info);
	if (err)
		return err;
	count_copies(index, copies);
	count_instances(index);
	return 0;
}
