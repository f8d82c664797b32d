/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "debug_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "debuginfod.h"
#include "elf_private.h"
#include "section.h"

#define FILE_MAX_SZ ((off_t)4 << 30) /* libxul's, the largest that Debian has, is a third of it */
#define NOTES_MAX_SZ (1 << 20)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_ORDER ELFDATA2LSB
#else
#define HOST_ORDER ELFDATA2MSB
#endif

/* --- one file -------------------------------------------------------------------------------- */

/* libelf sizes its array of sections by what the header claims. */
static bool sections_within(int fd, const Elf64_Ehdr *ehdr, uint64_t sz)
{
	uint64_t count = ehdr->e_shnum;
	Elf64_Shdr first;

	if (ehdr->e_shoff == 0 || ehdr->e_shentsize != sizeof(first) || ehdr->e_shoff > sz ||
	    sz - ehdr->e_shoff < sizeof(first))
		return false;
	if (pread(fd, &first, sizeof(first), (off_t)ehdr->e_shoff) != sizeof(first))
		return false;
	if (count == 0)
		count = first.sh_size; /* gABI, "Extended Numbering" */
	return count <= (sz - ehdr->e_shoff) / sizeof(first);
}

static int check_header(int fd, uint64_t sz, const char *path, struct fault *why)
{
	Elf64_Ehdr ehdr;

	if (pread(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr) ||
	    memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != HOST_ORDER)
		return fault__set(why, -ENOEXEC, "%s: not a 64-bit ELF file of this byte order",
				  path);
	if (!sections_within(fd, &ehdr, sz))
		return fault__set(why, -ENOEXEC, "%s: cut short: its section headers are missing",
				  path);
	return 0;
}

/* stat comes first because merely opening some devices does something. */
static int open_regular(const char *path, int *ret_fd, struct stat *st, struct fault *why)
{
	int fd, err;

	if (stat(path, st) != 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", path, strerror(-err));
	}
	if (!S_ISREG(st->st_mode))
		return fault__set(why, -EINVAL, "%s: not a regular file", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", path, strerror(-err));
	}
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
		err = fault__set(why, -EINVAL, "%s: not a regular file", path);
	else if (st->st_size > FILE_MAX_SZ)
		err = fault__set(why, -EFBIG, "%s: larger than 4 GiB", path);
	else
		err = 0;
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

int debug_file__open(const char *path, int *ret_fd, Elf **ret_elf, struct fault *why)
{
	struct stat st;
	int fd = -1, err;
	Elf *elf;

	err = open_regular(path, &fd, &st, why);
	if (err)
		return err;
	err = check_header(fd, (uint64_t)st.st_size, path, why);
	if (err) {
		close(fd);
		return err;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf) {
		close(fd);
		return fault__set(why, -ENOEXEC, "%s: corrupt: %s", path, elf_errmsg(-1));
	}
	*ret_fd = fd;
	*ret_elf = elf;
	return 0;
}

/* True when the note was there. */
static bool build_id_of_notes(Elf_Data *data, char *ret_hex)
{
	size_t at = 0, next, name_offset, desc_offset;
	GElf_Nhdr note;

	while ((next = gelf_getnote(data, at, &note, &name_offset, &desc_offset)) > at) {
		const unsigned char *bytes = data->d_buf;

		at = next;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp(bytes + name_offset, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz > (BUILD_ID_HEX_SZ - 1) / 2)
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			snprintf(ret_hex + 2 * i, 3, "%02x", bytes[desc_offset + i]);
		return true;
	}
	return false;
}

/* Through the sections: the program headers of a debug file describe the file it was taken from. */
void debug_file__build_id(Elf *elf, char *ret_hex)
{
	Elf_Scn *section = NULL;
	GElf_Shdr shdr;

	*ret_hex = '\0';
	while ((section = elf_nextscn(elf, section)) && gelf_getshdr(section, &shdr)) {
		Elf_Data *data;

		if (shdr.sh_type != SHT_NOTE || shdr.sh_size > NOTES_MAX_SZ)
			continue;
		data = elf_getdata(section, NULL);
		if (data && data->d_buf && build_id_of_notes(data, ret_hex))
			return;
	}
}

static int checksum(int fd, uint32_t *ret_crc)
{
	unsigned char buf[1 << 16];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t sz;

	while (at <= FILE_MAX_SZ) {
		sz = pread(fd, buf, sizeof(buf), at);
		if (sz < 0 && errno == EINTR)
			continue;
		if (sz < 0)
			return -errno;
		if (sz == 0)
			break;
		crc = crc32(crc, buf, (uInt)sz);
		at += sz;
	}
	*ret_crc = (uint32_t)crc;
	return 0;
}

/* --- the search ------------------------------------------------------------------------------ */

struct search {
	const struct elf_file *file;
	const char *directories;
	char *found;
	struct fault other_build; /* the first one of another build */
	char tried[768];
	size_t tried_len;
};

/* Adds one place to the list, with what was wrong if it was not just missing. */
static void note_tried(struct search *search, const char *place, const char *problem)
{
	size_t room = sizeof(search->tried) - search->tried_len;
	int n = snprintf(search->tried + search->tried_len, room, "%s%s%s%s%s",
			 search->tried_len ? ", " : "", place, problem ? " (" : "",
			 problem ? problem : "", problem ? ")" : "");

	if (n < 0 || (size_t)n >= room)
		search->tried[search->tried_len] = '\0';
	else
		search->tried_len += (size_t)n;
}

static bool is_same_file(const struct search *search, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == elf_file__dev(search->file) &&
	       st.st_ino == elf_file__ino(search->file);
}

/* The first is the likeliest to be what the user expects to be found. */
static int refuse_build(struct search *search, const char *path, const char *what, const char *got,
			const char *wanted)
{
	if (search->other_build.text[0])
		return -EBADMSG;
	return fault__set(&search->other_build, -EBADMSG,
			  "%s: the debug file %s belongs to another build (%s %s, not %s)",
			  elf_file__path(search->file), path, what, got, wanted);
}

/* crc: what the debuglink tells; NULL for a file that is there for its build-id. */
static int check_candidate(struct search *search, const char *path, int fd, Elf *elf,
			   const uint32_t *crc)
{
	const char *wanted = elf_file__build_id(search->file);
	char build_id[BUILD_ID_HEX_SZ], got_text[16], wanted_text[16];
	uint32_t got;
	int err;

	debug_file__build_id(elf, build_id);
	if ((!crc || (*wanted && *build_id)) && strcmp(wanted, build_id) != 0)
		return refuse_build(search, path, "its build-id is",
				    *build_id ? build_id : "missing", wanted);
	if (!crc)
		return 0;
	err = checksum(fd, &got);
	if (err) {
		note_tried(search, path, strerror(-err));
		return err;
	}
	if (got == *crc)
		return 0;
	snprintf(got_text, sizeof(got_text), "%08x", got);
	snprintf(wanted_text, sizeof(wanted_text), "%08x", *crc);
	return refuse_build(search, path, "its CRC is", got_text, wanted_text);
}

/* What does not fit is noted, and the search goes on; only a lack of memory ends it. */
static int try_path(struct search *search, const char *path, const uint32_t *crc)
{
	struct fault problem = {};
	size_t prefix = strlen(path) + strlen(": ");
	Elf *elf;
	int fd, err;

	if (search->found)
		return 0;
	err = debug_file__open(path, &fd, &elf, &problem);
	if (err) {
		bool missing = err == -ENOENT || err == -ENOTDIR;

		note_tried(search, path,
			   missing || strlen(problem.text) < prefix ? NULL : problem.text + prefix);
		return 0;
	}
	if (is_same_file(search, fd)) {
		note_tried(search, path, "that is the file itself");
	} else if (check_candidate(search, path, fd, elf, crc) == 0) {
		search->found = strdup(path);
		err = search->found ? 0 : -ENOMEM;
	}
	elf_end(elf);
	close(fd);
	return err;
}

/* Calls try_path with D + rest for every D. */
static int try_directories(struct search *search, const char *rest, const uint32_t *crc)
{
	const char *directory = search->directories;
	int err = 0;

	while (!err && *directory) {
		size_t len = strcspn(directory, ":");
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%.*s%s", (int)len, directory, rest);

		if (len > 0 && n > 0 && (size_t)n < sizeof(path))
			err = try_path(search, path, crc);
		directory += len + (directory[len] == ':');
	}
	return err;
}

static int try_build_id(struct search *search)
{
	const char *build_id = elf_file__build_id(search->file);
	char rest[BUILD_ID_HEX_SZ + sizeof("/.build-id//.debug")];

	if (strlen(build_id) <= 2)
		return 0;
	snprintf(rest, sizeof(rest), "/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	return try_directories(search, rest, NULL);
}

/* False when there is none. The name is the file's. */
static bool read_debuglink(const struct elf_file *file, const char **ret_name, uint32_t *ret_crc)
{
	Elf_Data *data =
		elf_file__section_data(file, elf_section_named(file->elf, ".gnu_debuglink", NULL));
	const char *nul;
	size_t crc_at;

	if (!data || !data->d_buf)
		return false;
	nul = memchr(data->d_buf, '\0', data->d_size);
	if (!nul)
		return false;
	crc_at = ((size_t)(nul - (const char *)data->d_buf) + 1 + 3) & ~(size_t)3;
	if (crc_at > data->d_size || data->d_size - crc_at < sizeof(*ret_crc))
		return false;
	memcpy(ret_crc, (const char *)data->d_buf + crc_at, sizeof(*ret_crc));
	*ret_name = data->d_buf;
	return true;
}

/* Beside the file, in .debug there, and in D/<folder>. */
static int try_folder(struct search *search, const char *folder, const char *name,
		      const uint32_t *crc)
{
	static const char *const between[] = { "/", "/.debug/" };
	char path[PATH_MAX];
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		int n = snprintf(path, sizeof(path), "%s%s%s", folder, between[i], name);

		if (n > 0 && (size_t)n < sizeof(path))
			err = try_path(search, path, crc);
	}
	if (!err && (*folder == '/' || !*folder) &&
	    snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path))
		err = try_directories(search, path, crc);
	return err;
}

/* The folder of the path, without its last slash ("." and "" for what is in / or here). */
static void cut_to_folder(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	else
		strcpy(path, "."); /* a path without a slash has at least one character */
}

static int try_debuglink(struct search *search)
{
	char given[PATH_MAX], real[PATH_MAX];
	const char *name;
	uint32_t crc;
	int err = 0;

	if (search->found || !read_debuglink(search->file, &name, &crc))
		return 0;
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		note_tried(search, name, ".gnu_debuglink names no file but a path: not followed");
		return 0;
	}
	if (realpath(elf_file__path(search->file), real)) {
		cut_to_folder(real);
		err = try_folder(search, real, name, &crc);
	} else {
		*real = '\0';
	}
	if (err || search->found || strlen(elf_file__path(search->file)) >= sizeof(given))
		return err;
	strcpy(given, elf_file__path(search->file));
	cut_to_folder(given);
	/* a debug file may be kept under the name that a symbolic link gives the folder */
	return strcmp(given, real) == 0 ? 0 : try_folder(search, given, name, &crc);
}

static int try_servers(struct search *search)
{
	struct fault problem = {};
	char *path = NULL;
	int err;

	if (search->found || !*elf_file__build_id(search->file))
		return 0;
	err = debuginfod__find(elf_file__build_id(search->file), &path, &problem);
	if (err) {
		note_tried(search, problem.text, NULL);
		return err == -ENOMEM ? err : 0;
	}
	err = try_path(search, path, NULL);
	free(path);
	return err;
}

static int refuse(const struct search *search, struct fault *why)
{
	const char *path = elf_file__path(search->file);

	if (search->other_build.text[0])
		return fault__set(why, -EBADMSG, "%s", search->other_build.text);
	if (!search->tried_len)
		return fault__set(why, -ENOENT,
				  "%s: has neither a build-id nor .gnu_debuglink to find a debug "
				  "file by",
				  path);
	return fault__set(why, -ENOENT, "%s: no debug file; tried %s", path, search->tried);
}

int debug_file__find(const struct elf_file *file, const struct debug_file_options *options,
		     char **ret_path, struct fault *why)
{
	struct search search = {
		.file = file,
		.directories =
			options && options->directory ? options->directory : DEBUG_FILE_DIRECTORY,
	};
	int err;

	err = try_build_id(&search);
	if (!err)
		err = try_debuglink(&search);
	if (!err && options && options->debuginfod)
		err = try_servers(&search);
	if (err)
		return fault__set(why, err, "%s: out of memory", elf_file__path(file));
	if (!search.found)
		return refuse(&search, why);
	*ret_path = search.found;
	return 0;
}
