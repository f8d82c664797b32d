/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opening an ELF file that nobody vouches for.
 *
 * The headers are checked here, with pread, before libelf sees the file: libelf sizes its section
 * array by what the header claims. libelf then reads (ELF_C_READ) instead of mapping, so that a
 * file that shrinks under us is a short read and not a SIGBUS. No section is loaded before its
 * place was compared with the size of the file.
 */
#include "elf_index.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Real files have three note segments of a few hundred bytes. */
#define NOTES_MAX_CNT 16
#define NOTES_MAX_SZ (1 << 20)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_ORDER ELFDATA2LSB
#else
#define HOST_ORDER ELFDATA2MSB
#endif

bool elf_file__within(const struct elf_file *file, uint64_t offset, uint64_t sz)
{
	return offset <= file->sz && sz <= file->sz - offset;
}

static ssize_t read_at(int fd, void *buf, size_t sz, uint64_t offset)
{
	size_t done = 0;

	while (done < sz) {
		ssize_t n = pread(fd, (char *)buf + done, sz - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int refuse_kind(const struct elf_file *file, mode_t mode, struct fault *why)
{
	if (S_ISDIR(mode))
		return fault__set(why, -EISDIR, "%s: a folder, not a program or library",
				  file->path);
	return fault__set(why, -EINVAL, "%s: not a regular file", file->path);
}

/* Who the open file is. */
static int identify(struct elf_file *file, struct fault *why)
{
	struct stat st;
	int err;

	if (fstat(file->fd, &st) != 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", file->path, strerror(-err));
	}
	if (!S_ISREG(st.st_mode))
		return refuse_kind(file, st.st_mode, why);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->sz = (uint64_t)st.st_size;
	file->changed = st.st_mtim;
	return 0;
}

/* stat comes first because merely opening some devices does something (watchdogs, tapes); the
 * second look is at what was really opened. */
static int open_path(struct elf_file *file, struct fault *why)
{
	struct stat st;
	int err;

	if (stat(file->path, &st) != 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", file->path, strerror(-err));
	}
	if (!S_ISREG(st.st_mode))
		return refuse_kind(file, st.st_mode, why);
	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", file->path, strerror(-err));
	}
	return identify(file, why);
}

static int open_duplicate(struct elf_file *file, int fd, struct fault *why)
{
	int err;

	file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (file->fd < 0) {
		err = -errno;
		return fault__set(why, err, "%s: %s", file->path, strerror(-err));
	}
	return identify(file, why);
}

/* The interpreter's line is the best hint: that program is what runs. */
static int refuse_magic(const struct elf_file *file, const char *head, size_t sz, struct fault *why)
{
	char line[128];
	size_t len = 0;

	if (sz == 0)
		return fault__set(why, -ENOEXEC, "%s: an empty file", file->path);
	if (sz < 2 || memcmp(head, "#!", 2) != 0)
		return fault__set(why, -ENOEXEC, "%s: not an ELF file", file->path);
	for (size_t i = 2; i < sz && head[i] != '\n' && head[i] && len < sizeof(line) - 1; i++) {
		if (len > 0 || head[i] != ' ')
			line[len++] = head[i];
	}
	line[len] = '\0';
	return fault__set(why, -ENOEXEC, "%s: a script, not an ELF file (its interpreter is %s)",
			  file->path, line);
}

static int check_type(const struct elf_file *file, const Elf64_Ehdr *ehdr, struct fault *why)
{
	switch (ehdr->e_type) {
	case ET_EXEC:
	case ET_DYN:
		return 0;
	case ET_REL:
		return fault__set(why, -ENOEXEC,
				  "%s: an object file, not yet linked (name the program or "
				  "library it goes into)",
				  file->path);
	case ET_CORE:
		return fault__set(why, -ENOEXEC, "%s: a core dump (name the program)", file->path);
	default:
		return fault__set(why, -ENOEXEC,
				  "%s: neither an executable nor a shared library (e_type %u)",
				  file->path, ehdr->e_type);
	}
}

static int check_ident(const struct elf_file *file, const Elf64_Ehdr *ehdr, size_t sz,
		       struct fault *why)
{
	if (sz < SELFMAG || memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0)
		return refuse_magic(file, (const char *)ehdr, sz, why);
	if (sz > EI_CLASS && ehdr->e_ident[EI_CLASS] == ELFCLASS32)
		return fault__set(why, -ENOEXEC, "%s: a 32-bit file; only 64-bit ones can be read",
				  file->path);
	if (sz < sizeof(*ehdr))
		return fault__set(why, -ENOEXEC, "%s: cut short within the ELF header", file->path);
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 || ehdr->e_ident[EI_VERSION] != EV_CURRENT)
		return fault__set(why, -ENOEXEC, "%s: an unknown kind of ELF file (class %u)",
				  file->path, ehdr->e_ident[EI_CLASS]);
	if (ehdr->e_ident[EI_DATA] != HOST_ORDER)
		return fault__set(why, -ENOEXEC,
				  "%s: for machines of the other byte order (build it for this "
				  "kind of machine)",
				  file->path);
	return check_type(file, ehdr, why);
}

/* Sizes of entries are fixed for ELF64; a file with others is read wrongly by anybody's loader. */
static int check_headers(const struct elf_file *file, const Elf64_Ehdr *ehdr, struct fault *why)
{
	uint64_t count = ehdr->e_shnum;
	Elf64_Shdr first;

	if (file->tables_only && ehdr->e_phnum == 0 && ehdr->e_shoff == 0)
		return fault__set(why, -ENOEXEC, "%s: has no headers", file->path);
	if (!file->tables_only && (ehdr->e_phnum == 0 || ehdr->e_phentsize != sizeof(Elf64_Phdr)))
		return fault__set(why, -ENOEXEC, "%s: has no program headers", file->path);
	if (!elf_file__within(file, ehdr->e_phoff, (uint64_t)ehdr->e_phnum * sizeof(Elf64_Phdr)))
		return fault__set(why, -ENOEXEC, "%s: cut short: its program headers are missing",
				  file->path);
	if (ehdr->e_shoff == 0)
		return 0;
	if (ehdr->e_shentsize != sizeof(first))
		return fault__set(why, -ENOEXEC, "%s: corrupt: section headers of %u bytes",
				  file->path, ehdr->e_shentsize);
	if (!elf_file__within(file, ehdr->e_shoff, sizeof(first)) ||
	    read_at(file->fd, &first, sizeof(first), ehdr->e_shoff) != sizeof(first))
		return fault__set(why, -ENOEXEC, "%s: cut short: its section headers are missing",
				  file->path);
	if (count == 0)
		count = first.sh_size; /* more than 65,279 sections: gABI, "Extended Numbering" */
	if (count > file->sz / sizeof(first) ||
	    !elf_file__within(file, ehdr->e_shoff, count * sizeof(first)))
		return fault__set(why, -ENOEXEC, "%s: cut short: its section headers are missing",
				  file->path);
	return 0;
}

static int add_segment(struct elf_file *file, const GElf_Phdr *phdr, struct fault *why)
{
	struct elf_segment *segment = &file->segments[file->segment_cnt];
	bool executable = phdr->p_flags & PF_X;

	if (!elf_file__within(file, phdr->p_offset, phdr->p_filesz) ||
	    phdr->p_vaddr > UINT64_MAX - phdr->p_filesz) {
		/* A file of separate debug information keeps headers of data it does not hold. */
		if (!executable || file->tables_only)
			return 0;
		return fault__set(why, -ENOEXEC,
				  "%s: cut short: its code ends at 0x%" PRIx64
				  ", the file at 0x%" PRIx64,
				  file->path, phdr->p_offset + phdr->p_filesz, file->sz);
	}
	if (phdr->p_filesz == 0)
		return 0;
	*segment = (struct elf_segment) {
		.vaddr = phdr->p_vaddr,
		.offset = phdr->p_offset,
		.sz = phdr->p_filesz,
		.executable = executable,
		.writable = phdr->p_flags & PF_W,
	};
	file->segment_cnt++;
	return 0;
}

static int load_segments(struct elf_file *file, struct fault *why)
{
	bool any_code = false;
	GElf_Phdr phdr;
	size_t count;
	int err;

	if (elf_getphdrnum(file->elf, &count) != 0 || (count == 0 && !file->tables_only) ||
	    count > file->sz / sizeof(Elf64_Phdr))
		return fault__set(why, -ENOEXEC, "%s: corrupt program headers", file->path);
	file->segments = calloc(count + 1, sizeof(*file->segments));
	if (!file->segments)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(file->elf, (int)i, &phdr))
			return fault__set(why, -ENOEXEC, "%s: corrupt program headers", file->path);
		if (phdr.p_type != PT_LOAD)
			continue;
		err = add_segment(file, &phdr, why);
		if (err)
			return err;
	}
	for (size_t i = 0; i < file->segment_cnt; i++)
		any_code |= file->segments[i].executable;
	if (!any_code && !file->tables_only)
		return fault__set(why, -ENOEXEC,
				  "%s: holds no code (is it a file of separate debug "
				  "information? name the program itself)",
				  file->path);
	return 0;
}

/* cmd/link writes its own build id as a note, of a program that has no section headers too. */
static bool is_go_note(const GElf_Nhdr *note, const char *name)
{
	return note->n_namesz == 4 && memcmp(name, "Go\0", 4) == 0;
}

static void load_notes(struct elf_file *file, const GElf_Phdr *phdr)
{
	size_t name_offset, desc_offset, at = 0, next;
	GElf_Nhdr note;
	Elf_Data *data;

	if (phdr->p_filesz > NOTES_MAX_SZ)
		return;
	data = elf_file__chunk(file, phdr->p_offset, phdr->p_filesz,
			       phdr->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	if (!data)
		return;
	while ((next = gelf_getnote(data, at, &note, &name_offset, &desc_offset)) > at) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf + desc_offset;
		const char *name = (const char *)data->d_buf + name_offset;

		at = next;
		file->go_note |= is_go_note(&note, name);
		if (file->build_id[0] || note.n_type != NT_GNU_BUILD_ID ||
		    note.n_namesz != sizeof("GNU") || memcmp(name, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz > (BUILD_ID_HEX_SZ - 1) / 2)
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			snprintf(&file->build_id[2 * i], 3, "%02x", bytes[i]);
	}
}

static void load_notes_and_dynamic(struct elf_file *file)
{
	int notes_left = NOTES_MAX_CNT;
	GElf_Phdr phdr;
	size_t count;

	if (elf_getphdrnum(file->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && gelf_getphdr(file->elf, (int)i, &phdr); i++) {
		if (phdr.p_type == PT_NOTE && notes_left-- > 0)
			load_notes(file, &phdr);
		else if (phdr.p_type == PT_DYNAMIC && !file->dynamic)
			elf_file__load_dynamic(file, &phdr);
	}
}

static int load(struct elf_file *file, struct fault *why)
{
	Elf64_Ehdr ehdr = {};
	ssize_t sz;
	int err;

	sz = read_at(file->fd, &ehdr, sizeof(ehdr), 0);
	if (sz < 0)
		return fault__set(why, (int)sz, "%s: %s", file->path, strerror((int)-sz));
	err = check_ident(file, &ehdr, (size_t)sz, why);
	if (!err)
		err = check_headers(file, &ehdr, why);
	if (err)
		return err;
	file->machine = ehdr.e_machine;
	file->program = ehdr.e_type == ET_EXEC;
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF)
		return fault__set(why, -ENOEXEC, "%s: corrupt: %s", file->path, elf_errmsg(-1));
	err = load_segments(file, why);
	if (!err)
		load_notes_and_dynamic(file);
	return err;
}

/* Through fd, or by the path where there is none. */
static int open_file(int fd, const char *path, bool tables_only, struct elf_file **ret_file,
		     struct fault *why)
{
	struct elf_file *file;
	int err = -ENOMEM;

	file = calloc(1, sizeof(*file));
	if (!file)
		return fault__set(why, -ENOMEM, "%s: out of memory", path);
	file->fd = -1;
	file->tables_only = tables_only;
	file->path = strdup(path);
	file->index = calloc(1, sizeof(*file->index));
	if (file->path && file->index)
		err = fd < 0 ? open_path(file, why) : open_duplicate(file, fd, why);
	if (!err)
		err = load(file, why);
	if (err == -ENOMEM)
		fault__set(why, err, "%s: out of memory", path);
	if (err) {
		elf_file__free(file);
		return err;
	}
	*ret_file = file;
	return 0;
}

int elf_file__open(const char *path, struct elf_file **ret_file, struct fault *why)
{
	return open_file(-1, path, false, ret_file, why);
}

int elf_file__open_fd(int fd, const char *path, struct elf_file **ret_file, struct fault *why)
{
	if (fd < 0)
		return fault__set(why, -EBADF, "%s: %s", path, strerror(EBADF));
	return open_file(fd, path, false, ret_file, why);
}

int elf_file__open_tables(int fd, const char *path, struct elf_file **ret_file, struct fault *why)
{
	return open_file(fd, path, true, ret_file, why);
}

void elf_file__free(struct elf_file *file)
{
	if (!file)
		return;
	elf_index__free(file->index);
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->segments);
	free(file->path);
	free(file);
}

void elf_file__close_descriptor(struct elf_file *file)
{
	elf_cntl(file->elf, ELF_C_FDDONE);
	close(file->fd);
	file->fd = -1;
}

void elf_file__allow_debuginfod(struct elf_file *file)
{
	file->debuginfod = true;
}

const char *elf_file__path(const struct elf_file *file)
{
	return file->path;
}

int elf_file__fd(const struct elf_file *file)
{
	return file->fd;
}

dev_t elf_file__dev(const struct elf_file *file)
{
	return file->dev;
}

ino_t elf_file__ino(const struct elf_file *file)
{
	return file->ino;
}

uint64_t elf_file__size(const struct elf_file *file)
{
	return file->sz;
}

struct timespec elf_file__mtime(const struct elf_file *file)
{
	return file->changed;
}

uint16_t elf_file__machine(const struct elf_file *file)
{
	return file->machine;
}

uint64_t elf_file__entry(const struct elf_file *file)
{
	GElf_Ehdr header;

	return gelf_getehdr(file->elf, &header) ? header.e_entry : 0;
}

bool elf_file__is_program(const struct elf_file *file)
{
	return file->program;
}

bool elf_file__unchanged(const struct elf_file *file)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 && (uint64_t)st.st_size == file->sz &&
	       st.st_mtim.tv_sec == file->changed.tv_sec &&
	       st.st_mtim.tv_nsec == file->changed.tv_nsec;
}

const char *elf_file__build_id(const struct elf_file *file)
{
	return file->build_id;
}

static const struct elf_segment *code_segment(const struct elf_file *file, uint64_t vaddr)
{
	for (size_t i = 0; i < file->segment_cnt; i++) {
		const struct elf_segment *s = &file->segments[i];

		if (s->executable && vaddr >= s->vaddr && vaddr - s->vaddr < s->sz)
			return s;
	}
	return NULL;
}

int elf_file__offset(const struct elf_file *file, uint64_t vaddr, uint64_t *ret_offset)
{
	const struct elf_segment *s = code_segment(file, vaddr);

	if (!s)
		return -ERANGE;
	*ret_offset = s->offset + (vaddr - s->vaddr);
	return 0;
}

ssize_t elf_file__read(const struct elf_file *file, uint64_t vaddr, void *buf, size_t sz)
{
	const struct elf_segment *s = code_segment(file, vaddr);
	uint64_t skip;

	if (!s)
		return -ERANGE;
	skip = vaddr - s->vaddr;
	if (sz > s->sz - skip)
		sz = s->sz - skip;
	return read_at(file->fd, buf, sz, s->offset + skip);
}

ssize_t elf_file__pread(const struct elf_file *file, void *buf, size_t sz, uint64_t offset)
{
	return read_at(file->fd, buf, sz, offset);
}
