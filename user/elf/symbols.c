/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding functions by name.
 *
 * A name has up to three parts: the function, a suffix by which the compiler marks a variant of it
 * ("parse.isra.0"), and a version ("memcpy@GLIBC_2.2.5"; "@@" marks the default one). In .symtab
 * the linker leaves the version in the string; in .dynsym it is a number per symbol (.gnu.version),
 * named in .gnu.version_d.
 *
 * Variants that are entered by calls in place of the function count as the function; what is
 * entered by a jump from its middle (.cold) or does part of its work (.part) does not.
 */
#include "elf_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suggest.h"

#define VERSION_HIDDEN 0x8000
#define VERSION_INDEX 0x7fff

/* What was asked for, in parts. */
struct wanted {
	const char *text; /* whole */
	char *name;
	const char *version; /* NULL: any that is not hidden */
	bool default_only;   /* "@@" */
};

/* Why symbols of the right name were not taken. */
struct near_miss {
	bool imported;
	bool ifunc;
	bool data;
	bool outside;
	bool cold;
	bool other_version;
	char version[64]; /* one such version */
};

struct search {
	const struct elf_file *file;
	const struct wanted *wanted;
	const struct elf_table *table;
	struct elf_symbols found;
	size_t room; /* allocated items of found */
	struct near_miss missed;
	struct suggestions closest;
	size_t function_cnt; /* in this table */
};

/* The versions of the dynamic symbols: a number for each, and the names of the numbers. */
struct versions {
	Elf_Data *numbers;
	const char **names; /* VERSION_INDEX + 1 of them, or NULL; some are NULL */
};

int elf_file__table(const struct elf_file *file, uint32_t type, struct elf_table *ret_table,
		    struct fault *why)
{
	struct elf_table table = { .name = type == SHT_SYMTAB ? ".symtab" : ".dynsym" };
	GElf_Shdr shdr;

	table.section = elf_file__next_section(file, NULL, type);
	if (!table.section)
		return -ENOENT;
	if (!gelf_getshdr(table.section, &shdr))
		return fault__set(why, -EBADMSG, "%s: corrupt %s", file->path, table.name);
	table.symbols = elf_file__section_data(file, table.section);
	table.strings = elf_file__section_data(file, elf_getscn(file->elf, shdr.sh_link));
	if (!table.symbols || !table.strings || table.symbols->d_type != ELF_T_SYM)
		return fault__set(why, -EBADMSG,
				  "%s: corrupt: %s or its strings lie outside the file", file->path,
				  table.name);
	table.cnt = table.symbols->d_size / sizeof(Elf64_Sym);
	if (table.cnt > INT32_MAX)
		return fault__set(why, -EBADMSG, "%s: %s is too large", file->path, table.name);
	*ret_table = table;
	return 0;
}

/* vd_next is relative; gelf checks that each record lies within the section, and only steps
 * forward are taken, so the walk ends. */
static void name_versions(struct versions *versions, Elf_Data *definitions, const Elf_Data *strings)
{
	GElf_Verdaux aux;
	GElf_Verdef def;
	size_t at = 0;

	while (gelf_getverdef(definitions, (int)at, &def)) {
		unsigned index = def.vd_ndx & VERSION_INDEX;

		if (def.vd_aux < definitions->d_size - at &&
		    gelf_getverdaux(definitions, (int)(at + def.vd_aux), &aux))
			versions->names[index] = elf_string(strings, aux.vda_name);
		if (def.vd_next == 0 || def.vd_next >= definitions->d_size - at)
			return;
		at += def.vd_next;
	}
}

static int load_versions(const struct elf_file *file, struct versions *versions)
{
	Elf_Data *definitions, *strings;
	Elf_Scn *section;
	GElf_Shdr shdr;

	section = elf_file__next_section(file, NULL, SHT_GNU_versym);
	versions->numbers = elf_file__section_data(file, section);
	section = elf_file__next_section(file, NULL, SHT_GNU_verdef);
	definitions = elf_file__section_data(file, section);
	if (!versions->numbers || !definitions || definitions->d_size > INT32_MAX ||
	    !gelf_getshdr(section, &shdr))
		return 0;
	strings = elf_file__section_data(file, elf_getscn(file->elf, shdr.sh_link));
	if (!strings)
		return 0;
	versions->names = calloc(VERSION_INDEX + 1, sizeof(*versions->names));
	if (!versions->names)
		return -ENOMEM;
	name_versions(versions, definitions, strings);
	return 0;
}

static int parse_wanted(const char *text, struct wanted *ret_wanted)
{
	const char *at = strchr(text, '@');

	ret_wanted->text = text;
	ret_wanted->name = at ? strndup(text, (size_t)(at - text)) : strdup(text);
	if (!ret_wanted->name)
		return -ENOMEM;
	if (at) {
		ret_wanted->default_only = at[1] == '@';
		ret_wanted->version = at + (ret_wanted->default_only ? 2 : 1);
	}
	return 0;
}

/* Variants of a function that callers call instead of it. */
static bool is_entry_suffix(const char *suffix)
{
	static const char *const kinds[] = { "isra", "constprop", "llvm", "lto_priv",
					     "localalias" };

	while (*suffix == '.') {
		size_t len = strcspn(suffix + 1, ".@");
		bool known = len > 0 && strspn(suffix + 1, "0123456789") >= len;

		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !known; i++)
			known = strlen(kinds[i]) == len && strncmp(suffix + 1, kinds[i], len) == 0;
		if (!known)
			return false;
		suffix += 1 + len;
	}
	return *suffix == '\0' || *suffix == '@';
}

static bool name_matches(const struct wanted *wanted, const char *name, bool dynamic)
{
	size_t len = strlen(wanted->name);

	if (strncmp(name, wanted->name, len) != 0)
		return false;
	if (name[len] == '\0' || (name[len] == '@' && !dynamic))
		return true;
	/* A bare ".0" is how GCC numbers function-local statics: not enough to be a variant. */
	return !dynamic && name[len] == '.' && !isdigit((unsigned char)name[len + 1]) &&
	       is_entry_suffix(name + len);
}

/* Notes the version that the name exists with, for the message. */
static bool refuse_version(struct search *search, const char *version)
{
	struct near_miss *missed = &search->missed;

	missed->other_version = true;
	snprintf(missed->version, sizeof(missed->version), "%s", version ? version : "?");
	return false;
}

static bool version_wanted(struct search *search, const char *version, bool hidden)
{
	const struct wanted *wanted = search->wanted;

	if (!wanted->version)
		return hidden ? refuse_version(search, version) : true;
	if (!version || strcmp(version, wanted->version) != 0)
		return version ? refuse_version(search, version) : false;
	return hidden && wanted->default_only ? refuse_version(search, version) : true;
}

static bool version_matches(struct search *search, const struct versions *versions, int index,
			    const char *name)
{
	const char *at = strchr(name, '@');
	GElf_Versym number;

	if (at)
		return version_wanted(search, at + (at[1] == '@' ? 2 : 1), at[1] != '@');
	if (!versions->numbers || !gelf_getversym(versions->numbers, index, &number))
		return version_wanted(search, NULL, false);
	if ((number & VERSION_INDEX) <= VER_NDX_GLOBAL)
		return version_wanted(search, NULL, false);
	return version_wanted(search,
			      versions->names ? versions->names[number & VERSION_INDEX] : NULL,
			      number & VERSION_HIDDEN);
}

static bool is_function(const struct search *search, const GElf_Sym *sym, const char *name)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);
	uint64_t offset;

	if (sym->st_shndx == SHN_UNDEF || elf_cold_suffix(name))
		return false;
	if (type == STT_FUNC)
		return true;
	/* Hand-written assembly often leaves the type out. "$x" and "$d" are arm64's marks of
	 * where code and data begin. */
	return type == STT_NOTYPE && *name != '$' && sym->st_shndx != SHN_ABS &&
	       elf_file__offset(search->file, sym->st_value, &offset) == 0;
}

/* Remembers why this symbol of the right name is not a function that can be traced. */
static bool usable(struct search *search, const GElf_Sym *sym, const char *name,
		   uint64_t *ret_offset)
{
	struct near_miss *missed = &search->missed;
	unsigned type = GELF_ST_TYPE(sym->st_info);

	if (elf_cold_suffix(name))
		missed->cold = true;
	else if (type == STT_GNU_IFUNC)
		missed->ifunc = true;
	else if (!is_function(search, sym, name))
		missed->data = type != STT_FILE && type != STT_SECTION;
	else if (elf_file__offset(search->file, sym->st_value, ret_offset) != 0)
		missed->outside = true;
	else
		return true;
	return false;
}

static int keep(struct search *search, const GElf_Sym *sym, const char *name, uint64_t offset)
{
	struct elf_symbols *found = &search->found;
	struct elf_symbol *items = found->items;

	if (found->cnt == search->room) {
		items = reallocarray(items, 2 * search->room + 4, sizeof(*items));
		if (!items)
			return -ENOMEM;
		found->items = items;
		search->room = 2 * search->room + 4;
	}
	items[found->cnt] = (struct elf_symbol) {
		.name = strndup(name, strcspn(name, "@")),
		.table = search->table->name,
		.vaddr = sym->st_value,
		.size = sym->st_size,
		.offset = offset,
	};
	if (!items[found->cnt].name)
		return -ENOMEM;
	found->cnt++;
	return 0;
}

/* A symbol of the right name: keeps it, or remembers why not. */
static int weigh(struct search *search, const struct versions *versions, int index,
		 const GElf_Sym *sym, const char *name)
{
	uint64_t offset;

	if (sym->st_shndx == SHN_UNDEF) {
		search->missed.imported = true;
		return 0;
	}
	if (!version_matches(search, versions, index, name) || !usable(search, sym, name, &offset))
		return 0;
	return keep(search, sym, name, offset);
}

static int search_symbols(struct search *search, const struct versions *versions, bool dynamic,
			  struct fault *why)
{
	const struct elf_table *table = search->table;
	GElf_Sym sym;

	for (size_t i = 1; i < table->cnt && gelf_getsym(table->symbols, (int)i, &sym); i++) {
		const char *name = elf_string(table->strings, sym.st_name);

		if (!name)
			return fault__set(why, -EBADMSG,
					  "%s: corrupt: the name of symbol %zu in %s lies outside "
					  "its strings",
					  search->file->path, i, table->name);
		if (is_function(search, &sym, name)) {
			search->function_cnt++;
			suggestions__offer(&search->closest, name);
		}
		if (name_matches(search->wanted, name, dynamic) &&
		    weigh(search, versions, (int)i, &sym, name) != 0)
			return fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
	}
	return 0;
}

/* -ENOENT when the file has no such table. */
static int search_table(struct search *search, uint32_t type, struct fault *why)
{
	struct versions versions = {};
	struct elf_table table;
	int err;

	err = elf_file__table(search->file, type, &table, why);
	if (err)
		return err;
	search->table = &table;
	search->function_cnt = 0;
	if (type == SHT_DYNSYM && load_versions(search->file, &versions) != 0)
		return fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
	err = search_symbols(search, &versions, type == SHT_DYNSYM, why);
	free(versions.names);
	return err;
}

struct text {
	char bytes[512];
	size_t len;
};

static int append_soname(void *ctx, const char *soname)
{
	struct text *text = ctx;
	int n;

	n = snprintf(text->bytes + text->len, sizeof(text->bytes) - text->len, "%s%s",
		     text->len ? ", " : "", soname);
	if (n < 0 || (size_t)n >= sizeof(text->bytes) - text->len) {
		text->bytes[text->len] = '\0';
		return 1;
	}
	text->len += (size_t)n;
	return 0;
}

static int refuse_imported(const struct search *search, struct fault *why)
{
	struct text needed = {};

	elf_file__each_needed(search->file, append_soname, &needed);
	return fault__set(why, -ENOENT,
			  "%s: %s is imported, not defined in this file (look in one of: %s)",
			  search->file->path, search->wanted->text,
			  needed.len ? needed.bytes : "the libraries that the program loads");
}

static int refuse_missing(const struct search *search, const char *searched, bool stripped,
			  struct fault *why)
{
	struct text closest = {};

	for (size_t i = 0; i < search->closest.cnt; i++)
		append_soname(&closest, search->closest.names[i]);
	return fault__set(why, -ENOENT, "%s: no function is called %s; searched %s%s%s%s%s",
			  search->file->path, search->wanted->text, searched,
			  stripped ? ", the file is stripped of .symtab" : "",
			  closest.len ? " (closest: " : "", closest.bytes, closest.len ? ")" : "");
}

/* Nothing was found: says the most useful of the reasons. */
static int refuse(const struct search *search, const char *searched, bool stripped,
		  struct fault *why)
{
	const struct near_miss *missed = &search->missed;
	const char *path = search->file->path, *name = search->wanted->text;

	if (missed->ifunc)
		return fault__set(why, -ENOTSUP,
				  "%s: %s is an IFUNC: its symbol is the resolver, which runs once "
				  "at load (name the implementation that it picks)",
				  path, name);
	if (missed->outside)
		return fault__set(why, -EINVAL, "%s: %s lies outside every executable segment",
				  path, name);
	if (missed->cold)
		return fault__set(why, -EINVAL,
				  "%s: %s is the seldom-run part of a function, entered by a jump "
				  "(name the function)",
				  path, name);
	if (missed->data)
		return fault__set(why, -EINVAL, "%s: %s is not a function", path, name);
	if (missed->imported)
		return refuse_imported(search, why);
	if (missed->other_version)
		return fault__set(why, -ENOENT, "%s: no default version of %s (try %s@%s)", path,
				  name, search->wanted->name, missed->version);
	return refuse_missing(search, searched, stripped, why);
}

/* By address; of the names of one address, those first that tell the size, .symtab's before
 * .dynsym's ("s" > "d"), the shortest. */
static int by_address(const void *a, const void *b)
{
	const struct elf_symbol *x = a, *y = b;

	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	if (!x->size != !y->size)
		return x->size ? -1 : 1;
	if (x->table != y->table)
		return -strcmp(x->table, y->table);
	return strcmp(x->name, y->name);
}

static void sort_and_merge(struct elf_symbols *found)
{
	size_t kept = 0;

	qsort(found->items, found->cnt, sizeof(*found->items), by_address);
	for (size_t i = 0; i < found->cnt; i++) {
		if (kept > 0 && found->items[kept - 1].vaddr == found->items[i].vaddr)
			free(found->items[i].name);
		else
			found->items[kept++] = found->items[i];
	}
	found->cnt = kept;
}

static int search_both(struct search *search, struct fault *why)
{
	char searched[128] = "";
	bool stripped;
	int err;

	err = search_table(search, SHT_SYMTAB, why);
	stripped = err == -ENOENT;
	if (err && !stripped)
		return err;
	if (!stripped)
		snprintf(searched, sizeof(searched), ".symtab (%zu functions)",
			 search->function_cnt);
	err = search_table(search, SHT_DYNSYM, why);
	if (err && err != -ENOENT)
		return err;
	if (err && stripped)
		return fault__set(why, -ENOENT,
				  "%s: stripped: it has neither .symtab nor .dynsym to find %s in "
				  "(use a build that was not stripped)",
				  search->file->path, search->wanted->text);
	if (!err)
		snprintf(searched + strlen(searched), sizeof(searched) - strlen(searched),
			 "%s.dynsym (%zu functions)", stripped ? "" : " and ",
			 search->function_cnt);
	return search->found.cnt ? 0 : refuse(search, searched, stripped, why);
}

int elf_file__find(const struct elf_file *file, const char *name, struct elf_symbols *ret_symbols,
		   struct fault *why)
{
	struct wanted wanted = {};
	struct search search = { .file = file, .wanted = &wanted };
	int err;

	err = parse_wanted(name, &wanted);
	if (err)
		return fault__set(why, err, "%s: out of memory", file->path);
	search.closest.word = wanted.name;
	if (*wanted.name)
		err = search_both(&search, why);
	else
		err = fault__set(why, -ENOENT, "%s: the name of the function is empty", file->path);
	free(wanted.name);
	if (err) {
		elf_symbols__free(&search.found);
		return err;
	}
	sort_and_merge(&search.found);
	*ret_symbols = search.found;
	return 0;
}

void elf_symbols__free(struct elf_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->cnt; i++)
		free(symbols->items[i].name);
	free(symbols->items);
	*symbols = (struct elf_symbols) {};
}
