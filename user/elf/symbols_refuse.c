/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said when a search for a function finds none, or too many. */
#include "elf_search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plural.h"
#include "../suggest.h"

#define OVERLOADS_MAX 8
#define KEPT_MAX 256

struct text {
	char bytes[640];
	size_t len;
};

/* Appends with a separator before all but the first. False: it does not fit, and nothing was. */
static bool text__append(struct text *text, const char *separator, const char *part)
{
	int n = snprintf(text->bytes + text->len, sizeof(text->bytes) - text->len, "%s%s",
			 text->len ? separator : "", part);

	if (n < 0 || (size_t)n >= sizeof(text->bytes) - text->len) {
		text->bytes[text->len] = '\0';
		return false;
	}
	text->len += (size_t)n;
	return true;
}

static int append_soname(void *ctx, const char *soname)
{
	return !text__append(ctx, ", ", soname);
}

static int refuse_imported(const struct elf_search *search, struct fault *why)
{
	struct text needed = {};

	elf_file__each_needed(search->file, append_soname, &needed);
	return fault__set(why, -ENOENT,
			  "%s: %s is imported, not defined in this file (look in one of: %s)",
			  search->file->path, search->query->name,
			  needed.len ? needed.bytes : "the libraries that the program loads");
}

/* ---- close names ---- */

/* Names whose end is what was asked for come before those that merely look like it. */
struct closest {
	struct suggestions near;
	const char *ends[SUGGEST_MAX];
	size_t end_cnt;
	char *kept[KEPT_MAX]; /* what both point to */
	size_t kept_cnt;
};

/* "handle" for "net::Server::handle", "Server.handle" for "main.Server.handle". */
static bool is_end_of(const char *name, size_t len, const char *wanted)
{
	size_t wanted_len = strlen(wanted);

	if (len < wanted_len + 1 || memcmp(name + len - wanted_len, wanted, wanted_len) != 0)
		return false;
	return name[len - wanted_len - 1] == ':' || name[len - wanted_len - 1] == '.';
}

static char *closest__keep(struct closest *closest, const char *name, size_t len)
{
	char *kept;

	if (closest->kept_cnt == KEPT_MAX)
		return NULL;
	kept = strndup(name, len);
	if (kept)
		closest->kept[closest->kept_cnt++] = kept;
	return kept;
}

/* Would suggestions take it? Each that they take is copied. */
static bool is_near(const struct closest *closest, const char *name)
{
	size_t limit = strlen(closest->near.word) / 3;

	if (limit == 0)
		limit = 1;
	for (size_t i = 0; i < closest->near.cnt; i++) {
		if (strcmp(closest->near.names[i], name) == 0)
			return false;
	}
	if (closest->near.cnt == SUGGEST_MAX) {
		if (closest->near.distances[SUGGEST_MAX - 1] == 0)
			return false;
		limit = closest->near.distances[SUGGEST_MAX - 1] - 1;
	}
	return suggest_distance(closest->near.word, name, limit) <= limit;
}

static void closest__offer_end(struct closest *closest, const char *name, size_t len)
{
	char *kept;

	if (closest->end_cnt == SUGGEST_MAX || !is_end_of(name, len, closest->near.word))
		return;
	for (size_t i = 0; i < closest->end_cnt; i++) {
		if (strlen(closest->ends[i]) == len && memcmp(closest->ends[i], name, len) == 0)
			return;
	}
	kept = closest__keep(closest, name, len);
	if (kept)
		closest->ends[closest->end_cnt++] = kept;
}

static void closest__offer_near(struct closest *closest, const char *name, size_t len)
{
	char copy[512];
	char *kept;

	if (len >= sizeof(copy))
		return; /* nobody mistypes those by hand */
	memcpy(copy, name, len);
	copy[len] = '\0';
	kept = is_near(closest, copy) ? closest__keep(closest, copy, len) : NULL;
	if (kept)
		suggestions__offer(&closest->near, kept);
}

/* A function goes by its symbol, or by its demangled name; with arguments if those were given. */
static void offer_entry(struct closest *closest, const struct elf_file *file,
			const struct elf_entry *entry)
{
	struct written_name *name = file->index->scratch;
	bool arguments = strchr(closest->near.word, '(') != NULL;
	const char *text = entry->name;
	size_t len = strlen(entry->name);

	if (entry->kind > ELF_KIND_OUTSIDE)
		return;
	closest__offer_end(closest, text, len);
	closest__offer_near(closest, text, len);
	if (!entry->display || !entry->listed)
		return;
	written_name__parse(name, entry->display, WRITTEN_LOOSE);
	text = written_name__form(name, arguments ? WRITTEN_FULL : WRITTEN_NAME, &len);
	closest__offer_end(closest, text, len);
	closest__offer_near(closest, text, len);
}

static void find_closest(const struct elf_search *search, struct text *text)
{
	struct closest *closest = calloc(1, sizeof(*closest));
	const struct elf_index *index = search->file->index;

	if (!closest)
		return;
	closest->near.word = search->name;
	for (enum elf_source_id id = 0; id < ELF_SOURCE_CNT; id++) {
		const struct elf_entries *entries = &index->sources[id].entries;

		for (size_t i = 0; i < entries->cnt; i++)
			offer_entry(closest, search->file, &entries->items[i]);
	}
	for (size_t i = 0; i < closest->end_cnt; i++)
		text__append(text, ", ", closest->ends[i]);
	for (size_t i = 0; i < closest->near.cnt && closest->end_cnt == 0; i++)
		text__append(text, ", ", closest->near.names[i]);
	for (size_t i = 0; i < closest->kept_cnt; i++)
		free(closest->kept[i]);
	free(closest);
}

/* ---- nothing of that name ---- */

/* ".symtab (9 functions), .dynsym (2 functions) and /x.debug (30 functions)" */
static void list_searched(const struct elf_index *index, struct text *text)
{
	enum elf_source_id last = ELF_SOURCE_CNT;
	char part[320];

	for (enum elf_source_id id = 0; id < ELF_SOURCE_CNT; id++) {
		if (index->sources[id].read && !index->sources[id].err)
			last = id;
	}
	for (enum elf_source_id id = 0; id < ELF_SOURCE_CNT; id++) {
		const struct elf_source *source = &index->sources[id];

		if (!source->read || source->err)
			continue;
		snprintf(part, sizeof(part), "%s (%zu function%s)", source->table,
			 source->entries.function_cnt, plural_s(source->entries.function_cnt));
		text__append(text, id == last ? " and " : ", ", part);
	}
}

/* What could not be searched, and why. */
static void list_unread(const struct elf_index *index, struct text *text)
{
	for (enum elf_source_id id = 0; id < ELF_SOURCE_CNT; id++) {
		const struct elf_source *source = &index->sources[id];

		if (source->read && source->err && source->err != -ENOENT)
			text__append(text, "; ", source->why.text);
	}
}

static int refuse_stripped(const struct elf_search *search, const char *unread, struct fault *why)
{
	return fault__set(why, -ENOENT,
			  "%s: stripped: it has neither .symtab nor .dynsym to find %s in (use a "
			  "build that was not stripped)%s%s",
			  search->file->path, search->query->name, *unread ? "; " : "", unread);
}

static int refuse_missing(const struct elf_search *search, struct fault *why)
{
	const struct elf_index *index = search->file->index;
	struct text closest = {}, searched = {}, unread = {};
	const char *stripped = "";

	list_searched(index, &searched);
	list_unread(index, &unread);
	if (!searched.len)
		return refuse_stripped(search, unread.bytes, why);
	find_closest(search, &closest);
	if (index->sources[ELF_SOURCE_SYMTAB].err == -ENOENT &&
	    index->sources[ELF_SOURCE_DEBUG_FILE].err)
		stripped = ", the file is stripped of .symtab and no debug file of it is installed";
	return fault__set(why, -ENOENT, "%s: no function is called %s; searched %s%s%s%s%s%s%s",
			  search->file->path, search->query->name, searched.bytes, stripped,
			  unread.len ? "; " : "", unread.bytes, closest.len ? " (closest: " : "",
			  closest.bytes, closest.len ? ")" : "");
}

bool elf_search__missed(const struct elf_search *search)
{
	const struct near_miss *missed = &search->missed;

	return missed->imported || missed->ifunc || missed->data || missed->outside ||
	       missed->cold || missed->other_version;
}

int elf_search__refuse(const struct elf_search *search, struct fault *why)
{
	const struct near_miss *missed = &search->missed;
	const char *path = search->file->path, *name = search->query->name;

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
				  name, search->name, missed->version);
	return refuse_missing(search, why);
}

/* ---- too many ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int elf_search__refuse_overloads(const struct elf_search *search, struct fault *why)
{
	const char **names = calloc(search->match_cnt, sizeof(*names));
	size_t cnt = 0, listed = 0;
	struct text text = {};
	char more[40] = "";

	if (!names)
		return fault__set(why, -ENOMEM, "%s: out of memory", search->file->path);
	for (size_t i = 0; i < search->match_cnt; i++)
		names[i] = search->matches[i].entry->display;
	qsort(names, search->match_cnt, sizeof(*names), by_text);
	for (size_t i = 0; i < search->match_cnt; i++) {
		if (cnt == 0 || strcmp(names[cnt - 1], names[i]) != 0)
			names[cnt++] = names[i];
	}
	while (listed < cnt && listed < OVERLOADS_MAX && text__append(&text, "; ", names[listed]))
		listed++;
	free(names);
	if (listed < cnt)
		snprintf(more, sizeof(more), "%s%zu more", listed ? "; and " : "", cnt - listed);
	return fault__set(why, -ENOTUNIQ,
			  "%s: %s may be each of %zu functions (write one in full, or set many = "
			  "yes for all): %s%s",
			  search->file->path, search->query->name, cnt, text.bytes, more);
}

int elf_search__refuse_pattern(const struct elf_search *search, size_t cnt, struct fault *why)
{
	return fault__set(why, -ENOENT,
			  "%s: no function is called %s; as a pattern it matches %zu (many = yes "
			  "allows a pattern)",
			  search->file->path, search->query->name, cnt);
}
