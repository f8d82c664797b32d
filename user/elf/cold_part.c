/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_private.h"

const char *elf_cold_suffix(const char *name)
{
	const char *suffix = strstr(name, ".cold");

	return suffix && (suffix[5] == '\0' || suffix[5] == '.' || suffix[5] == '@') ? suffix
										     : NULL;
}

static int add_part(struct elf_cold_parts *parts, const GElf_Sym *sym, size_t *room)
{
	struct elf_cold_part *grown;

	if (parts->cnt == *room) {
		*room = *room * 2 + 64;
		grown = reallocarray(parts->items, *room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		parts->items = grown;
	}
	parts->items[parts->cnt++] =
		(struct elf_cold_part) { .vaddr = sym->st_value, .size = sym->st_size };
	return 0;
}

static int compare_parts(const void *a, const void *b)
{
	const struct elf_cold_part *x = a, *y = b;

	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

int elf_file__cold_parts(const struct elf_file *file, struct elf_cold_parts *ret_parts)
{
	struct elf_cold_parts parts = {};
	struct elf_table table;
	size_t room = 0;
	GElf_Sym sym;
	int err = 0;

	if (elf_file__table(file, SHT_SYMTAB, &table, NULL) != 0)
		table.cnt = 0;
	for (size_t i = 1; !err && i < table.cnt && gelf_getsym(table.symbols, (int)i, &sym); i++) {
		const char *name = elf_string(table.strings, sym.st_name);

		if (name && sym.st_size > 0 && sym.st_shndx != SHN_UNDEF && elf_cold_suffix(name))
			err = add_part(&parts, &sym, &room);
	}
	if (err) {
		elf_cold_parts__free(&parts);
		return err;
	}
	if (parts.cnt)
		qsort(parts.items, parts.cnt, sizeof(*parts.items), compare_parts);
	*ret_parts = parts;
	return 0;
}

void elf_cold_parts__free(struct elf_cold_parts *parts)
{
	free(parts->items);
	*parts = (struct elf_cold_parts) {};
}

const struct elf_cold_part *elf_cold_parts__find(const struct elf_cold_parts *parts, uint64_t vaddr)
{
	size_t low = 0, high = parts->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (parts->items[middle].vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || vaddr - parts->items[low - 1].vaddr >= parts->items[low - 1].size)
		return NULL;
	return &parts->items[low - 1];
}
