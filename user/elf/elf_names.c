/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The index by what people write: demangled names, and the forms in which they may be given. */
#include "elf_index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Demangled names of one file. The largest programs there are (browsers) have some 100 MiB; a name
 * beyond this goes by its raw form only. */
#define TEXTS_MAX_SZ ((size_t)384 << 20)
#define TEXT_CHUNK_SZ (256 << 10)

/* Strings that live as long as the index. */
struct elf_text_chunk {
	struct elf_text_chunk *next;
	size_t used, sz;
	char bytes[];
};

void elf_texts__free(struct elf_text_chunk *texts)
{
	while (texts) {
		struct elf_text_chunk *next = texts->next;

		free(texts);
		texts = next;
	}
}

/* NULL: no memory, or too much of it. */
static char *keep_text(struct elf_index *index, const char *text, size_t len)
{
	struct elf_text_chunk *chunk = index->texts;
	char *kept;

	if (index->text_sz + len >= TEXTS_MAX_SZ)
		return NULL;
	if (!chunk || chunk->sz - chunk->used <= len) {
		size_t sz = len < TEXT_CHUNK_SZ ? TEXT_CHUNK_SZ : len + 1;

		chunk = malloc(sizeof(*chunk) + sz);
		if (!chunk)
			return NULL;
		chunk->next = index->texts;
		chunk->used = 0;
		chunk->sz = sz;
		index->texts = chunk;
	}
	kept = chunk->bytes + chunk->used;
	memcpy(kept, text, len);
	kept[len] = '\0';
	chunk->used += len + 1;
	index->text_sz += len + 1;
	return kept;
}

uint64_t elf_name_hash(const char *text, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* A key for each form that differs from the form before. */
static void add_keys(struct elf_source *source, uint32_t entry, const struct written_name *name)
{
	size_t before = SIZE_MAX;

	for (uint32_t form = 0; form < WRITTEN_FORM_CNT; form++) {
		size_t len;
		const char *text = written_name__form(name, form, &len);

		if (len == before)
			continue;
		before = len;
		source->keys[source->key_cnt++] = (struct elf_key) {
			.hash = elf_name_hash(text, len),
			.entry = entry,
			.form = form,
		};
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct elf_key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

static void demangle_entry(struct elf_index *index, struct elf_source *source, uint32_t i,
			   char buf[DEMANGLED_SZ])
{
	struct elf_entry *entry = &source->entries.items[i];
	size_t len;

	if (entry->kind != ELF_KIND_FUNCTION)
		return;
	len = demangle(entry->name, entry->base_len, buf);
	entry->display = len ? keep_text(index, buf, len) : NULL;
	/* A thunk or a part is no function that a person has written. */
	if (!entry->display || !entry->listed)
		return;
	written_name__parse(index->scratch, entry->display, WRITTEN_LOOSE);
	add_keys(source, i, index->scratch);
}

static size_t count_mangled(const struct elf_entries *entries)
{
	size_t cnt = 0;

	for (size_t i = 0; i < entries->cnt; i++)
		cnt += demangle_is_mangled(entries->items[i].name);
	return cnt;
}

int elf_index__demangle(const struct elf_file *file, enum elf_source_id id, struct fault *why)
{
	struct elf_index *index = file->index;
	struct elf_source *source = &index->sources[id];
	char buf[DEMANGLED_SZ];
	size_t cnt;

	if (source->keys)
		return 0;
	cnt = count_mangled(&source->entries);
	if (!index->scratch)
		index->scratch = malloc(sizeof(*index->scratch));
	source->keys = calloc(cnt * WRITTEN_FORM_CNT + 1, sizeof(*source->keys));
	if (!index->scratch || !source->keys)
		return fault__set(why, -ENOMEM, "%s: out of memory", file->path);
	for (uint32_t i = 0; i < source->entries.cnt && cnt > 0; i++) {
		if (demangle_is_mangled(source->entries.items[i].name))
			demangle_entry(index, source, i, buf);
	}
	qsort(source->keys, source->key_cnt, sizeof(*source->keys), by_hash);
	return 0;
}

char *elf_entry__display(const struct elf_entry *entry)
{
	const char *suffix = entry->name + entry->base_len, *text = entry->display;
	int suffix_len = (int)(entry->name_len - entry->base_len), n;
	char buf[DEMANGLED_SZ], *display;

	if (!text && demangle(entry->name, entry->base_len, buf))
		text = buf;
	if (text && suffix_len > 0)
		n = asprintf(&display, "%s [clone %.*s]", text, suffix_len, suffix);
	else if (text)
		n = asprintf(&display, "%s", text);
	else if (entry->hidden && entry->version)
		n = asprintf(&display, "%.*s@%s", (int)entry->name_len, entry->name,
			     entry->version);
	else
		n = asprintf(&display, "%.*s", (int)entry->name_len, entry->name);
	return n < 0 ? NULL : display;
}

static char *keep_display(struct elf_index *index, const struct elf_entry *entry)
{
	char *display, *kept;

	if (entry->display && entry->base_len == entry->name_len)
		return (char *)entry->display;
	display = elf_entry__display(entry);
	kept = display ? keep_text(index, display, strlen(display)) : NULL;
	free(display);
	return kept;
}

int elf_index__symbol(const struct elf_file *file, const struct elf_source *source,
		      const struct elf_entry *entry, struct elf_symbol *ret_symbol)
{
	struct elf_symbol symbol = {
		.name = (char *)entry->name,
		.table = source->table,
		.vaddr = entry->vaddr,
		.size = entry->size,
	};

	if (elf_file__offset(file, entry->vaddr, &symbol.offset) != 0)
		return -ERANGE;
	if (entry->name[entry->name_len])
		symbol.name = keep_text(file->index, entry->name, entry->name_len);
	if (!symbol.name)
		return -ENOMEM;
	if (demangle_is_mangled(entry->name) || entry->hidden)
		symbol.display = keep_display(file->index, entry);
	if (!symbol.display)
		symbol.display = symbol.name;
	*ret_symbol = symbol;
	return 0;
}
