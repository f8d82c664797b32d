/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "section.h"

#include <gelf.h>
#include <string.h>

Elf_Scn *elf_section_named(Elf *elf, const char *name, Elf_Scn *after)
{
	GElf_Shdr shdr;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((after = elf_nextscn(elf, after))) {
		const char *text;

		if (!gelf_getshdr(after, &shdr))
			return NULL;
		text = elf_strptr(elf, names, shdr.sh_name);
		if (text && strcmp(text, name) == 0)
			return after;
	}
	return NULL;
}
