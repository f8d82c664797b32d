/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The addresses of variables that the arguments of USDT probes name ("4@count(%rip)"). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_private.h"
#include "usdt_private.h"

static bool is_variable(const GElf_Sym *sym)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS &&
	       sym->st_shndx != SHN_COMMON && (type == STT_OBJECT || type == STT_NOTYPE);
}

static void load_table(struct usdt_variables *variables, const struct elf_table *table)
{
	GElf_Sym sym;

	for (size_t i = 1; i < table->cnt && gelf_getsym(table->symbols, (int)i, &sym); i++) {
		const char *name = elf_string(table->strings, sym.st_name);

		if (!name || !*name || !is_variable(&sym))
			continue;
		variables->items[variables->cnt++] = (struct usdt_variable) {
			.name = name,
			.len = strcspn(name, "@"), /* the version */
			.vaddr = sym.st_value,
		};
	}
}

static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_name(const void *a, const void *b)
{
	const struct usdt_variable *x = a, *y = b;
	int order = compare_names(x->name, x->len, y->name, y->len);

	return order ? order : (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

static int load(struct usdt_variables *variables)
{
	static const uint32_t types[] = { SHT_SYMTAB, SHT_DYNSYM };
	struct elf_table tables[2];
	bool there[2];
	size_t room = 0;

	for (size_t i = 0; i < 2; i++) {
		there[i] = elf_file__table(variables->file, types[i], &tables[i], NULL) == 0;
		room += there[i] ? tables[i].cnt : 0;
	}
	variables->items = room ? calloc(room, sizeof(*variables->items)) : NULL;
	if (room && !variables->items)
		return -ENOMEM;
	for (size_t i = 0; i < 2; i++) {
		if (there[i])
			load_table(variables, &tables[i]);
	}
	if (variables->cnt)
		qsort(variables->items, variables->cnt, sizeof(*variables->items), by_name);
	variables->loaded = true;
	return 0;
}

/* The first that is not before the name. */
static size_t lower_bound(const struct usdt_variables *variables, const char *name, size_t len)
{
	size_t from = 0, to = variables->cnt;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct usdt_variable *v = &variables->items[middle];

		if (compare_names(v->name, v->len, name, len) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

int usdt_variables__resolve(struct usdt_variables *variables, const char *name, size_t len,
			    uint64_t *ret_vaddr)
{
	const struct usdt_variable *found, *end;
	int err = variables->loaded ? 0 : load(variables);

	if (err)
		return err;
	end = variables->items + variables->cnt;
	found = variables->items + lower_bound(variables, name, len);
	if (found == end || compare_names(found->name, found->len, name, len) != 0)
		return -ENOENT;
	/* Two static variables may have one name; those of one name are in order of address. */
	for (const struct usdt_variable *v = found + 1; v < end; v++) {
		if (compare_names(v->name, v->len, name, len) != 0)
			break;
		if (v->vaddr != found->vaddr)
			return -ENOENT;
	}
	*ret_vaddr = found->vaddr;
	return 0;
}

void usdt_variables__free(struct usdt_variables *variables)
{
	free(variables->items);
	*variables = (struct usdt_variables) {};
}
