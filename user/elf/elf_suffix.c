/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What compilers put behind the name of a function, after a dot.
 *
 * Entered by calls in the function's place, so each call of one is a call of the function:
 *   .isra .constprop    GCC, without unused arguments or with some known (ipa-sra.cc, ipa-cp.cc)
 *   .lto_priv           GCC, a static function made visible to other LTO partitions
 *                       (lto-partition.cc, privatize_symbol_name)
 *   .localalias         GCC, another name of it that cannot be interposed (symtab.cc)
 *   .llvm .__uniq       LLVM, a static function made unique (ThinLTO's getGlobalNameForLocal,
 *                       -funique-internal-linkage-names)
 *   .specialized        LLVM, with some arguments known (FunctionSpecialization.cpp)
 *   a number alone      GCC's nested functions (langhooks.cc, lhd_set_decl_assembler_name), LLVM's
 *                       second static function of a name (ValueSymbolTable::makeUniqueName). Not in
 *                       Go, where "main.init.0" and "main.init" are two functions.
 *
 * Parts of it, which run within a call: .part (GCC's ipa-split.cc: what is left of a function whose
 * beginning was inlined), .cold (both; see cold_part.c).
 */
#include "elf_index.h"

#include <ctype.h>
#include <string.h>

static bool is_number(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
	}
	return len > 0;
}

static bool is_variant(const char *text, size_t len)
{
	static const char *const kinds[] = { "isra", "constprop", "lto_priv",	"localalias",
					     "llvm", "__uniq",	  "specialized" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i]) == len && memcmp(kinds[i], text, len) == 0)
			return true;
	}
	return false;
}

/* Suffixes accumulate ("f.constprop.1.isra.2"); they are taken off from the end. A number alone is
 * one only right behind the name: in "f.part.0" it belongs to the part. */
size_t elf_base_len(const char *name, size_t len, bool numbered)
{
	size_t base = len, end = len;

	for (size_t i = len; i-- > 1;) {
		bool number;

		if (name[i] != '.')
			continue;
		number = is_number(name + i + 1, end - i - 1);
		if (!number && !is_variant(name + i + 1, end - i - 1))
			break;
		if (!number || (numbered && !memchr(name, '.', i)))
			base = i;
		end = i;
	}
	return base;
}

bool elf_is_part(const char *name, size_t len)
{
	static const char mark[] = ".part.";
	const char *at = memmem(name, len, mark, sizeof(mark) - 1);

	return at && isdigit((unsigned char)at[sizeof(mark) - 1]);
}

size_t go_base_len(const char *name, size_t len)
{
	const char *bracket = memchr(name, '[', len);

	return bracket && bracket > name && name[len - 1] == ']' ? (size_t)(bracket - name) : len;
}
