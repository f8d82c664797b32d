/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sections of a file, and what their names tell about the language it was written in. */
#include "elf_index.h"

#include <string.h>

/* A million symbols may all name the same endless string. */
#define STRING_MAX_SZ (1 << 16)
#define SECTION_NAME_MAX_SZ 256 /* a file may have a million of them, too */

Elf_Data *elf_file__chunk(const struct elf_file *file, uint64_t offset, uint64_t sz, Elf_Type type)
{
	if (sz == 0 || !elf_file__within(file, offset, sz))
		return NULL;
	return elf_getdata_rawchunk(file->elf, (int64_t)offset, sz, type);
}

Elf_Scn *elf_file__next_section(const struct elf_file *file, Elf_Scn *section, uint32_t type)
{
	GElf_Shdr shdr;

	while ((section = elf_nextscn(file->elf, section))) {
		if (!gelf_getshdr(section, &shdr))
			return NULL;
		if (shdr.sh_type == type)
			return section;
	}
	return NULL;
}

Elf_Data *elf_file__section_data(const struct elf_file *file, Elf_Scn *section)
{
	GElf_Shdr shdr;

	if (!section || !gelf_getshdr(section, &shdr) || shdr.sh_type == SHT_NOBITS ||
	    (shdr.sh_flags & SHF_COMPRESSED) || shdr.sh_size == 0 ||
	    !elf_file__within(file, shdr.sh_offset, shdr.sh_size))
		return NULL;
	return elf_getdata(section, NULL);
}

static const char *bounded_string(const Elf_Data *strings, uint64_t offset, size_t max_sz)
{
	const char *text;
	size_t left;

	if (!strings->d_buf || offset >= strings->d_size)
		return NULL;
	text = (const char *)strings->d_buf + offset;
	left = strings->d_size - offset;
	return memchr(text, '\0', left < max_sz ? left : max_sz) ? text : NULL;
}

const char *elf_string(const Elf_Data *strings, uint64_t offset)
{
	return bounded_string(strings, offset, STRING_MAX_SZ);
}

const char *elf_file__section_name(const struct elf_file *file, Elf_Scn *section)
{
	Elf_Data *names;
	GElf_Shdr shdr;
	size_t index;

	if (elf_getshdrstrndx(file->elf, &index) != 0 || !gelf_getshdr(section, &shdr))
		return NULL;
	names = elf_file__section_data(file, elf_getscn(file->elf, index));
	return names ? bounded_string(names, shdr.sh_name, SECTION_NAME_MAX_SZ) : NULL;
}

Elf_Scn *elf_file__section_named(const struct elf_file *file, const char *name)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		const char *text = elf_file__section_name(file, section);

		if (text && strcmp(text, name) == 0)
			return section;
	}
	return NULL;
}

bool elf_file__has_section(const struct elf_file *file, const char *name)
{
	return elf_file__section_named(file, name) != NULL;
}

static bool look_for_go(const struct elf_file *file)
{
	static const char *const names[] = { ".go.buildinfo", ".gopclntab",
					     ".data.rel.ro.gopclntab", ".note.go.buildid" };
	size_t section_cnt;

	if (file->go_note)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (elf_file__has_section(file, names[i]))
			return true;
	}
	/* Where sections are gone, the runtime's own table still has to be there. */
	return elf_getshdrnum(file->elf, &section_cnt) == 0 && section_cnt == 0 &&
	       go_table__is_there(file);
}

bool elf_file__is_go(const struct elf_file *file)
{
	if (!file->index->go_known) {
		file->index->is_go = look_for_go(file);
		file->index->go_known = true;
	}
	return file->index->is_go;
}

static bool section_holds(const struct elf_file *file, const char *name, const char *text)
{
	Elf_Data *data = elf_file__section_data(file, elf_file__section_named(file, name));

	return data && data->d_buf && memmem(data->d_buf, data->d_size, text, strlen(text));
}

/* The compiler's signature, which old ones do not leave, and the places in its library that panics
 * tell of, which stripping leaves. */
static bool has_traces_of_rust(const struct elf_file *file)
{
	return section_holds(file, ".comment", "rustc version") ||
	       section_holds(file, ".rodata", "library/std/src/") ||
	       section_holds(file, ".rodata", "library/core/src/");
}

/* Legacy names end in a hash, "17h0123456789abcdefE"; v0 ones begin with "_R". */
static bool is_rust_name(const struct elf_entry *entry)
{
	static const char hash[] = "17h0123456789abcdefE";
	const char *name = entry->name;
	size_t len = entry->base_len;

	if (strncmp(name, "__rust_", 7) == 0 || strncmp(name, "__rustc", 7) == 0 ||
	    strcmp(name, "rust_eh_personality") == 0 || strcmp(name, "rust_begin_unwind") == 0)
		return true;
	if (strncmp(name, "_RN", 3) == 0 || strncmp(name, "_RI", 3) == 0)
		return true;
	return strncmp(name, "_ZN", 3) == 0 && len > sizeof(hash) && name[len - 1] == 'E' &&
	       strncmp(name + len - (sizeof(hash) - 1), hash, 3) == 0 &&
	       strspn(name + len - 17, "0123456789abcdef") == 16;
}

bool elf_file__is_rust(const struct elf_file *file)
{
	static const enum elf_source_id sources[] = { ELF_SOURCE_SYMTAB, ELF_SOURCE_DYNSYM };

	if (has_traces_of_rust(file))
		return true;
	for (size_t s = 0; s < sizeof(sources) / sizeof(sources[0]); s++) {
		const struct elf_source *source;

		if (elf_index__source(file, sources[s], &source, NULL) != 0)
			continue;
		for (size_t i = 0; i < source->entries.cnt; i++) {
			if (source->entries.items[i].kind != ELF_KIND_IMPORT &&
			    is_rust_name(&source->entries.items[i]))
				return true;
		}
	}
	return false;
}
