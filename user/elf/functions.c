/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All functions of a file, each once: in order, and by address. */
#include "elf_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One of the names of a function. */
struct candidate {
	const struct elf_source *source;
	const struct elf_entry *entry;
};

struct candidates {
	struct candidate *items;
	size_t cnt;
};

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/*
 * Which of two names of one address is the one that people use: "read", not "__libc_read". First
 * what can be attached to by name alone, then what others can see, then the plainer one.
 */
static int by_merit(const struct candidate *a, const struct candidate *b)
{
	const struct elf_entry *x = a->entry, *y = b->entry;
	int order;

	order = compare(!x->listed, !y->listed);
	if (!order)
		order = compare(x->size == 0, y->size == 0);
	if (!order)
		order = compare(x->hidden, y->hidden);
	if (!order)
		order = compare(x->base_len != x->name_len, y->base_len != y->name_len);
	if (!order)
		order = compare(x->local, y->local);
	if (!order)
		order = compare(underscores(x->name), underscores(y->name));
	if (!order)
		order = compare(x->name_len, y->name_len);
	if (!order)
		order = strcmp(x->name, y->name);
	/* sources are in the order of preference */
	return order ? order : compare((uintptr_t)a->source, (uintptr_t)b->source);
}

static int by_address(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int order = compare(x->entry->vaddr, y->entry->vaddr);

	return order ? order : by_merit(x, y);
}

/* Reads every source, and notes what cannot be read. What is outside the file may fail: it is not
 * the file's fault. */
static size_t read_sources(const struct elf_file *file)
{
	struct elf_index *index = file->index;
	size_t cnt = 0;

	for (enum elf_source_id id = 0; id < ELF_SOURCE_CNT; id++) {
		const struct elf_source *source;
		struct fault why = {};
		int err;

		err = elf_index__source(file, id, &source, &why);
		if (err == -ENOENT || (err && err != -ENOMEM && id == ELF_SOURCE_DEBUG_FILE))
			continue;
		if (!err)
			err = elf_index__demangle(file, id, &why);
		if (!err)
			cnt += source->entries.cnt;
		else if (!index->unread)
			index->unread = fault__set(&index->unread_why, err, "%s", why.text);
	}
	return cnt;
}

static void collect(const struct elf_file *file, struct candidates *all)
{
	for (enum elf_source_id id = 0; id < ELF_SOURCE_CNT; id++) {
		const struct elf_source *source = &file->index->sources[id];

		for (size_t i = 0; i < source->entries.cnt; i++) {
			const struct elf_entry *entry = &source->entries.items[i];

			if (entry->kind == ELF_KIND_FUNCTION && (entry->listed || !entry->untyped))
				all->items[all->cnt++] = (struct candidate) { source, entry };
		}
	}
	qsort(all->items, all->cnt, sizeof(*all->items), by_address);
}

/* Adds the best of the candidates of one address. A label within a function is none. */
static int add_function(const struct elf_file *file, const struct candidate *best)
{
	struct elf_index *index = file->index;
	struct elf_function *function = &index->functions[index->function_cnt];
	uint64_t reach = index->function_cnt ? function[-1].reach : 0;
	uint64_t end = best->entry->vaddr + best->entry->size;
	int err;

	if (end < best->entry->vaddr)
		end = UINT64_MAX;
	if (best->entry->untyped && best->entry->vaddr < reach)
		return 0;
	err = elf_index__symbol(file, best->source, best->entry, &function->symbol);
	if (err)
		return err;
	function->listed = best->entry->listed;
	function->reach = end > reach ? end : reach;
	index->function_cnt++;
	return 0;
}

static int build(const struct elf_file *file, const struct candidates *all)
{
	struct elf_index *index = file->index;
	int err = 0;

	index->functions = calloc(all->cnt + 1, sizeof(*index->functions));
	if (!index->functions)
		return -ENOMEM;
	for (size_t i = 0; !err && i < all->cnt; i++) {
		if (i == 0 || all->items[i - 1].entry->vaddr != all->items[i].entry->vaddr)
			err = add_function(file, &all->items[i]);
	}
	if (err) {
		free(index->functions);
		index->functions = NULL;
		index->function_cnt = 0;
	}
	return err;
}

static int collect_and_build(const struct elf_file *file)
{
	struct candidates all = {};
	int err = -ENOMEM;

	all.items = calloc(read_sources(file) + 1, sizeof(*all.items));
	if (all.items) {
		collect(file, &all);
		err = build(file, &all);
	}
	free(all.items);
	return err;
}

int elf_index__functions(const struct elf_file *file, struct fault *why)
{
	const struct elf_index *index = file->index;

	if (!index->functions && collect_and_build(file) != 0)
		return fault__set(why, -ENOMEM, "%s: out of memory", file->path);
	return index->unread ? fault__set(why, index->unread, "%s", index->unread_why.text) : 0;
}

static int by_display(const void *a, const void *b)
{
	const struct elf_symbol *x = *(const struct elf_symbol *const *)a;
	const struct elf_symbol *y = *(const struct elf_symbol *const *)b;
	int order = strcmp(x->display, y->display);

	return order ? order : compare(x->vaddr, y->vaddr);
}

int elf_file__each_function(const struct elf_file *file,
			    int (*each)(void *ctx, const struct elf_symbol *symbol), void *ctx,
			    struct fault *why)
{
	const struct elf_symbol **symbols;
	size_t cnt = 0;
	int err;

	err = elf_index__functions(file, why);
	if (err)
		return err;
	symbols = calloc(file->index->function_cnt + 1, sizeof(*symbols));
	if (!symbols)
		return fault__set(why, -ENOMEM, "%s: out of memory", file->path);
	for (size_t i = 0; i < file->index->function_cnt; i++) {
		if (file->index->functions[i].listed)
			symbols[cnt++] = &file->index->functions[i].symbol;
	}
	qsort(symbols, cnt, sizeof(*symbols), by_display);
	for (size_t i = 0; i < cnt && !err; i++)
		err = each(ctx, symbols[i]);
	free(symbols);
	return err;
}

static bool covers(const struct elf_symbol *symbol, uint64_t vaddr)
{
	return vaddr == symbol->vaddr ||
	       (vaddr > symbol->vaddr && vaddr - symbol->vaddr < symbol->size);
}

const struct elf_symbol *elf_file__function_at(const struct elf_file *file, uint64_t vaddr)
{
	const struct elf_index *index = file->index;
	size_t low = 0, high;

	elf_index__functions(file, NULL); /* as many as can be read */
	/* the first function that begins behind vaddr */
	for (high = index->function_cnt; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (index->functions[middle].symbol.vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	/* Of functions that overlap, the one that begins last. */
	while (low > 0 && (index->functions[low - 1].reach > vaddr ||
			   index->functions[low - 1].symbol.vaddr == vaddr)) {
		if (covers(&index->functions[low - 1].symbol, vaddr))
			return &index->functions[low - 1].symbol;
		low--;
	}
	return NULL;
}
