/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "elf_index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug_file.h"
#include "debugdata.h"

/* Names may share strings (".symtab" has many that are equal), so that together they are longer
 * than the strings they are in; but not by much. */
#define NAME_BYTES_PER_STRING_BYTE 8
#define NAME_BYTES_PER_ENTRY 64
#define NAME_BYTES_SPARE (1 << 20)

/* ---- entries ---- */

int elf_entries__init(struct elf_entries *entries, size_t cnt, size_t strings_sz)
{
	*entries = (struct elf_entries) {
		.items = calloc(cnt + 1, sizeof(*entries->items)),
		.name_bytes_left = strings_sz * NAME_BYTES_PER_STRING_BYTE +
				   cnt * NAME_BYTES_PER_ENTRY + NAME_BYTES_SPARE,
	};
	return entries->items ? 0 : -ENOMEM;
}

void elf_entries__free(struct elf_entries *entries)
{
	free(entries->items);
	*entries = (struct elf_entries) {};
}

bool elf_entries__take_name(struct elf_entries *entries, size_t len)
{
	if (len >= entries->name_bytes_left)
		return false;
	entries->name_bytes_left -= len + 1;
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct elf_entry *x = a, *y = b;
	int order = x->name == y->name ? 0 : strcmp(x->name, y->name);

	if (order)
		return order;
	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

void elf_entries__sort(struct elf_entries *entries)
{
	qsort(entries->items, entries->cnt, sizeof(*entries->items), by_name);
}

/* ---- sources ---- */

/* A table that another file holds for this one. Takes the file over. */
static int read_table_of(const struct elf_file *file, struct elf_source *source,
			 struct elf_file *holder, struct fault *why)
{
	const char *mine = file->build_id, *its = holder->build_id;
	int err;

	source->file = holder;
	if (holder->machine != file->machine || (*mine && *its && strcmp(mine, its) != 0))
		return fault__set(why, -EBADMSG, "%s: %s belongs to another build", file->path,
				  source->table);
	err = elf_table__read(file, holder, SHT_SYMTAB, &source->entries, why);
	elf_file__close_descriptor(holder);
	return err;
}

static int read_debugdata(const struct elf_file *file, struct elf_source *source, struct fault *why)
{
	Elf_Scn *section = elf_file__section_named(file, ".gnu_debugdata");
	Elf_Data *data = elf_file__section_data(file, section);
	struct elf_file *holder = NULL;
	int err, fd = -1;

	if (!section)
		return -ENOENT;
	if (!data)
		return fault__set(why, -EBADMSG, "%s: corrupt: %s lies outside the file",
				  file->path, source->table);
	err = debugdata__unpack(data->d_buf, data->d_size, &fd, why);
	if (!err)
		err = elf_file__open_tables(fd, source->table, &holder, why);
	if (fd >= 0)
		close(fd);
	if (err)
		return fault__prefix(why, err, "%s: %s", file->path, source->table);
	return read_table_of(file, source, holder, why);
}

static int read_debug_file(const struct elf_file *file, struct elf_source *source,
			   struct fault *why)
{
	const struct debug_file_options options = { .debuginfod = file->debuginfod };
	struct elf_file *holder = NULL;
	int err;

	err = debug_file__find(file, &options, &source->path, why);
	if (err)
		return err;
	source->table = source->path;
	err = elf_file__open_tables(-1, source->path, &holder, why);
	return err ? err : read_table_of(file, source, holder, why);
}

static int read_source(const struct elf_file *file, enum elf_source_id id, struct fault *why)
{
	struct elf_source *source = &file->index->sources[id];

	switch (id) {
	case ELF_SOURCE_SYMTAB:
		source->table = ".symtab";
		return elf_table__read(file, file, SHT_SYMTAB, &source->entries, why);
	case ELF_SOURCE_DYNSYM:
		source->table = ".dynsym";
		return elf_table__read(file, file, SHT_DYNSYM, &source->entries, why);
	case ELF_SOURCE_DEBUGDATA:
		source->table = ".gnu_debugdata";
		return read_debugdata(file, source, why);
	case ELF_SOURCE_DEBUG_FILE:
		source->table = "its debug file";
		return read_debug_file(file, source, why);
	default:
		source->table = ".gopclntab";
		return go_table__read(file, &source->entries, &source->memory, why);
	}
}

static struct elf_entry *find_entry(const struct elf_source *source, const char *name,
				    uint64_t vaddr)
{
	struct elf_entry key = { .name = name, .vaddr = vaddr };

	if (!source->entries.cnt)
		return NULL;
	return bsearch(&key, source->entries.items, source->entries.cnt, sizeof(key), by_name);
}

/* Linkers other than GNU's leave no versions in .symtab: there, "f@OLD" and "f@@NEW" are two
 * functions f. The symbol of the same name and address in .dynsym tells which is hidden. */
static void complete_versions(struct elf_index *index)
{
	const struct elf_source *dynamic = &index->sources[ELF_SOURCE_DYNSYM];
	struct elf_source *full = &index->sources[ELF_SOURCE_SYMTAB];

	for (size_t i = 0; i < dynamic->entries.cnt; i++) {
		const struct elf_entry *from = &dynamic->entries.items[i];
		struct elf_entry *entry;

		if (!from->hidden || from->kind != ELF_KIND_FUNCTION)
			continue;
		entry = find_entry(full, from->name, from->vaddr);
		if (entry && !entry->version) {
			entry->version = from->version;
			entry->hidden = true;
		}
	}
}

int elf_index__source(const struct elf_file *file, enum elf_source_id id,
		      const struct elf_source **ret_source, struct fault *why)
{
	struct elf_source *source = &file->index->sources[id];

	if (!source->read) {
		source->read = true;
		source->err = read_source(file, id, &source->why);
		if (id == ELF_SOURCE_SYMTAB && !source->err &&
		    elf_file__next_section(file, NULL, SHT_GNU_verdef) &&
		    elf_index__source(file, ELF_SOURCE_DYNSYM, ret_source, NULL) == 0)
			complete_versions(file->index);
	}
	*ret_source = source;
	if (source->err && source->why.text[0])
		fault__set(why, source->err, "%s", source->why.text);
	return source->err;
}

void elf_index__free(struct elf_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < ELF_SOURCE_CNT; i++) {
		struct elf_source *source = &index->sources[i];

		elf_entries__free(&source->entries);
		free(source->keys);
		elf_file__free(source->file);
		free(source->path);
		free(source->memory);
	}
	elf_texts__free(index->texts);
	free(index->scratch);
	free(index->functions);
	free(index);
}
