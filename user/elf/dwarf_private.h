/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files dwarf*.c share; nobody else includes it. */
#ifndef TACHO_USER_DWARF_PRIVATE_H
#define TACHO_USER_DWARF_PRIVATE_H

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "dwarf.h"

#define DWARF_DEPTH_MAX 128 /* of entries within entries; libxul has 40 */
#define DWARF_PATH_SZ 4096
#define DWARF_CHAIN_MAX 16 /* of references to references; libdw follows as many */

/* One ELF file with its DWARF. */
struct dwarf_file {
	char *path;
	int fd;
	Elf *elf;
	Dwarf *dwarf;
};

/* Bytes that strings may lie in, ending with NUL but for .debug_info. */
struct dwarf_strings {
	const char *at;
	size_t sz;
};

/* Where an abstract function is: unique in both files. Its upper bit is set in dwz's file. */
typedef uint64_t dwarf_key;
#define DWARF_KEY_ALT ((dwarf_key)1 << 63)

struct dwarf_info {
	const struct elf_file *elf_file;
	struct dwarf_file file;
	struct dwarf_file alt; /* dwz's; its dwarf is NULL when there is none */
	struct dwarf_strings strings[6];
	size_t string_cnt;
	struct dwarf_index *index; /* NULL until it is needed */
};

/* The entry that an attribute refers to. */
bool dwarf_info__reference(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute,
			   Dwarf_Die *ret_die);

/* An attribute of the entry, or of the one it is an instance or definition of. */
bool dwarf_info__attribute(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute,
			   Dwarf_Attribute *ret);

/* Its string, known to end; NULL if there is none. */
const char *dwarf_info__string(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute);

dwarf_key dwarf_info__key(const struct dwarf_info *info, Dwarf_Die *die);

/* The entry at the end of the chain of abstract origins: what all copies and clones share. */
Dwarf_Die dwarf_info__abstract(const struct dwarf_info *info, const Dwarf_Die *die);

/* Address of the first instruction of a function or an inlined copy; false when it has no code. */
bool dwarf_entry(Dwarf_Die *die, uint64_t *ret_vaddr);

/* False for what the linker dropped: such code is at 0, or nowhere. */
bool dwarf_info__is_code(const struct dwarf_info *info, uint64_t vaddr);

/*
 * Calls visit for every entry within the unit, parents first. visit returns 0 to see what is within
 * the entry, DWARF_SKIP not to, or negative errno to end the walk. depth counts from 1 (what is
 * directly within the unit) to less than DWARF_DEPTH_MAX.
 */
#define DWARF_SKIP 1
int dwarf_info__walk(const struct dwarf_info *info, Dwarf_Die *unit,
		     int (*visit)(void *ctx, Dwarf_Die *die, unsigned depth), void *ctx,
		     struct fault *why);

/* Calls each for every compilation unit (not those of types) until it returns non-zero; returns
 * that, 0, or -EBADMSG with why. */
int dwarf_info__each_unit(const struct dwarf_info *info, Dwarf *dwarf,
			  int (*each)(void *ctx, Dwarf_Die *unit), void *ctx, struct fault *why);

/* The entry of the function that begins at vaddr. -ENOENT with why. */
int dwarf_info__function_at(struct dwarf_info *info, uint64_t vaddr, Dwarf_Die *ret_die,
			    struct fault *why);

/* The whole path of a source file: from the folder of the compilation (NULL: not told), and without
 * "//", "." and, where a folder is before it, "..". buf has DWARF_PATH_SZ bytes; false when that is
 * too small. */
bool dwarf_source_path(const char *folder, const char *name, char *buf);

/* The type that the entry of a function or an argument has. -ENOENT when it cannot be read. */
int dwarf_info__describe(const struct dwarf_info *info, Dwarf_Die *die,
			 struct dwarf_type *ret_type);

/* --- the places of a line (dwarf_candidates.c) ----------------------------------------------- */

/* Where a statement of the line begins. */
struct dwarf_candidate {
	uint64_t vaddr;
	int column;	    /* in the source; 0: not told */
	Dwarf_Off function; /* or inlined copy that the line is in; 0: not told */
	bool owned;	    /* sure of that: it is the one that the source has the line in */
	bool seldom;	    /* not in the part of the function where its entry is */
	bool dropped;	    /* the function was, by the linker */
};

/* The candidates of one unit for the line of the file (the whole path). */
struct dwarf_candidates {
	const struct dwarf_info *info;
	const char *folder; /* of the unit's compilation */
	const char *path;
	unsigned line;
	struct dwarf_candidate *items;
	size_t cnt;
	uint64_t *range_cnt; /* what was looked at so far, in all units */
};

/* Fills in the rest, and puts them in order of address. */
int dwarf_candidates__place(struct dwarf_candidates *candidates, Dwarf_Die *unit,
			    struct fault *why);

/* Keeps those that the rule (dwarf.h) wants, by address. Returns how many. */
size_t dwarf_candidates__choose(const struct dwarf_info *info, struct dwarf_candidate *items,
				size_t cnt);

/* --- the index of functions (dwarf_index.c) -------------------------------------------------- */

/* An inlined copy. */
struct dwarf_copy {
	uint64_t function; /* its key; when all are known, the number of its group */
	uint64_t vaddr;
	uint32_t unit;
};

struct dwarf_instance {
	uint64_t vaddr;
	uint64_t function; /* likewise */
	dwarf_key key;
};

/* An abstract function. */
struct dwarf_function {
	dwarf_key key;
	const char *symbol; /* the linker's name; or the source's, if the linker has no other */
	bool external;
	uint32_t group; /* the number of the group's first function; the counts are there */
	uint32_t copy_cnt;
	uint32_t instance_cnt;
};

/* A namespace or class that functions are declared in. */
struct dwarf_scope {
	const char *name;
	uint32_t parent; /* 0: none */
};

/* In which scope an entry of a function is. */
struct dwarf_member {
	dwarf_key key;
	uint32_t scope;
};

struct dwarf_array {
	void *items;
	size_t cnt, room;
};

struct dwarf_index {
	int err; /* what came of building it; kept, because trying again costs as much again */
	struct fault why;
	struct dwarf_array instances; /* by address, group */
	struct dwarf_array functions; /* by key */
	struct dwarf_array scopes;    /* the first is none */
	struct dwarf_array members;   /* by key */
};

/* Makes functions of what the pass found: each abstract one once, in groups, with the counts.
 * copies (struct dwarf_copy) is put in order too. -ENOMEM without why. */
int dwarf_index__arrange(struct dwarf_index *index, const struct dwarf_info *info,
			 struct dwarf_array *copies);

/* Builds the index if it is not there yet. */
int dwarf_info__index(struct dwarf_info *info, struct dwarf_index **ret_index, struct fault *why);
void dwarf_index__free(struct dwarf_index *index);

bool dwarf_info__die_of_key(const struct dwarf_info *info, dwarf_key key, Dwarf_Die *ret_die);

/* qsort and bsearch: by a 64-bit number that comes first in each item. */
int dwarf_by_number(const void *a, const void *b);

#endif
