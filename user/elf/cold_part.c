/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "elf_private.h"

const char *elf_cold_suffix(const char *name)
{
	const char *suffix = strstr(name, ".cold");

	return suffix && (suffix[5] == '\0' || suffix[5] == '.' || suffix[5] == '@') ? suffix
										     : NULL;
}

static bool is_cold_part_of(const char *symbol, const char *name)
{
	const char *suffix = elf_cold_suffix(symbol);
	size_t len = strlen(name);

	return suffix && (size_t)(suffix - symbol) == len && strncmp(symbol, name, len) == 0;
}

int elf_file__cold_part(const struct elf_file *file, const char *name, uint64_t vaddr,
			uint64_t *ret_vaddr, uint64_t *ret_size)
{
	struct elf_table table;
	GElf_Sym sym;
	int err;

	err = elf_file__table(file, SHT_SYMTAB, &table, NULL);
	if (err)
		return err;
	for (size_t i = 1; i < table.cnt && gelf_getsym(table.symbols, (int)i, &sym); i++) {
		const char *symbol = elf_string(table.strings, sym.st_name);

		if (!symbol || vaddr < sym.st_value || vaddr - sym.st_value >= sym.st_size ||
		    !is_cold_part_of(symbol, name))
			continue;
		*ret_vaddr = sym.st_value;
		*ret_size = sym.st_size;
		return 0;
	}
	return -ENOENT;
}
