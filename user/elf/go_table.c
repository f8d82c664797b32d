/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The .gopclntab of an ELF file, and where its code begins.
 *
 * The section's name helps where there is one. GNU ld merges ".data.rel.ro.gopclntab" of a
 * position-independent program into .data.rel.ro, and sections may be gone altogether: then the
 * table is looked for by its first bytes.
 *
 * Where entries count from is, in this order: what the header says (in a position-independent
 * program the loader writes it there: the relocation says what); what runtime.moduledata says. It
 * is not the beginning of .text, where with cgo the C code comes first.
 */
#include "elf_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gopclntab.h"

#define WINDOW_SZ (1 << 20)
#define TABLE_ALIGN 8
/* Each candidate costs a walk over the file; what looks like a table by chance is rare. */
#define CANDIDATES_MAX 16
/* runtime.moduledata (symtab.go) begins with a pointer to the table. The lowest and highest address
 * of code, one behind the other, are its words 20 and 21 since Go 1.18: looked for, not counted on.
 */
#define MODULEDATA_WORDS 64

/* Where the table is. */
struct place {
	uint64_t vaddr, offset, sz; /* up to the end of the section, or of the segment */
};

static bool find_section(const struct elf_file *file, struct place *ret_place)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		Elf_Scn *section = elf_file__section_named(file, names[i]);
		GElf_Shdr shdr;

		if (!section || !gelf_getshdr(section, &shdr) || shdr.sh_type == SHT_NOBITS)
			continue;
		*ret_place = (struct place) { shdr.sh_addr, shdr.sh_offset, shdr.sh_size };
		return true;
	}
	return false;
}

/* The bytes of a place as the loader would leave them; the caller frees them. */
static int load_place(const struct elf_file *file, const struct place *place, uint8_t **ret_bytes)
{
	uint8_t *bytes;

	if (!elf_file__within(file, place->offset, place->sz))
		return -EBADMSG;
	bytes = malloc(place->sz ? place->sz : 1);
	if (!bytes)
		return -ENOMEM;
	if (elf_file__pread(file, bytes, place->sz, place->offset) != (ssize_t)place->sz) {
		free(bytes);
		return -EBADMSG;
	}
	elf_file__relocate(file, place->vaddr, bytes, place->sz);
	*ret_bytes = bytes;
	return 0;
}

/* Does what begins here hold together as a table? */
static bool is_table(const struct elf_file *file, const struct place *place)
{
	struct gopclntab table;
	uint8_t *bytes = NULL;
	uint64_t begin, end;
	bool is;

	if (load_place(file, place, &bytes) != 0)
		return false;
	is = gopclntab__parse(bytes, place->sz, &table, NULL) == 0 &&
	     gopclntab__span(&table, &begin, &end) == 0;
	free(bytes);
	return is;
}

static bool find_in_window(const struct elf_file *file, const struct elf_segment *segment,
			   const uint8_t *window, size_t sz, uint64_t skip, unsigned *candidates,
			   struct place *ret_place)
{
	for (size_t at = 0; at + GOPCLNTAB_HEADER_SZ <= sz; at += TABLE_ALIGN) {
		struct place place = {
			.vaddr = segment->vaddr + skip + at,
			.offset = segment->offset + skip + at,
			.sz = segment->sz - skip - at,
		};

		if (window[at + 3] != 0xff || !gopclntab_begins(window + at))
			continue;
		if (++*candidates > CANDIDATES_MAX)
			return false;
		if (!is_table(file, &place))
			continue;
		*ret_place = place;
		return true;
	}
	return false;
}

static bool find_in_segment(const struct elf_file *file, const struct elf_segment *segment,
			    unsigned *candidates, struct place *ret_place)
{
	uint8_t *window = malloc(WINDOW_SZ);
	bool found = false;

	/* Whole windows, so that no table begins across an end: a header is one aligned word. */
	for (uint64_t skip = 0; window && !found && skip < segment->sz; skip += WINDOW_SZ) {
		uint64_t left = segment->sz - skip;
		ssize_t n;

		n = elf_file__pread(file, window, left < WINDOW_SZ ? left : WINDOW_SZ,
				    segment->offset + skip);
		if (n <= 0)
			break;
		found = find_in_window(file, segment, window, (size_t)n, skip, candidates,
				       ret_place);
	}
	free(window);
	return found;
}

static bool find_by_magic(const struct elf_file *file, struct place *ret_place)
{
	unsigned candidates = 0;

	for (size_t i = 0; i < file->segment_cnt; i++) {
		if (!file->segments[i].executable &&
		    find_in_segment(file, &file->segments[i], &candidates, ret_place))
			return true;
	}
	return false;
}

bool go_table__is_there(const struct elf_file *file)
{
	struct place place;

	return find_by_magic(file, &place);
}

/* Searches a section or a segment for a moduledata of this table. */
static bool find_text_in(const struct elf_file *file, const struct place *where, uint64_t table,
			 const uint64_t span[2], uint64_t *ret_text)
{
	uint64_t *words, offset;
	uint8_t *bytes = NULL;
	bool found = false;
	size_t cnt = where->sz / sizeof(*words);

	if (load_place(file, where, &bytes) != 0)
		return false;
	words = (uint64_t *)(void *)bytes;
	for (size_t i = 0; i < cnt && !found; i++) {
		if (words[i] != table)
			continue;
		for (size_t k = i + 1; k + 1 < cnt && k < i + MODULEDATA_WORDS && !found; k++) {
			*ret_text = words[k] - span[0];
			found = words[k + 1] - words[k] == span[1] - span[0] &&
				elf_file__offset(file, words[k], &offset) == 0;
		}
	}
	free(bytes);
	return found;
}

static bool find_text(const struct elf_file *file, uint64_t table, const uint64_t span[2],
		      uint64_t *ret_text)
{
	Elf_Scn *section = elf_file__section_named(file, ".go.module");
	GElf_Shdr shdr;

	if (section && gelf_getshdr(section, &shdr) && shdr.sh_type != SHT_NOBITS) {
		struct place where = { shdr.sh_addr, shdr.sh_offset, shdr.sh_size };

		if (find_text_in(file, &where, table, span, ret_text))
			return true;
	}
	for (size_t i = 0; i < file->segment_cnt; i++) {
		const struct elf_segment *s = &file->segments[i];
		struct place where = { s->vaddr, s->offset, s->sz };

		if (!s->executable && s->writable &&
		    find_text_in(file, &where, table, span, ret_text))
			return true;
	}
	return false;
}

struct collecting {
	const struct elf_file *file;
	struct elf_entries *entries;
	uint64_t text;
	struct fault *why;
};

static int collect(void *ctx, const struct go_function *function)
{
	struct collecting *c = ctx;
	struct elf_entry *entry = &c->entries->items[c->entries->cnt];
	uint32_t len = (uint32_t)strlen(function->name);
	uint64_t offset;

	if (len == 0)
		return 0;
	*entry = (struct elf_entry) {
		.name = function->name,
		.name_len = len,
		.base_len = (uint32_t)go_base_len(function->name, len),
		.vaddr = c->text + function->entry,
		/* With what fills the gap to the next function: to cut it off by its looks would
		 * cut into instructions that end in such bytes. It is behind the last return. */
		.size = function->size,
	};
	entry->kind = elf_file__offset(c->file, entry->vaddr, &offset) == 0 ? ELF_KIND_FUNCTION
									    : ELF_KIND_OUTSIDE;
	entry->listed = entry->kind == ELF_KIND_FUNCTION;
	if (!elf_entries__take_name(c->entries, len))
		return fault__set(c->why, -EBADMSG, "its names lie upon each other");
	c->entries->cnt++;
	c->entries->function_cnt++;
	return 0;
}

/* What entries count from. */
static int choose_text(const struct elf_file *file, const struct place *place,
		       const struct gopclntab *table, uint64_t *ret_text, struct fault *why)
{
	uint64_t span[2], offset;

	*ret_text = 0;
	if (!table->relative)
		return 0;
	if (gopclntab__span(table, &span[0], &span[1]) != 0)
		return fault__set(why, -EBADMSG, "it has no functions");
	if (table->text && elf_file__offset(file, table->text + span[0], &offset) == 0) {
		*ret_text = table->text;
		return 0;
	}
	if (find_text(file, place->vaddr, span, ret_text))
		return 0;
	return fault__set(why, -EBADMSG, "nothing tells where the code begins");
}

static int read_functions(const struct elf_file *file, const struct place *place,
			  const uint8_t *bytes, struct elf_entries *entries, struct fault *why)
{
	struct collecting collecting = { .file = file, .entries = entries, .why = why };
	struct gopclntab table;
	int err;

	err = gopclntab__parse(bytes, place->sz, &table, why);
	if (!err)
		err = choose_text(file, place, &table, &collecting.text, why);
	if (!err && elf_entries__init(entries, table.function_cnt, place->sz) != 0)
		err = fault__set(why, -ENOMEM, "out of memory");
	if (!err)
		err = gopclntab__each(&table, collect, &collecting, why);
	if (!err)
		elf_entries__sort(entries);
	return err;
}

int go_table__read(const struct elf_file *file, struct elf_entries *ret_entries, void **ret_memory,
		   struct fault *why)
{
	struct elf_entries entries = {};
	uint8_t *bytes = NULL;
	struct place place;
	int err;

	if (!find_section(file, &place) && (!elf_file__is_go(file) || !find_by_magic(file, &place)))
		return -ENOENT;
	err = load_place(file, &place, &bytes);
	if (err)
		fault__set(why, err, "%s", err == -ENOMEM ? "out of memory" : "it lies outside");
	else
		err = read_functions(file, &place, bytes, &entries, why);
	if (err) {
		free(bytes);
		elf_entries__free(&entries);
		return fault__prefix(why, err, "%s: .gopclntab", file->path);
	}
	*ret_entries = entries;
	*ret_memory = bytes;
	return 0;
}
