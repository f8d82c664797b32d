/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding functions by a pattern over their names. */
#include "elf_search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name_glob.h"

static bool form_matches(const struct elf_file *file, const char *pattern, enum written_shape shape,
			 const char *display)
{
	struct written_name *name = file->index->scratch;

	written_name__parse(name, display, shape);
	if (name_glob__match(pattern, name->text))
		return true;
	name->text[name->lens[WRITTEN_NAME]] = '\0';
	return name_glob__match(pattern, name->text);
}

/* A symbol's own name, with the version where that alone tells it from another, and without the
 * suffix of a variant. */
static bool symbol_matches(const char *pattern, const struct elf_entry *entry)
{
	const char *version = entry->hidden && entry->version ? entry->version : NULL;
	bool matches;
	char *name;

	if (!entry->hidden && !entry->name[entry->name_len] &&
	    name_glob__match(pattern, entry->name))
		return true;
	if (asprintf(&name, "%.*s%s%s", (int)entry->name_len, entry->name, version ? "@" : "",
		     version ? version : "") < 0)
		return false;
	matches = name_glob__match(pattern, name);
	if (!matches && entry->base_len < entry->name_len) {
		name[entry->base_len] = '\0';
		matches = name_glob__match(pattern, name);
	}
	free(name);
	return matches;
}

/* tidy is the pattern without spaces that separate nothing. */
static bool pattern_matches(const struct elf_file *file, const char *pattern, const char *tidy,
			    const struct elf_entry *entry)
{
	if (symbol_matches(pattern, entry))
		return true;
	return entry->display && (form_matches(file, tidy, WRITTEN_STRICT, entry->display) ||
				  form_matches(file, tidy, WRITTEN_LOOSE, entry->display));
}

/* A label within a function is not to be hit by chance. */
static bool is_matchable(const struct elf_file *file, const struct elf_entry *entry)
{
	const struct elf_symbol *symbol;

	if (!entry->listed || !entry->untyped)
		return entry->listed;
	symbol = elf_file__function_at(file, entry->vaddr);
	return symbol && symbol->vaddr == entry->vaddr;
}

int elf_search__pattern(struct elf_search *search, struct fault *why)
{
	const struct elf_file *file = search->file;
	const char *pattern = search->query->name;
	char *tidy = malloc(strlen(pattern) + 1);
	int err;

	err = tidy ? elf_index__functions(file, why) : -ENOMEM;
	if (!err)
		written_name__tidy(pattern, tidy);
	for (enum elf_source_id id = 0; !err && id < ELF_SOURCE_CNT; id++) {
		const struct elf_source *source = &file->index->sources[id];

		for (size_t i = 0; i < source->entries.cnt && !err; i++) {
			const struct elf_entry *entry = &source->entries.items[i];

			if (is_matchable(file, entry) &&
			    pattern_matches(file, pattern, tidy, entry))
				err = elf_search__add(search, source, entry);
		}
	}
	free(tidy);
	return err == -ENOMEM ? fault__set(why, err, "%s: out of memory", file->path) : err;
}
