/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From FILE:LINE to addresses, through the line tables of all units.
 *
 * libdw decodes the table of a unit as a whole and keeps it until the end, 100 bytes and more for
 * each row, of which one byte of the file may make one. So the tables are limited in size, the rows
 * in number, and the handle they are decoded with is another one than that of the entries, thrown
 * away now and then. Of the header, libdw (0.188) believes how long it is; so that is checked here.
 */
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plural.h"
#include "../suggest.h"
#include "dwarf_private.h"
#include "section.h"

#define TABLE_MAX_SZ (16 << 20) /* of one unit; sqlite3.c's, in one file, is 0.4 MiB */
#define ROWS_AT_ONCE (4 << 20)	/* before the handle is thrown away */
#define CANDIDATES_MAX (1 << 20)

struct search {
	const struct dwarf_info *info;
	const char *wanted; /* as dwarf_source_path makes it */
	unsigned line;
	Dwarf *dwarf;
	Elf_Data *section;  /* .debug_line */
	const char *folder; /* of the unit's compilation */
	struct fault *why;

	char path[DWARF_PATH_SZ]; /* the file that was meant; "" until it is known */
	unsigned before, behind;  /* the nearest lines that have code; 0: none */
	uint64_t row_cnt;
	uint64_t range_cnt; /* looked at, to find the functions */
	size_t handle_row_cnt;
	size_t unreadable_cnt; /* units */

	struct dwarf_candidate *items;
	size_t cnt, room;
	struct suggestions closest;
};

/* --- paths ----------------------------------------------------------------------------------- */

/* Appends the parts of path to the len bytes that are there. Returns the new length, or SIZE_MAX
 * when there is no room. */
static size_t append_parts(const char *path, char *buf, size_t len)
{
	while (*path) {
		size_t part = strcspn(path, "/"), last = len;

		while (last > 0 && buf[last - 1] != '/')
			last--;
		if (part == 2 && memcmp(path, "..", 2) == 0 && last < len &&
		    (len - last != 2 || memcmp(buf + last, "..", 2) != 0)) {
			len = last > 1 ? last - 1 : last;
		} else if (part > 0 && (part != 1 || *path != '.')) {
			if (len + part + 2 > DWARF_PATH_SZ)
				return SIZE_MAX;
			if (len > 0 && buf[len - 1] != '/')
				buf[len++] = '/';
			memcpy(buf + len, path, part);
			len += part;
		}
		path += part + (path[part] == '/');
	}
	return len;
}

bool dwarf_source_path(const char *folder, const char *name, char *buf)
{
	const char *first = *name != '/' && folder ? folder : name;
	size_t len = 0;

	if (*first == '/')
		buf[len++] = '/';
	len = append_parts(first, buf, len);
	if (first != name && len != SIZE_MAX)
		len = append_parts(name, buf, len);
	if (len == SIZE_MAX)
		return false;
	buf[len] = '\0';
	return true;
}

/* Does the path end in these names? */
static bool ends_in(const char *path, const char *wanted)
{
	size_t len = strlen(path), wanted_len = strlen(wanted);

	if (wanted_len == 0 || wanted_len > len || strcmp(path + len - wanted_len, wanted) != 0)
		return false;
	return wanted_len == len || (*wanted != '/' && path[len - wanted_len - 1] == '/');
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- one table ------------------------------------------------------------------------------- */

static uint64_t read_number(const unsigned char *at, size_t sz)
{
	uint64_t number = 0;

	memcpy(&number, at, sz); /* of the machine's byte order, which is little-endian */
	return number;
}

/* Is the unit's line table small enough, and does its header keep within it? */
static bool table_is_sound(const struct search *search, uint64_t offset)
{
	const unsigned char *at;
	uint64_t left, length;
	size_t offset_sz = 4, prefix;

	if (!search->section || offset >= search->section->d_size ||
	    search->section->d_size - offset < 4)
		return false;
	at = (const unsigned char *)search->section->d_buf + offset;
	left = search->section->d_size - offset;
	if (read_number(at, 4) == 0xffffffff) {
		if (left < 12)
			return false;
		offset_sz = 8;
		at += 4;
		left -= 4;
	}
	length = read_number(at, offset_sz);
	at += offset_sz;
	left -= offset_sz;
	if (length > left || length > TABLE_MAX_SZ || length < 2)
		return false;
	/* the version; from 5 on the sizes of an address and a segment; how long the header is */
	prefix = (read_number(at, 2) >= 5 ? 4 : 2) + offset_sz;
	return length >= prefix + 8 &&
	       read_number(at + prefix - offset_sz, offset_sz) <= length - prefix;
}

static bool unit_is_sound(const struct search *search, Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Word offset;

	/* libdw takes the length of this string without asking whether it ends */
	if (dwarf_hasattr(unit, DW_AT_comp_dir) &&
	    !dwarf_info__string(search->info, unit, DW_AT_comp_dir))
		return false;
	return dwarf_attr(unit, DW_AT_stmt_list, &attribute) &&
	       dwarf_formudata(&attribute, &offset) == 0 && table_is_sound(search, offset);
}

static int add_candidate(struct search *search, Dwarf_Line *row)
{
	struct dwarf_candidate *candidate;

	if (search->cnt == search->room) {
		size_t room = 2 * search->room + 16;
		struct dwarf_candidate *items;

		if (room > CANDIDATES_MAX)
			return fault__set(
				search->why, -EFBIG, "%s: line %u of %s is in too many places",
				dwarf_info__path(search->info), search->line, search->path);
		items = reallocarray(search->items, room, sizeof(*items));
		if (!items)
			return fault__set(search->why, -ENOMEM, "%s: out of memory",
					  dwarf_info__path(search->info));
		search->items = items;
		search->room = room;
	}
	candidate = &search->items[search->cnt];
	*candidate = (struct dwarf_candidate) {};
	dwarf_linecol(row, &candidate->column);
	if (dwarf_lineaddr(row, &candidate->vaddr) == 0)
		search->cnt++;
	return 0;
}

/* A file of the right name that has code: it must be the only one. */
static int accept_file(struct search *search, const char *name)
{
	char full[DWARF_PATH_SZ];

	if (!dwarf_source_path(search->folder, name, full))
		return 0;
	if (!search->path[0])
		strcpy(search->path, full);
	if (strcmp(search->path, full) == 0)
		return 0;
	return fault__set(search->why, -EEXIST,
			  "%s: %s is more than one file: %s and %s (give more of the path)",
			  dwarf_info__path(search->info), search->wanted, search->path, full);
}

static void note_near(struct search *search, unsigned line)
{
	if (line == 0 || line == search->line)
		return;
	if (line < search->line) {
		if (line > search->before)
			search->before = line;
	} else if (!search->behind || line < search->behind) {
		search->behind = line;
	}
}

static int by_pointer(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return (x > y) - (x < y);
}

/* The rows are in order of address. A block of the line ends with a row of another one. */
static int search_rows(struct search *search, Dwarf_Lines *lines, size_t line_cnt,
		       const char *const *names, size_t name_cnt)
{
	const char *accepted = NULL;
	bool in_block = false;
	int err = 0;

	for (size_t i = 0; i < line_cnt && !err; i++) {
		Dwarf_Line *row = dwarf_onesrcline(lines, i);
		const char *name = dwarf_linesrc(row, NULL, NULL);
		bool statement = false, end = true;
		int line = 0;

		dwarf_lineendsequence(row, &end);
		dwarf_linebeginstatement(row, &statement);
		dwarf_lineno(row, &line);
		if (end || !name || !bsearch(&name, names, name_cnt, sizeof(*names), by_pointer)) {
			in_block = false;
			continue;
		}
		if (name != accepted)
			err = accept_file(search, name);
		accepted = name;
		if (statement)
			note_near(search, (unsigned)line);
		in_block &= (unsigned)line == search->line;
		if (!err && statement && (unsigned)line == search->line && !in_block) {
			err = add_candidate(search, row);
			in_block = true;
		}
	}
	return err;
}

/* The names of the unit's files that end as wanted, in order of their own addresses: libdw gives
 * the same pointer for each row of a file. */
static int search_table(struct search *search, Dwarf_Die *unit, Dwarf_Lines *lines, size_t line_cnt)
{
	const char **names;
	Dwarf_Files *files;
	size_t file_cnt, name_cnt = 0;
	int err = 0;

	if (dwarf_getsrcfiles(unit, &files, &file_cnt) != 0)
		return 0;
	names = reallocarray(NULL, file_cnt + 1, sizeof(*names));
	if (!names)
		return fault__set(search->why, -ENOMEM, "%s: out of memory",
				  dwarf_info__path(search->info));
	for (size_t i = 0; i < file_cnt; i++) {
		const char *name = dwarf_filesrc(files, i, NULL, NULL);
		char full[DWARF_PATH_SZ];

		if (name && dwarf_source_path(search->folder, name, full) &&
		    ends_in(full, search->wanted))
			names[name_cnt++] = name;
	}
	qsort(names, name_cnt, sizeof(*names), by_pointer);
	if (name_cnt)
		err = search_rows(search, lines, line_cnt, names, name_cnt);
	free(names);
	return err;
}

/* --- all tables ------------------------------------------------------------------------------ */

/* A handle of its own, which forgets what it has decoded. */
static int renew_handle(struct search *search)
{
	const struct dwarf_info *info = search->info;

	if (search->dwarf)
		dwarf_end(search->dwarf);
	search->handle_row_cnt = 0;
	search->dwarf = dwarf_begin_elf(info->file.elf, DWARF_C_READ, NULL);
	if (!search->dwarf)
		return fault__set(search->why, -ENOMEM, "%s: %s", dwarf_info__path(info),
				  dwarf_errmsg(-1));
	if (info->alt.dwarf)
		dwarf_setalt(search->dwarf, info->alt.dwarf);
	return 0;
}

static int search_unit(struct search *search, Dwarf_Die *unit)
{
	struct dwarf_candidates candidates;
	size_t line_cnt, from = search->cnt;
	Dwarf_Lines *lines;
	int err;

	if (!unit_is_sound(search, unit) || dwarf_getsrclines(unit, &lines, &line_cnt) != 0) {
		search->unreadable_cnt += dwarf_hasattr(unit, DW_AT_stmt_list);
		return 0;
	}
	/* A row takes a byte at least; units may share a table, but not this often. */
	search->row_cnt += line_cnt;
	if (search->row_cnt / 8 > search->section->d_size)
		return fault__set(search->why, -EBADMSG,
				  "%s: corrupt: the line tables of its units overlap",
				  dwarf_info__path(search->info));
	search->handle_row_cnt += line_cnt;
	search->folder = dwarf_info__string(search->info, unit, DW_AT_comp_dir);
	err = search_table(search, unit, lines, line_cnt);
	if (err || search->cnt == from)
		return err;
	candidates = (struct dwarf_candidates) {
		.info = search->info,
		.folder = search->folder,
		.path = search->path,
		.line = search->line,
		.items = search->items + from,
		.cnt = search->cnt - from,
		.range_cnt = &search->range_cnt,
	};
	return dwarf_candidates__place(&candidates, unit, search->why);
}

static int search_units(struct search *search)
{
	Dwarf_Off at = 0, next;
	size_t header_sz;
	Dwarf_Die unit;
	int more = 0, err;

	err = renew_handle(search);
	while (!err && (more = dwarf_next_unit(search->dwarf, at, &next, &header_sz, NULL, NULL,
					       NULL, NULL, NULL, NULL)) == 0) {
		if (next <= at)
			break;
		if (dwarf_offdie(search->dwarf, at + header_sz, &unit) &&
		    (dwarf_tag(&unit) == DW_TAG_compile_unit ||
		     dwarf_tag(&unit) == DW_TAG_skeleton_unit))
			err = search_unit(search, &unit);
		if (!err && search->handle_row_cnt > ROWS_AT_ONCE)
			err = renew_handle(search);
		at = next;
	}
	if (!err && more <= 0)
		err = fault__set(search->why, -EBADMSG, "%s: corrupt debugging information: %s",
				 dwarf_info__path(search->info), dwarf_errmsg(-1));
	return err;
}

static int offer_name(void *ctx, Dwarf_Die *unit)
{
	struct search *search = ctx;
	const char *name = dwarf_info__string(search->info, unit, DW_AT_name);

	if (name)
		suggestions__offer(&search->closest, file_name(name));
	return 0;
}

static int refuse_file(struct search *search)
{
	const struct dwarf_info *info = search->info;
	char names[512] = "", unread[64] = "";
	size_t used = 0;

	search->closest.word = file_name(search->wanted);
	dwarf_info__each_unit(info, info->file.dwarf, offer_name, search, NULL);
	for (size_t i = 0; i < search->closest.cnt && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 i ? ", " : " (closest: ", search->closest.names[i]);
	if (search->unreadable_cnt)
		snprintf(unread, sizeof(unread), "; the lines of %zu unit%s cannot be read",
			 search->unreadable_cnt, plural_s(search->unreadable_cnt));
	return fault__set(search->why, -ENOENT, "%s: has no code from a file called %s%s%s%s",
			  dwarf_info__path(info), search->wanted, names,
			  search->closest.cnt ? ")" : "", unread);
}

static int refuse_line(const struct search *search)
{
	const char *path = dwarf_info__path(search->info);

	if (search->before && search->behind)
		return fault__set(search->why, -ENOENT,
				  "%s: has no code from line %u of %s (the nearest lines that have "
				  "are %u and %u)",
				  path, search->line, search->path, search->before, search->behind);
	if (!search->before && !search->behind)
		return fault__set(search->why, -ENOENT,
				  "%s: has no code from line %u of %s, nor from any other", path,
				  search->line, search->path);
	return fault__set(search->why, -ENOENT,
			  "%s: has no code from line %u of %s (the nearest line that has is %u)",
			  path, search->line, search->path,
			  search->before ? search->before : search->behind);
}

static int search_line(struct search *search, uint64_t **ret_vaddrs, size_t *ret_cnt)
{
	uint64_t *vaddrs;
	int err;

	err = search_units(search);
	if (err)
		return err;
	if (!search->path[0])
		return refuse_file(search);
	search->cnt = dwarf_candidates__choose(search->info, search->items, search->cnt);
	if (!search->cnt)
		return refuse_line(search);
	vaddrs = reallocarray(NULL, search->cnt, sizeof(*vaddrs));
	if (!vaddrs)
		return fault__set(search->why, -ENOMEM, "%s: out of memory",
				  dwarf_info__path(search->info));
	for (size_t i = 0; i < search->cnt; i++)
		vaddrs[i] = search->items[i].vaddr;
	*ret_vaddrs = vaddrs;
	*ret_cnt = search->cnt;
	return 0;
}

static Elf_Data *line_section(Elf *elf)
{
	Elf_Scn *section = elf_section_named(elf, ".debug_line", NULL);

	if (!section)
		section = elf_section_named(elf, ".zdebug_line", NULL);
	return section ? elf_rawdata(section, NULL) : NULL;
}

int dwarf_info__find_line(struct dwarf_info *info, const char *file, unsigned line,
			  uint64_t **ret_vaddrs, size_t *ret_cnt, struct fault *why)
{
	struct search *search = calloc(1, sizeof(*search));
	char wanted[DWARF_PATH_SZ];
	int err;

	if (!search)
		return fault__set(why, -ENOMEM, "%s: out of memory", dwarf_info__path(info));
	*search = (struct search) {
		.info = info,
		.wanted = wanted,
		.line = line,
		.section = line_section(info->file.elf),
		.why = why,
	};
	if (!*file || !line || !dwarf_source_path(NULL, file, wanted))
		err = fault__set(why, -EINVAL, "%s:%u: no place in a source file", file, line);
	else
		err = search_line(search, ret_vaddrs, ret_cnt);
	if (search->dwarf)
		dwarf_end(search->dwarf);
	free(search->items);
	free(search);
	return err;
}
