/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All functions of one file, from every place that names them; for symbols.c, functions.c and what
 * reads those places. Nobody else includes it.
 *
 * A source is read when it is first asked for and stays. Its entries point into the tables they
 * came from, whose file it keeps open. Whatever the source, an address is one of the file that
 * gets probed, and was checked against its executable segments.
 */
#ifndef TACHO_USER_ELF_INDEX_H
#define TACHO_USER_ELF_INDEX_H

#include "elf_private.h"

#include "written_name.h"

/* In the order of preference. */
enum elf_source_id {
	ELF_SOURCE_SYMTAB,
	ELF_SOURCE_DYNSYM,
	ELF_SOURCE_DEBUGDATA,
	ELF_SOURCE_DEBUG_FILE,
	ELF_SOURCE_GOPCLNTAB,
	ELF_SOURCE_CNT,
};

enum elf_kind {
	ELF_KIND_FUNCTION,
	ELF_KIND_OUTSIDE, /* a function in no executable segment */
	ELF_KIND_COLD,	  /* the seldom-run part of a function */
	ELF_KIND_IFUNC,
	ELF_KIND_DATA,
	ELF_KIND_IMPORT,
};

struct elf_entry {
	const char *name;    /* as the table has it, with the version that linkers leave there */
	const char *version; /* NULL: none, or one that has no name */
	const char *display; /* demangled; NULL: not mangled, or elf_source__demangle is to come */
	uint64_t vaddr;
	uint64_t size;
	uint32_t name_len; /* without a version */
	uint32_t base_len; /* nor the suffix of a variant that is entered in the function's place */
	uint8_t kind;
	bool local;
	bool untyped; /* a label of hand-written assembly */
	bool hidden;  /* not the default version */
	bool listed;  /* a function of the source code: in lists and for patterns */
};

/* A growing table of entries, and how much it may yet hold. */
struct elf_entries {
	struct elf_entry *items;
	size_t cnt;
	size_t function_cnt; /* those one could have meant */
	size_t name_bytes_left;
};

/* Where to find an entry by what a person writes: the hash of one form of its name. */
struct elf_key {
	uint64_t hash;
	uint32_t entry;
	uint32_t form; /* enum written_form */
};

struct elf_source {
	const char *table;	    /* for messages */
	struct elf_entries entries; /* ascending by name */
	struct elf_key *keys;	    /* ascending by hash; NULL: elf_source__demangle is to come */
	size_t key_cnt;
	struct elf_file *file; /* another one that holds the table, or NULL */
	char *path;	       /* its path, if it has one: what table points to */
	void *memory;	       /* where names are that are not in a file's tables */
	bool read;
	int err; /* what reading it came to; -ENOENT: there is no such table */
	struct fault why;
};

/* The best of the names of one address. */
struct elf_function {
	struct elf_symbol symbol; /* its strings are in the tables and in texts */
	uint64_t reach;		  /* where the last of the functions up to this one ends */
	bool listed;
};

struct elf_text_chunk;

struct elf_index {
	struct elf_source sources[ELF_SOURCE_CNT];
	struct elf_text_chunk *texts; /* demangled names, and names cut from their versions */
	size_t text_sz;
	struct written_name *scratch;
	bool go_known, is_go;

	/* Every function once, ascending by address; NULL: not built yet. */
	struct elf_function *functions;
	size_t function_cnt;
	int unread; /* the first error of a table within the file: functions lacks what it has */
	struct fault unread_why;
};

/* Reads the source unless that was done. Its err (again, if it failed before), with why. */
int elf_index__source(const struct elf_file *file, enum elf_source_id id,
		      const struct elf_source **ret_source, struct fault *why);

/* Gives its entries their display and builds its keys, unless that was done. */
int elf_index__demangle(const struct elf_file *file, enum elf_source_id id, struct fault *why);

/* Builds functions, unless that was done; from what can be read. unread, with why; -ENOMEM. */
int elf_index__functions(const struct elf_file *file, struct fault *why);

/* What an entry is called in messages: "ns::f(int) [clone .constprop.0]", as other tools write it,
 * "f@OLD" where only the version tells it from another. The caller frees it; NULL: no memory. */
char *elf_entry__display(const struct elf_entry *entry);

/* The symbol of an entry, its strings borrowed from the file. -ENOMEM. */
int elf_index__symbol(const struct elf_file *file, const struct elf_source *source,
		      const struct elf_entry *entry, struct elf_symbol *ret_symbol);

void elf_index__free(struct elf_index *index);
void elf_texts__free(struct elf_text_chunk *texts);

/* FNV-1a, over a form of a name. */
uint64_t elf_name_hash(const char *text, size_t len);

/* ---- what the sources are read with ---- */

/* Reads a symbol table (SHT_SYMTAB, SHT_DYNSYM) that holder has of file; often they are one. */
int elf_table__read(const struct elf_file *file, const struct elf_file *holder, uint32_t type,
		    struct elf_entries *ret_entries, struct fault *why);

/* Reads the functions of a Go program from its .gopclntab; their names are in *ret_memory. -ENOENT
 * when there is none. */
int go_table__read(const struct elf_file *file, struct elf_entries *ret_entries, void **ret_memory,
		   struct fault *why);

/* Is there a .gopclntab that can be found without section headers? Reads the whole file. */
bool go_table__is_there(const struct elf_file *file);

/*
 * Makes room for cnt entries whose names may have strings_sz bytes of strings; overlapping ones
 * (a name may end another, and many may be one) are read up to a multiple of that.
 */
int elf_entries__init(struct elf_entries *entries, size_t cnt, size_t strings_sz);
void elf_entries__free(struct elf_entries *entries);

/* Accounts for a name that is kept. False: the names overlap beyond all reason. */
bool elf_entries__take_name(struct elf_entries *entries, size_t len);

/* Ascending by name. */
void elf_entries__sort(struct elf_entries *entries);

/* ---- names that compilers give to parts and variants of a function ---- */

/* Length of the name without the suffix of a variant that is entered in the function's place;
 * numbers alone count as such a suffix if numbered. */
size_t elf_base_len(const char *name, size_t len, bool numbered);

/* Length of the name of a Go function without type arguments at its end: "main.apply[int]" is what
 * a source calls main.apply. */
size_t go_base_len(const char *name, size_t len);

/* "f.part.0", which does part of the work of f. */
bool elf_is_part(const char *name, size_t len);

#endif
