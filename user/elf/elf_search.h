/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One search for functions by name; between symbols.c, symbols_pattern.c and symbols_refuse.c. */
#ifndef TACHO_USER_ELF_SEARCH_H
#define TACHO_USER_ELF_SEARCH_H

#include "elf_index.h"

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

/* A symbol that is taken. */
struct elf_match {
	const struct elf_source *source;
	const struct elf_entry *entry;
};

struct elf_search {
	const struct elf_file *file;
	const struct elf_query *query;

	/* What was asked for, in parts. */
	char *name; /* without version */
	size_t name_len;
	const char *version; /* NULL: any that is not hidden */
	bool default_only;   /* "@@" */

	/* As a person may have written it; shape is by enum written_shape. */
	bool written_known, written_fits;
	char written[2][DEMANGLED_SZ];

	struct elf_match *matches;
	size_t match_cnt, match_room;
	struct near_miss missed;
	bool by_written_name; /* that is how the matches were found */
};

/* Takes one. -ENOMEM. */
int elf_search__add(struct elf_search *search, const struct elf_source *source,
		    const struct elf_entry *entry);

/* Takes everything that the name matches as a pattern. -ENOMEM or what reading a source came to,
 * with why. */
int elf_search__pattern(struct elf_search *search, struct fault *why);

/* Did anything of that name turn up, though nothing that can be traced? */
bool elf_search__missed(const struct elf_search *search);

/* Nothing was found: says the most useful of the reasons. Returns the error. */
int elf_search__refuse(const struct elf_search *search, struct fault *why);

/* More was found than was asked for: lists it. -ENOTUNIQ. */
int elf_search__refuse_overloads(const struct elf_search *search, struct fault *why);

/* Nothing is called so, but as a pattern it would match cnt functions. -ENOENT. */
int elf_search__refuse_pattern(const struct elf_search *search, size_t cnt, struct fault *why);

#endif
