/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opening DWARF that nobody vouches for.
 *
 * libdw (0.188) reads every section of debugging information when it begins, unpacking those that
 * are compressed; it trusts that strings end; and it opens what .gnu_debugaltlink names. So the
 * sum of the sizes is limited first, the tables of strings must end with NUL, strings within
 * .debug_info are checked before use, and the supplementary file is found and opened here.
 */
#include "dwarf_private.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "section.h"

#define SECTIONS_MAX_SZ ((uint64_t)1 << 30) /* of debugging information, unpacked */

static bool is_debug_name(const char *name)
{
	return strncmp(name, ".debug_", 7) == 0 || strncmp(name, ".zdebug_", 8) == 0 ||
	       strcmp(name, ".gnu_debugaltlink") == 0;
}

/* What libdw will hold in memory of this section. */
static uint64_t unpacked_size(Elf_Scn *section, const GElf_Shdr *shdr, const char *name)
{
	GElf_Chdr chdr;
	ssize_t sz;

	if (shdr->sh_type == SHT_NOBITS)
		return 0;
	if (shdr->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(section, &chdr) ? chdr.ch_size : shdr->sh_size;
	sz = name[1] == 'z' ? dwelf_scn_gnu_compressed_size(section) : -1;
	return sz < 0 ? shdr->sh_size : (uint64_t)sz;
}

static int check_sizes(const struct dwarf_file *file, struct fault *why)
{
	Elf_Scn *section = NULL;
	uint64_t sum = 0, sz;
	GElf_Shdr shdr;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names) != 0)
		return fault__set(why, -EBADMSG, "%s: corrupt section headers", file->path);
	while ((section = elf_nextscn(file->elf, section)) && gelf_getshdr(section, &shdr)) {
		const char *name = elf_strptr(file->elf, names, shdr.sh_name);

		if (!name || !is_debug_name(name))
			continue;
		sz = unpacked_size(section, &shdr, name);
		if (__builtin_add_overflow(sum, sz, &sum) || sum > SECTIONS_MAX_SZ)
			return fault__set(why, -EFBIG,
					  "%s: has more than %" PRIu64
					  " MiB of debugging information",
					  file->path, SECTIONS_MAX_SZ >> 20);
	}
	return 0;
}

static int add_strings(struct dwarf_info *info, const struct dwarf_file *file, const char *name,
		       bool ends, struct fault *why)
{
	Elf_Scn *section = elf_section_named(file->elf, name, NULL);
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	const char *bytes;

	if (!data || !data->d_buf || data->d_size == 0)
		return 0;
	bytes = data->d_buf;
	if (ends && bytes[data->d_size - 1] != '\0')
		return fault__set(why, -EBADMSG, "%s: corrupt: %s does not end with NUL",
				  file->path, name);
	info->strings[info->string_cnt++] = (struct dwarf_strings) { bytes, data->d_size };
	return 0;
}

/* The old way to mark compressed sections renames them, and libelf unpacks without renaming. */
static int add_section_strings(struct dwarf_info *info, const struct dwarf_file *file,
			       const char *name, bool ends, struct fault *why)
{
	char old[32];

	if (elf_section_named(file->elf, name, NULL))
		return add_strings(info, file, name, ends, why);
	snprintf(old, sizeof(old), ".z%s", name + 1);
	return add_strings(info, file, old, ends, why);
}

static int begin(struct dwarf_info *info, struct dwarf_file *file, struct fault *why)
{
	int err;

	err = check_sizes(file, why);
	if (err)
		return err;
	file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	if (!file->dwarf)
		return fault__set(why, -EBADMSG, "%s: its debugging information cannot be read: %s",
				  file->path, dwarf_errmsg(-1));
	err = add_section_strings(info, file, ".debug_str", true, why);
	if (!err)
		err = add_section_strings(info, file, ".debug_line_str", true, why);
	return err ? err : add_section_strings(info, file, ".debug_info", false, why);
}

static void dwarf_file__close(struct dwarf_file *file)
{
	if (file->dwarf)
		dwarf_end(file->dwarf);
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
}

static bool has_dwarf(Elf *elf)
{
	static const char *const names[] = { ".debug_info", ".zdebug_info" };
	GElf_Shdr shdr;

	for (size_t i = 0; i < 2; i++) {
		Elf_Scn *section = elf_section_named(elf, names[i], NULL);

		if (section && gelf_getshdr(section, &shdr) && shdr.sh_type != SHT_NOBITS &&
		    shdr.sh_size > 0)
			return true;
	}
	return false;
}

/* -ENOENT, without why, when the file itself has no DWARF. Through its descriptor: the path may
 * lead to another file by now. */
static int open_itself(struct dwarf_info *info, struct fault *why)
{
	const struct elf_file *elf_file = info->elf_file;
	struct dwarf_file *file = &info->file;

	file->path = strdup(elf_file__path(elf_file));
	if (!file->path)
		return fault__set(why, -ENOMEM, "%s: out of memory", elf_file__path(elf_file));
	elf_version(EV_CURRENT);
	file->elf = elf_begin(elf_file__fd(elf_file), ELF_C_READ, NULL);
	if (!file->elf)
		return fault__set(why, -EBADMSG, "%s: corrupt: %s", file->path, elf_errmsg(-1));
	return has_dwarf(file->elf) ? begin(info, file, why) : -ENOENT;
}

static int open_debug_file(struct dwarf_info *info, const struct debug_file_options *options,
			   struct fault *why)
{
	const char *path = elf_file__path(info->elf_file);
	struct dwarf_file *file = &info->file;
	int err;

	dwarf_file__close(file);
	*file = (struct dwarf_file) { .fd = -1 };
	err = debug_file__find(info->elf_file, options, &file->path, why);
	if (err)
		return fault__prefix(why, err, "no debugging information");
	err = debug_file__open(file->path, &file->fd, &file->elf, why);
	if (err)
		return err;
	if (!has_dwarf(file->elf))
		return fault__set(why, -ENOENT,
				  "%s: no debugging information, nor in its debug file %s", path,
				  file->path);
	return begin(info, file, why);
}

/* --- dwz's supplementary file ---------------------------------------------------------------- */

/* 1 when this is it, 0 when it is not there or another one. */
static int try_alt(struct dwarf_info *info, const char *path, const char *build_id,
		   struct fault *why)
{
	struct dwarf_file alt = { .fd = -1 };
	char got[BUILD_ID_HEX_SZ];
	int err;

	if (debug_file__open(path, &alt.fd, &alt.elf, NULL) != 0)
		return 0;
	debug_file__build_id(alt.elf, got);
	if (strcmp(got, build_id) != 0) {
		dwarf_file__close(&alt);
		return 0;
	}
	alt.path = strdup(path);
	err = alt.path ? begin(info, &alt, why)
		       : fault__set(why, -ENOMEM, "%s: out of memory", path);
	if (err) {
		dwarf_file__close(&alt);
		return err;
	}
	info->alt = alt;
	dwarf_setalt(info->file.dwarf, alt.dwarf);
	return 1;
}

static int try_alt_directories(struct dwarf_info *info, const struct debug_file_options *options,
			       const char *build_id, struct fault *why)
{
	const char *directory =
		options && options->directory ? options->directory : DEBUG_FILE_DIRECTORY;
	int found = 0;

	while (!found && *directory) {
		size_t len = strcspn(directory, ":");
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%.*s/.build-id/%.2s/%s.debug", (int)len,
				 directory, build_id, build_id + 2);

		if (len > 0 && n > 0 && (size_t)n < sizeof(path))
			found = try_alt(info, path, build_id, why);
		directory += len + (directory[len] == ':');
	}
	return found;
}

/* The path that the link names, from the folder of the file that has the link. */
static bool alt_path(const struct dwarf_info *info, const char *name, char *path, size_t sz)
{
	char real[PATH_MAX];
	char *slash;
	int n;

	if (*name == '/')
		return (size_t)snprintf(path, sz, "%s", name) < sz;
	if (!realpath(info->file.path, real))
		return false;
	slash = strrchr(real, '/');
	n = snprintf(path, sz, "%.*s%s", (int)(slash + 1 - real), real, name);
	return n > 0 && (size_t)n < sz;
}

/* Going on without it is fine, unless something else is where it should be: libdw would open that
 * unasked, whatever it is. */
static int open_alt(struct dwarf_info *info, const struct debug_file_options *options,
		    struct fault *why)
{
	char build_id[BUILD_ID_HEX_SZ], path[PATH_MAX];
	const unsigned char *bytes;
	const char *name;
	struct stat st;
	ssize_t sz;
	int found;

	sz = dwelf_dwarf_gnu_debugaltlink(info->file.dwarf, &name, (const void **)&bytes);
	if (sz == 0)
		return 0;
	if (sz < 2 || (size_t)sz > (sizeof(build_id) - 1) / 2)
		return fault__set(why, -EBADMSG, "%s: corrupt: .gnu_debugaltlink", info->file.path);
	for (ssize_t i = 0; i < sz; i++)
		snprintf(build_id + 2 * i, 3, "%02x", bytes[i]);
	found = try_alt_directories(info, options, build_id, why);
	if (found || !alt_path(info, name, path, sizeof(path)))
		return found < 0 ? found : 0;
	found = try_alt(info, path, build_id, why);
	if (found == 0 && lstat(path, &st) == 0)
		return fault__set(
			why, -EBADMSG,
			"%s: %s is not the supplementary debug file that it was made with",
			info->file.path, path);
	return found < 0 ? found : 0;
}

int dwarf_info__open(const struct elf_file *file, const struct debug_file_options *options,
		     struct dwarf_info **ret_info, struct fault *why)
{
	struct dwarf_info *info = calloc(1, sizeof(*info));
	int err;

	if (!info)
		return fault__set(why, -ENOMEM, "%s: out of memory", elf_file__path(file));
	info->elf_file = file;
	info->file.fd = info->alt.fd = -1;
	err = open_itself(info, why);
	if (err == -ENOENT)
		err = open_debug_file(info, options, why);
	if (!err)
		err = open_alt(info, options, why);
	if (err) {
		dwarf_info__free(info);
		return err;
	}
	*ret_info = info;
	return 0;
}

void dwarf_info__free(struct dwarf_info *info)
{
	if (!info)
		return;
	dwarf_index__free(info->index);
	dwarf_file__close(&info->file);
	dwarf_file__close(&info->alt);
	free(info);
}

const char *dwarf_info__path(const struct dwarf_info *info)
{
	return info->file.path;
}

/* --- entries --------------------------------------------------------------------------------- */

/* Whether libdw can follow this form without opening a file of its own choice. */
static bool form_is_safe(const struct dwarf_info *info, const Dwarf_Attribute *attribute)
{
	switch (attribute->form) {
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_strp_sup:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		return info->alt.dwarf && dwarf_cu_getdwarf(attribute->cu) != info->alt.dwarf;
	default:
		return true;
	}
}

bool dwarf_info__reference(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute,
			   Dwarf_Die *ret_die)
{
	Dwarf_Attribute found;

	return dwarf_attr(die, attribute, &found) && form_is_safe(info, &found) &&
	       dwarf_formref_die(&found, ret_die);
}

bool dwarf_info__attribute(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute,
			   Dwarf_Attribute *ret)
{
	Dwarf_Die at = *die, next;

	for (int i = 0; i < DWARF_CHAIN_MAX; i++) {
		if (dwarf_attr(&at, attribute, ret))
			return form_is_safe(info, ret);
		if (!dwarf_info__reference(info, &at, DW_AT_abstract_origin, &next) &&
		    !dwarf_info__reference(info, &at, DW_AT_specification, &next))
			return false;
		at = next;
	}
	return false;
}

const char *dwarf_info__string(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute found;
	const char *text;

	if (!dwarf_info__attribute(info, die, attribute, &found))
		return NULL;
	text = dwarf_formstring(&found);
	for (size_t i = 0; text && i < info->string_cnt; i++) {
		const struct dwarf_strings *strings = &info->strings[i];

		if (text < strings->at || text >= strings->at + strings->sz)
			continue;
		return memchr(text, '\0', (size_t)(strings->at + strings->sz - text)) ? text : NULL;
	}
	return NULL;
}

dwarf_key dwarf_info__key(const struct dwarf_info *info, Dwarf_Die *die)
{
	bool alt = info->alt.dwarf && dwarf_cu_getdwarf(die->cu) == info->alt.dwarf;

	return dwarf_dieoffset(die) | (alt ? DWARF_KEY_ALT : 0);
}

Dwarf_Die dwarf_info__abstract(const struct dwarf_info *info, const Dwarf_Die *die)
{
	Dwarf_Die at = *die, next;

	for (int i = 0; i < DWARF_CHAIN_MAX; i++) {
		if (!dwarf_info__reference(info, &at, DW_AT_abstract_origin, &next))
			break;
		at = next;
	}
	return at;
}

bool dwarf_entry(Dwarf_Die *die, uint64_t *ret_vaddr)
{
	Dwarf_Addr vaddr, base, end;

	/* In DWARF 5 the entry may be told as a distance from the beginning, which dwarf_entrypc
	 * does not know, or be missing, when it is the beginning. */
	if (dwarf_entrypc(die, &vaddr) != 0 && dwarf_lowpc(die, &vaddr) != 0 &&
	    dwarf_ranges(die, 0, &base, &vaddr, &end) <= 0)
		return false;
	*ret_vaddr = vaddr;
	return true;
}

bool dwarf_info__is_code(const struct dwarf_info *info, uint64_t vaddr)
{
	uint64_t offset;

	return vaddr != 0 && elf_file__offset(info->elf_file, vaddr, &offset) == 0;
}

int dwarf_info__walk(const struct dwarf_info *info, Dwarf_Die *unit,
		     int (*visit)(void *ctx, Dwarf_Die *die, unsigned depth), void *ctx,
		     struct fault *why)
{
	Dwarf_Die stack[DWARF_DEPTH_MAX];
	unsigned depth = 1;
	int more, err;

	more = dwarf_child(unit, &stack[1]);
	while (more >= 0) {
		if (more > 0) { /* no more within the entry above */
			if (--depth == 0)
				return 0;
			more = dwarf_siblingof(&stack[depth], &stack[depth]);
			continue;
		}
		err = visit(ctx, &stack[depth], depth);
		if (err < 0)
			return err;
		if (err == DWARF_SKIP || dwarf_haschildren(&stack[depth]) <= 0) {
			more = dwarf_siblingof(&stack[depth], &stack[depth]);
			continue;
		}
		if (++depth == DWARF_DEPTH_MAX)
			return fault__set(why, -EBADMSG,
					  "%s: corrupt: entries of debugging information are "
					  "nested %d deep",
					  info->file.path, DWARF_DEPTH_MAX);
		more = dwarf_child(&stack[depth - 1], &stack[depth]);
	}
	return fault__set(why, -EBADMSG, "%s: corrupt debugging information: %s", info->file.path,
			  dwarf_errmsg(-1));
}

int dwarf_info__each_unit(const struct dwarf_info *info, Dwarf *dwarf,
			  int (*each)(void *ctx, Dwarf_Die *unit), void *ctx, struct fault *why)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die unit;
	int more, err;

	while ((more = dwarf_get_units(dwarf, cu, &cu, &version, &type, &unit, NULL)) == 0) {
		if (!unit.addr ||
		    (type != DW_UT_compile && type != DW_UT_partial && type != DW_UT_skeleton))
			continue;
		err = each(ctx, &unit);
		if (err)
			return err;
	}
	return more < 0 ? fault__set(why, -EBADMSG, "%s: corrupt debugging information: %s",
				     info->file.path, dwarf_errmsg(-1))
			: 0;
}
