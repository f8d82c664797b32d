/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sections by name, of a file that libelf has open. */
#ifndef TACHO_USER_SECTION_H
#define TACHO_USER_SECTION_H

#include <libelf.h>

/* The next section of this name after this one (NULL: the first), or NULL. */
Elf_Scn *elf_section_named(Elf *elf, const char *name, Elf_Scn *after);

#endif
