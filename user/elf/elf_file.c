/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Opening an ELF file that nobody vouches for.
 *
 * The headers are checked here, with pread, before libelf sees the file: libelf sizes its section
 * array by what the header claims. libelf then reads (ELF_C_READ) instead of mapping, so that a
 * file that shrinks under us is a short read and not a SIGBUS. No section is loaded before its
 * place was compared with the size of the file.
 */
#include "elf_private.h"

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
/* A million symbols may all name the same endless string. */
#define STRING_MAX_SZ (1 << 16)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_ORDER ELFDATA2LSB
#else
#define HOST_ORDER ELFDATA2MSB
#endif

static bool within_file(const struct elf_file *file, uint64_t offset, uint64_t sz)
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

/* stat comes first because merely opening some devices does something (watchdogs, tapes); the
 * second look is at what was really opened. */
static int open_regular(struct elf_file *file, struct fault *why)
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
	if (file->fd < 0 || fstat(file->fd, &st) != 0) {
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

	if (ehdr->e_phnum == 0 || ehdr->e_phentsize != sizeof(Elf64_Phdr))
		return fault__set(why, -ENOEXEC, "%s: has no program headers", file->path);
	if (!within_file(file, ehdr->e_phoff, (uint64_t)ehdr->e_phnum * sizeof(Elf64_Phdr)))
		return fault__set(why, -ENOEXEC, "%s: cut short: its program headers are missing",
				  file->path);
	if (ehdr->e_shoff == 0)
		return 0;
	if (ehdr->e_shentsize != sizeof(first))
		return fault__set(why, -ENOEXEC, "%s: corrupt: section headers of %u bytes",
				  file->path, ehdr->e_shentsize);
	if (!within_file(file, ehdr->e_shoff, sizeof(first)) ||
	    read_at(file->fd, &first, sizeof(first), ehdr->e_shoff) != sizeof(first))
		return fault__set(why, -ENOEXEC, "%s: cut short: its section headers are missing",
				  file->path);
	if (count == 0)
		count = first.sh_size; /* more than 65,279 sections: gABI, "Extended Numbering" */
	if (count > file->sz / sizeof(first) ||
	    !within_file(file, ehdr->e_shoff, count * sizeof(first)))
		return fault__set(why, -ENOEXEC, "%s: cut short: its section headers are missing",
				  file->path);
	return 0;
}

static int add_segment(struct elf_file *file, const GElf_Phdr *phdr, struct fault *why)
{
	struct elf_segment *segment = &file->segments[file->segment_cnt];
	bool executable = phdr->p_flags & PF_X;

	if (!within_file(file, phdr->p_offset, phdr->p_filesz) ||
	    phdr->p_vaddr > UINT64_MAX - phdr->p_filesz) {
		/* A file of separate debug information keeps headers of data it does not hold. */
		if (!executable)
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

	if (elf_getphdrnum(file->elf, &count) != 0 || count == 0 ||
	    count > file->sz / sizeof(Elf64_Phdr))
		return fault__set(why, -ENOEXEC, "%s: corrupt program headers", file->path);
	file->segments = calloc(count, sizeof(*file->segments));
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
	if (!any_code)
		return fault__set(why, -ENOEXEC,
				  "%s: holds no code (is it a file of separate debug "
				  "information? name the program itself)",
				  file->path);
	return 0;
}

Elf_Data *elf_file__chunk(const struct elf_file *file, uint64_t offset, uint64_t sz, Elf_Type type)
{
	if (sz == 0 || !within_file(file, offset, sz))
		return NULL;
	return elf_getdata_rawchunk(file->elf, (int64_t)offset, sz, type);
}

static void load_build_id(struct elf_file *file, const GElf_Phdr *phdr)
{
	size_t name_offset, desc_offset, at = 0, next;
	GElf_Nhdr note;
	Elf_Data *data;

	if (file->build_id[0] || phdr->p_filesz > NOTES_MAX_SZ)
		return;
	data = elf_file__chunk(file, phdr->p_offset, phdr->p_filesz,
			       phdr->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	if (!data)
		return;
	while ((next = gelf_getnote(data, at, &note, &name_offset, &desc_offset)) > at) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf + desc_offset;
		const char *name = (const char *)data->d_buf + name_offset;

		at = next;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp(name, "GNU", sizeof("GNU")) != 0 ||
		    note.n_descsz > (BUILD_ID_HEX_SZ - 1) / 2)
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			snprintf(&file->build_id[2 * i], 3, "%02x", bytes[i]);
		return;
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
			load_build_id(file, &phdr);
		else if (phdr.p_type == PT_DYNAMIC && !file->dynamic)
			elf_file__load_dynamic(file, &phdr);
	}
}

static int load(struct elf_file *file, struct fault *why)
{
	Elf64_Ehdr ehdr = {};
	ssize_t sz;
	int err;

	err = open_regular(file, why);
	if (err)
		return err;
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

int elf_file__open(const char *path, struct elf_file **ret_file, struct fault *why)
{
	struct elf_file *file;
	int err;

	file = calloc(1, sizeof(*file));
	if (!file)
		return fault__set(why, -ENOMEM, "%s: out of memory", path);
	file->fd = -1;
	file->path = strdup(path);
	err = file->path ? load(file, why) : -ENOMEM;
	if (err == -ENOMEM)
		fault__set(why, err, "%s: out of memory", path);
	if (err) {
		elf_file__free(file);
		return err;
	}
	*ret_file = file;
	return 0;
}

void elf_file__free(struct elf_file *file)
{
	if (!file)
		return;
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->segments);
	free(file->path);
	free(file);
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

uint16_t elf_file__machine(const struct elf_file *file)
{
	return file->machine;
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

bool elf_file__has_section(const struct elf_file *file, const char *name)
{
	Elf_Scn *section = NULL;
	Elf_Data *names;
	GElf_Shdr shdr;
	size_t index;

	if (elf_getshdrstrndx(file->elf, &index) != 0)
		return false;
	names = elf_file__section_data(file, elf_getscn(file->elf, index));
	if (!names)
		return false;
	while ((section = elf_nextscn(file->elf, section))) {
		const char *text;

		if (!gelf_getshdr(section, &shdr))
			return false;
		text = elf_string(names, shdr.sh_name);
		if (text && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

Elf_Scn *elf_file__next_section(const struct elf_file *file, Elf_Scn *section, uint32_t type)
{
	GElf_Shdr shdr;

	while ((section = elf_nextscn(file->elf, section))) {
		if (!gelf_getshdr(section, &shdr))
			return NULL;
		if (shdr.sh_type == type)
			return section;
	}
	return NULL;
}

Elf_Data *elf_file__section_data(const struct elf_file *file, Elf_Scn *section)
{
	GElf_Shdr shdr;

	if (!section || !gelf_getshdr(section, &shdr) || shdr.sh_type == SHT_NOBITS ||
	    (shdr.sh_flags & SHF_COMPRESSED) || shdr.sh_size == 0 ||
	    !within_file(file, shdr.sh_offset, shdr.sh_size))
		return NULL;
	return elf_getdata(section, NULL);
}

const char *elf_string(const Elf_Data *strings, uint64_t offset)
{
	const char *text;
	size_t left;

	if (!strings->d_buf || offset >= strings->d_size)
		return NULL;
	text = (const char *)strings->d_buf + offset;
	left = strings->d_size - offset;
	return memchr(text, '\0', left < STRING_MAX_SZ ? left : STRING_MAX_SZ) ? text : NULL;
}
