/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding functions by name.
 *
 * The sources are asked in stages, and a later stage only when the ones before have nothing of that
 * name. In each, the name is first a symbol and then what a person may have written; a pattern is
 * tried when nothing is called so.
 */
#include "elf_search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "name_glob.h"

/* Stages, by the first and the last source of each. */
static const struct {
	enum elf_source_id first, last;
} stages[] = {
	{ ELF_SOURCE_SYMTAB, ELF_SOURCE_SYMTAB },
	/* The halves of a .symtab: a variant or an overload may be in either. */
	{ ELF_SOURCE_DYNSYM, ELF_SOURCE_DEBUGDATA },
	/* Costs the most (and, where it is allowed, a download). */
	{ ELF_SOURCE_DEBUG_FILE, ELF_SOURCE_DEBUG_FILE },
	{ ELF_SOURCE_GOPCLNTAB, ELF_SOURCE_GOPCLNTAB },
};

/* Forms that count alike: "f" is the overload f(int) as well as the template f<char>(char). */
enum { FORM_GROUP_FULL, FORM_GROUP_UNQUALIFIED, FORM_GROUP_NAME };
static const struct {
	enum written_form first, last;
} form_groups[] = {
	[FORM_GROUP_FULL] = { WRITTEN_FULL, WRITTEN_FULL },
	[FORM_GROUP_UNQUALIFIED] = { WRITTEN_UNQUALIFIED, WRITTEN_UNQUALIFIED },
	[FORM_GROUP_NAME] = { WRITTEN_NAME, WRITTEN_BARE },
};

int elf_search__add(struct elf_search *search, const struct elf_source *source,
		    const struct elf_entry *entry)
{
	struct elf_match *grown;
	size_t room = search->match_room;

	if (search->match_cnt == room) {
		room = 2 * room + 4;
		grown = reallocarray(search->matches, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		search->matches = grown;
		search->match_room = room;
	}
	search->matches[search->match_cnt++] = (struct elf_match) { source, entry };
	return 0;
}

/* ---- as a symbol ---- */

/* Notes the version that the name exists with, for the message. */
static bool refuse_version(struct elf_search *search, const char *version)
{
	struct near_miss *missed = &search->missed;

	missed->other_version = true;
	snprintf(missed->version, sizeof(missed->version), "%s", version ? version : "?");
	return false;
}

static bool version_matches(struct elf_search *search, const struct elf_entry *entry)
{
	if (!search->version)
		return entry->hidden ? refuse_version(search, entry->version) : true;
	if (!entry->version)
		return false;
	if (strcmp(entry->version, search->version) != 0 || (entry->hidden && search->default_only))
		return refuse_version(search, entry->version);
	return true;
}

/* A symbol of the right name: takes it, or remembers why not. */
static int weigh(struct elf_search *search, const struct elf_source *source,
		 const struct elf_entry *entry)
{
	struct near_miss *missed = &search->missed;

	if (entry->kind == ELF_KIND_IMPORT) {
		missed->imported = true;
		return 0;
	}
	if (!version_matches(search, entry))
		return 0;
	switch (entry->kind) {
	case ELF_KIND_FUNCTION:
		return elf_search__add(search, source, entry);
	case ELF_KIND_COLD:
		missed->cold = true;
		break;
	case ELF_KIND_IFUNC:
		missed->ifunc = true;
		break;
	case ELF_KIND_OUTSIDE:
		missed->outside = true;
		break;
	default:
		missed->data = true;
	}
	return 0;
}

/* The first entry whose name is not below the first len bytes of name followed by next. */
static size_t lower_bound(const struct elf_entries *entries, const char *name, size_t len,
			  char next)
{
	size_t low = 0, high = entries->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = entries->items[middle].name;
		int order = strncmp(other, name, len);

		if (order == 0)
			order = (unsigned char)other[len] - (unsigned char)next;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_called(const struct elf_search *search, const struct elf_entry *entry)
{
	return entry->name_len == search->name_len || entry->base_len == search->name_len;
}

/* Equal names; variants ("f.isra.0", "main.f[int]"); and what linkers give a version ("f@OLD"). */
static int search_symbols(struct elf_search *search, const struct elf_source *source)
{
	static const char after[] = { '\0', '.', '[', '@' };
	const struct elf_entries *entries = &source->entries;
	const char *name = search->name;
	size_t len = search->name_len;

	for (size_t a = 0; a < sizeof(after); a++) {
		for (size_t i = lower_bound(entries, name, len, after[a]); i < entries->cnt; i++) {
			const struct elf_entry *entry = &entries->items[i];

			if (strncmp(entry->name, name, len) != 0 || entry->name[len] != after[a])
				break;
			if (is_called(search, entry) && weigh(search, source, entry) != 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* ---- as a person writes it ---- */

static const char *written(struct elf_search *search, enum written_shape shape)
{
	if (!search->written_known) {
		search->written_known = true;
		search->written_fits = written_name__wanted(search->query->name, WRITTEN_STRICT,
							    search->written[WRITTEN_STRICT]) &&
				       written_name__wanted(search->query->name, WRITTEN_LOOSE,
							    search->written[WRITTEN_LOOSE]);
	}
	return search->written_fits ? search->written[shape] : NULL;
}

static bool form_equals(const struct elf_file *file, const struct elf_entry *entry,
			enum written_shape shape, enum written_form form, const char *text)
{
	struct written_name *name = file->index->scratch;
	const char *its;
	size_t len;

	written_name__parse(name, entry->display, shape);
	its = written_name__form(name, form, &len);
	return strlen(text) == len && memcmp(its, text, len) == 0;
}

static int search_forms(struct elf_search *search, const struct elf_source *source, size_t group)
{
	const char *text = written(search, WRITTEN_LOOSE);
	uint64_t hash = elf_name_hash(text, strlen(text));
	size_t low = 0, high = source->key_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source->keys[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < source->key_cnt && source->keys[low].hash == hash; low++) {
		const struct elf_key *key = &source->keys[low];
		const struct elf_entry *entry = &source->entries.items[key->entry];

		if (key->form < form_groups[group].first || key->form > form_groups[group].last ||
		    !form_equals(search->file, entry, WRITTEN_LOOSE, key->form, text))
			continue;
		if (elf_search__add(search, source, entry) != 0)
			return -ENOMEM;
	}
	return 0;
}

static bool is_exactly(struct elf_search *search, const struct elf_match *match, size_t group)
{
	const char *text = written(search, WRITTEN_STRICT);

	for (enum written_form form = form_groups[group].first; form <= form_groups[group].last;
	     form++) {
		if (form_equals(search->file, match->entry, WRITTEN_STRICT, form, text))
			return true;
	}
	return false;
}

/* Arguments and all, something may be called exactly so: then what is called so only with something
 * left out is not meant. */
static void prefer_exact(struct elf_search *search, size_t group)
{
	size_t kept = 0;

	for (size_t i = 0; i < search->match_cnt; i++) {
		if (is_exactly(search, &search->matches[i], group))
			search->matches[kept++] = search->matches[i];
	}
	if (kept > 0)
		search->match_cnt = kept;
}

/* Nor is what lacks something that a source leaves out but that was written all the same. */
static void prefer_mark(struct elf_search *search, const char *mark)
{
	size_t kept = 0;

	if (!strstr(search->query->name, mark))
		return;
	for (size_t i = 0; i < search->match_cnt; i++) {
		if (strstr(search->matches[i].entry->display, mark))
			search->matches[kept++] = search->matches[i];
	}
	if (kept > 0)
		search->match_cnt = kept;
}

/* ---- sources ---- */

/* The source of a stage, or NULL: it is not there. What is not in the file's own tables may be
 * spoiled and is then done without (the refusal says so). */
static int open_source(struct elf_search *search, enum elf_source_id id,
		       const struct elf_source **ret_source, struct fault *why)
{
	struct fault reason = {};
	int err;

	err = elf_index__source(search->file, id, ret_source, &reason);
	if (!err)
		return 0;
	*ret_source = NULL;
	if (err == -ENOENT || (err != -ENOMEM && id >= ELF_SOURCE_DEBUGDATA))
		return 0;
	return fault__set(why, err, "%s", reason.text);
}

static int search_stage_symbols(struct elf_search *search, size_t stage, struct fault *why)
{
	for (enum elf_source_id id = stages[stage].first; id <= stages[stage].last; id++) {
		const struct elf_source *source;
		int err;

		err = open_source(search, id, &source, why);
		if (!err && source && search_symbols(search, source) != 0)
			err = fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
		if (err)
			return err;
	}
	return 0;
}

static int search_stage_forms(struct elf_search *search, size_t stage, size_t group,
			      struct fault *why)
{
	for (enum elf_source_id id = stages[stage].first; id <= stages[stage].last; id++) {
		const struct elf_source *source;
		int err;

		err = open_source(search, id, &source, why);
		if (!err && source)
			err = elf_index__demangle(search->file, id, why);
		if (!err && source && search_forms(search, source, group) != 0)
			err = fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
		if (err)
			return err;
	}
	return 0;
}

static int search_stage(struct elf_search *search, size_t stage, struct fault *why)
{
	size_t group_cnt = sizeof(form_groups) / sizeof(form_groups[0]);
	int err;

	err = search_stage_symbols(search, stage, why);
	if (err || search->match_cnt || search->version || !written(search, WRITTEN_LOOSE))
		return err;
	for (size_t group = 0; group < group_cnt && !err && !search->match_cnt; group++) {
		err = search_stage_forms(search, stage, group, why);
		if (!err && search->match_cnt) {
			search->by_written_name = true;
			if (group < FORM_GROUP_NAME)
				prefer_exact(search, group);
			prefer_mark(search, "(anonymous namespace)");
			prefer_mark(search, "__cxx11");
			prefer_mark(search, "[abi:");
		}
	}
	return err;
}

static int search_exact(struct elf_search *search, struct fault *why)
{
	size_t stage_cnt = sizeof(stages) / sizeof(stages[0]);
	int err = 0;

	for (size_t stage = 0; stage < stage_cnt && !err && !search->match_cnt; stage++) {
		/* What the file itself says of the name is the answer. */
		if (stages[stage].first > ELF_SOURCE_DEBUGDATA && elf_search__missed(search))
			break;
		err = search_stage(search, stage, why);
	}
	return err;
}

/* ---- the result ---- */

/* By address; of the names of one address, those first that tell the size, of the preferred source,
 * the shortest. */
static int by_address(const void *a, const void *b)
{
	const struct elf_match *x = a, *y = b;

	if (x->entry->vaddr != y->entry->vaddr)
		return x->entry->vaddr < y->entry->vaddr ? -1 : 1;
	if (!x->entry->size != !y->entry->size)
		return x->entry->size ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return strcmp(x->entry->name, y->entry->name);
}

static void sort_and_merge(struct elf_search *search)
{
	struct elf_match *matches = search->matches;
	size_t kept = 0;

	if (!matches)
		return;
	qsort(matches, search->match_cnt, sizeof(*matches), by_address);
	for (size_t i = 0; i < search->match_cnt; i++) {
		if (kept == 0 || matches[kept - 1].entry->vaddr != matches[i].entry->vaddr)
			matches[kept++] = matches[i];
	}
	search->match_cnt = kept;
}

static bool is_overloaded(const struct elf_search *search)
{
	for (size_t i = 1; search->by_written_name && i < search->match_cnt; i++) {
		if (strcmp(search->matches[i].entry->display, search->matches[0].entry->display))
			return true;
	}
	return false;
}

static int give(const struct elf_search *search, struct elf_symbols *ret_symbols, struct fault *why)
{
	struct elf_symbols symbols = {
		.items = calloc(search->match_cnt, sizeof(*symbols.items)),
	};

	if (!symbols.items)
		return fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
	for (size_t i = 0; i < search->match_cnt; i++) {
		const struct elf_entry *entry = search->matches[i].entry;
		struct elf_symbol *symbol = &symbols.items[symbols.cnt++];

		*symbol = (struct elf_symbol) {
			.name = strndup(entry->name, entry->name_len),
			.display = elf_entry__display(entry),
			.table = search->matches[i].source->table,
			.vaddr = entry->vaddr,
			.size = entry->size,
		};
		if (!symbol->name || !symbol->display ||
		    elf_file__offset(search->file, entry->vaddr, &symbol->offset) != 0) {
			elf_symbols__free(&symbols);
			return fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
		}
	}
	*ret_symbols = symbols;
	return 0;
}

static int search_all(struct elf_search *search, struct fault *why)
{
	bool pattern = name_glob__is_pattern(search->query->name);
	int err;

	err = search_exact(search, why);
	if (!err && pattern && !search->match_cnt && !elf_search__missed(search)) {
		err = elf_search__pattern(search, why);
		sort_and_merge(search);
		if (!err && search->match_cnt && !search->query->many)
			return elf_search__refuse_pattern(search, search->match_cnt, why);
	}
	if (err)
		return err;
	if (!search->match_cnt)
		return elf_search__refuse(search, why);
	sort_and_merge(search);
	if (!search->query->many && is_overloaded(search))
		return elf_search__refuse_overloads(search, why);
	return 0;
}

static int search_name(struct elf_search *search, struct elf_symbols *ret_symbols,
		       struct fault *why)
{
	const char *text = search->query->name, *at = strchr(text, '@');
	int err;

	search->name_len = at ? (size_t)(at - text) : strlen(text);
	search->name = strndup(text, search->name_len);
	if (!search->name)
		return fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
	if (at) {
		search->default_only = at[1] == '@';
		search->version = at + (search->default_only ? 2 : 1);
	}
	if (!*search->name)
		return fault__set(why, -ENOENT, "%s: the name of the function is empty",
				  search->file->path);
	err = search_all(search, why);
	return err ? err : give(search, ret_symbols, why);
}

int elf_file__find(const struct elf_file *file, const struct elf_query *query,
		   struct elf_symbols *ret_symbols, struct fault *why)
{
	struct elf_search *search = calloc(1, sizeof(*search));
	int err;

	if (!search)
		return fault__set(why, -ENOMEM, "%s: out of memory", file->path);
	search->file = file;
	search->query = query;
	err = search_name(search, ret_symbols, why);
	free(search->matches);
	free(search->name);
	free(search);
	return err;
}

void elf_symbols__free(struct elf_symbols *symbols)
{
	if (!symbols)
		return;
	for (size_t i = 0; i < symbols->cnt; i++) {
		free(symbols->items[i].name);
		free(symbols->items[i].display);
	}
	free(symbols->items);
	*symbols = (struct elf_symbols) {};
}
