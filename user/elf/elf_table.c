/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a symbol table.
 *
 * The version of a symbol ("memcpy@GLIBC_2.2.5"; "@@" marks the default one) is in .dynsym a number
 * per symbol (.gnu.version), named in .gnu.version_d; in .symtab GNU ld leaves it in the string.
 */
#include "elf_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_HIDDEN 0x8000
#define VERSION_INDEX 0x7fff

/* The versions of the dynamic symbols: a number for each, and the names of the numbers. */
struct versions {
	Elf_Data *numbers;
	const char **names; /* VERSION_INDEX + 1 of them, or NULL; some are NULL */
};

struct reading {
	const struct elf_file *file;   /* where the functions are */
	const struct elf_file *holder; /* where the table is */
	struct elf_table table;
	struct versions versions;
	bool *stubs; /* by number of the section: does it hold the linker's stubs? */
	size_t section_cnt;
	bool dynamic;
	bool go;
	struct elf_entries *entries;
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

/* ".plt", ".plt.sec", ".plt.got", ".iplt": calls to other files go through them. */
static int find_stubs(struct reading *reading)
{
	Elf_Scn *section = NULL;

	if (elf_getshdrnum(reading->holder->elf, &reading->section_cnt) != 0)
		return 0;
	reading->stubs = calloc(reading->section_cnt + 1, sizeof(*reading->stubs));
	if (!reading->stubs)
		return -ENOMEM;
	while ((section = elf_nextscn(reading->holder->elf, section))) {
		const char *name = elf_file__section_name(reading->holder, section);

		if (name && (strncmp(name, ".plt", 4) == 0 || strcmp(name, ".iplt") == 0))
			reading->stubs[elf_ndxscn(section)] = true;
	}
	return 0;
}

static void set_version(const struct reading *reading, int index, struct elf_entry *entry)
{
	const char *at = strchr(entry->name, '@');
	GElf_Versym number;

	if (at) {
		entry->name_len = (uint32_t)(at - entry->name);
		entry->hidden = at[1] != '@';
		entry->version = at + (entry->hidden ? 1 : 2);
		return;
	}
	if (!reading->versions.numbers ||
	    !gelf_getversym(reading->versions.numbers, index, &number) ||
	    (number & VERSION_INDEX) <= VER_NDX_GLOBAL)
		return;
	entry->hidden = number & VERSION_HIDDEN;
	if (reading->versions.names)
		entry->version = reading->versions.names[number & VERSION_INDEX];
}

static enum elf_kind kind_of(const struct reading *reading, const GElf_Sym *sym, const char *name)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);
	uint64_t offset;
	bool in_code;

	if (sym->st_shndx == SHN_UNDEF)
		return ELF_KIND_IMPORT;
	if (elf_cold_suffix(name))
		return ELF_KIND_COLD;
	if (type == STT_GNU_IFUNC)
		return ELF_KIND_IFUNC;
	in_code = elf_file__offset(reading->file, sym->st_value, &offset) == 0;
	if (type == STT_FUNC)
		return in_code ? ELF_KIND_FUNCTION : ELF_KIND_OUTSIDE;
	/* Hand-written assembly often leaves the type out. */
	return type == STT_NOTYPE && sym->st_shndx != SHN_ABS && in_code ? ELF_KIND_FUNCTION
									 : ELF_KIND_DATA;
}

/* Names that a user has no use for: of files, of sections, and arm64's marks of where code and
 * data begin ("$x", "$d.2": ELF for the Arm 64-bit Architecture, "Mapping symbols"). */
static bool is_passed_over(const GElf_Sym *sym, const char *name)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);

	return type == STT_FILE || type == STT_SECTION || !*name ||
	       (type == STT_NOTYPE && name[0] == '$' && (name[1] == 'x' || name[1] == 'd') &&
		(name[2] == '\0' || name[2] == '.'));
}

/* An assembler's label is a function only if others can call it, and "_etext" none at all: it is
 * where a section ends. */
static bool is_entry_point(const struct reading *reading, const GElf_Sym *sym)
{
	GElf_Shdr shdr;

	if (GELF_ST_TYPE(sym->st_info) == STT_FUNC)
		return true;
	return GELF_ST_BIND(sym->st_info) != STB_LOCAL &&
	       gelf_getshdr(elf_getscn(reading->holder->elf, sym->st_shndx), &shdr) &&
	       (shdr.sh_flags & SHF_EXECINSTR) && sym->st_value >= shdr.sh_addr &&
	       sym->st_value - shdr.sh_addr < shdr.sh_size;
}

/* Thunks ("_ZTh", "_ZTv", "_ZTc"), what initialises thread-local variables ("_ZTH", "_ZTW") and the
 * copies for transactions ("_ZGT") are the compiler's, as is a part of a function. */
static bool is_listed(const struct reading *reading, const GElf_Sym *sym,
		      const struct elf_entry *entry)
{
	if (entry->kind != ELF_KIND_FUNCTION || elf_is_part(entry->name, entry->name_len) ||
	    strncmp(entry->name, "_ZT", 3) == 0 || strncmp(entry->name, "_ZGT", 4) == 0)
		return false;
	if (sym->st_shndx < reading->section_cnt && reading->stubs[sym->st_shndx])
		return false;
	return is_entry_point(reading, sym);
}

static void fill(const struct reading *reading, int index, const GElf_Sym *sym, const char *name,
		 struct elf_entry *entry)
{
	*entry = (struct elf_entry) {
		.name = name,
		.name_len = (uint32_t)strlen(name),
		.vaddr = sym->st_value,
		.size = sym->st_size,
		.kind = kind_of(reading, sym, name),
		.local = GELF_ST_BIND(sym->st_info) == STB_LOCAL,
		.untyped = GELF_ST_TYPE(sym->st_info) == STT_NOTYPE,
	};
	set_version(reading, index, entry);
	/* Only compilers' own tables have variants: they are local. */
	entry->base_len = entry->name_len;
	if (!reading->dynamic && entry->kind == ELF_KIND_FUNCTION)
		entry->base_len = (uint32_t)elf_base_len(name, entry->name_len, !reading->go);
	if (reading->go && entry->base_len == entry->name_len)
		entry->base_len = (uint32_t)go_base_len(name, entry->name_len);
	entry->listed = is_listed(reading, sym, entry);
}

static int read_symbols(struct reading *reading, struct fault *why)
{
	const struct elf_table *table = &reading->table;
	struct elf_entries *entries = reading->entries;
	GElf_Sym sym;

	for (size_t i = 1; i < table->cnt && gelf_getsym(table->symbols, (int)i, &sym); i++) {
		const char *name = elf_string(table->strings, sym.st_name);
		struct elf_entry *entry = &entries->items[entries->cnt];

		if (!name)
			return fault__set(why, -EBADMSG,
					  "%s: corrupt: the name of symbol %zu in %s lies outside "
					  "its strings",
					  reading->holder->path, i, table->name);
		if (is_passed_over(&sym, name))
			continue;
		fill(reading, (int)i, &sym, name, entry);
		if (!elf_entries__take_name(entries, entry->name_len))
			return fault__set(why, -EBADMSG,
					  "%s: corrupt: the names in %s lie upon each other",
					  reading->holder->path, table->name);
		entries->cnt++;
		entries->function_cnt += entry->kind <= ELF_KIND_OUTSIDE;
	}
	elf_entries__sort(entries);
	return 0;
}

int elf_table__read(const struct elf_file *file, const struct elf_file *holder, uint32_t type,
		    struct elf_entries *ret_entries, struct fault *why)
{
	struct elf_entries entries = {};
	struct reading reading = {
		.file = file,
		.holder = holder,
		.dynamic = type == SHT_DYNSYM,
		.go = elf_file__is_go(file),
		.entries = &entries,
	};
	int err;

	err = elf_file__table(holder, type, &reading.table, why);
	if (err)
		return err;
	err = elf_entries__init(&entries, reading.table.cnt, reading.table.strings->d_size);
	if (!err)
		err = find_stubs(&reading);
	if (!err && reading.dynamic)
		err = load_versions(holder, &reading.versions);
	if (err)
		fault__set(why, err, "%s: out of memory", holder->path);
	else
		err = read_symbols(&reading, why);
	free(reading.versions.names);
	free(reading.stubs);
	if (err)
		elf_entries__free(&entries);
	else
		*ret_entries = entries;
	return err;
}
