/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Small ELF files made to order, so that a test may have code of either machine, any layout and any
 * symbols without a compiler for it. The file is in memory and is opened as /proc/self/fd/N.
 *
 *     0x000 Elf64_Ehdr, two Elf64_Phdr       (a PT_LOAD each for the headers and the code)
 *     0x200 code
 *     ...   .symtab, .strtab, .shstrtab, section headers
 */
#ifndef TACHO_TESTS_TINY_ELF_H
#define TACHO_TESTS_TINY_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TINY_CODE_OFFSET 0x200
#define TINY_CODE_MAX_SZ 0x600
#define TINY_CODE_VADDR 0x402200 /* as lld lays it out: a page further on than in the file */
#define TINY_MAX_SZ 0x2000

struct tiny_symbol {
	const char *name;
	uint64_t value, size;
	unsigned char type; /* STT_* */
	uint16_t section;   /* SHN_UNDEF, or anything else for defined */
};

struct tiny_elf {
	uint16_t machine, type;
	const void *code;
	size_t code_sz;
	const struct tiny_symbol *symbols; /* ends with one without a name; NULL: no table */
};

/* What was made, for tests that go on to spoil it. */
struct tiny_file {
	uint8_t bytes[TINY_MAX_SZ];
	size_t sz;
};

struct tiny_section {
	const char *name;
	uint32_t type, link;
	uint64_t flags, vaddr, offset, sz, entry_sz;
};

static inline size_t tiny_put_symbols(const struct tiny_elf *spec, struct tiny_file *file,
				      struct tiny_section *table, struct tiny_section *strings)
{
	char *text = (char *)file->bytes + 0x1400;
	size_t cnt = 1, used = 1;

	for (const struct tiny_symbol *s = spec->symbols; s && s->name; s++, cnt++) {
		Elf64_Sym sym = {
			.st_name = (uint32_t)used,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, s->type),
			.st_shndx = s->section,
			.st_value = s->value,
			.st_size = s->size,
		};

		memcpy(file->bytes + 0x800 + cnt * sizeof(sym), &sym, sizeof(sym));
		strcpy(text + used, s->name);
		used += strlen(s->name) + 1;
	}
	*table = (struct tiny_section) { .name = ".symtab",
					 .type = SHT_SYMTAB,
					 .link = 3,
					 .offset = 0x800,
					 .sz = cnt * sizeof(Elf64_Sym),
					 .entry_sz = sizeof(Elf64_Sym) };
	*strings = (struct tiny_section) {
		.name = ".strtab", .type = SHT_STRTAB, .offset = 0x1400, .sz = used
	};
	return cnt;
}

static inline void tiny_put_sections(struct tiny_file *file, const struct tiny_section *sections,
				     size_t cnt)
{
	size_t names = 1;

	for (size_t i = 0; i < cnt; i++) {
		const struct tiny_section *s = &sections[i];
		Elf64_Shdr shdr = {
			.sh_name = s->name ? (uint32_t)names : 0,
			.sh_type = s->type,
			.sh_flags = s->flags,
			.sh_addr = s->vaddr,
			.sh_offset = s->offset,
			.sh_size = s->sz,
			.sh_link = s->link,
			.sh_entsize = s->entry_sz,
			.sh_addralign = 1,
		};

		memcpy(file->bytes + 0x1c00 + i * sizeof(shdr), &shdr, sizeof(shdr));
		if (s->name) {
			strcpy((char *)file->bytes + 0x1b00 + names, s->name);
			names += strlen(s->name) + 1;
		}
	}
	file->sz = 0x1c00 + cnt * sizeof(Elf64_Shdr);
}

static inline void tiny_elf__make(const struct tiny_elf *spec, struct tiny_file *ret_file)
{
	struct tiny_section sections[5] = { 0 };
	Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = spec->type ? spec->type : ET_DYN,
		.e_machine = spec->machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shoff = spec->symbols ? 0x1c00 : 0,
		.e_shnum = spec->symbols ? 5 : 0,
		.e_shstrndx = spec->symbols ? 4 : 0,
	};
	Elf64_Phdr phdrs[2] = {
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R,
		  .p_vaddr = 0x400000,
		  .p_filesz = TINY_CODE_OFFSET,
		  .p_memsz = TINY_CODE_OFFSET,
		  .p_align = 0x1000 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_X,
		  .p_offset = TINY_CODE_OFFSET,
		  .p_vaddr = TINY_CODE_VADDR,
		  .p_filesz = spec->code_sz,
		  .p_memsz = spec->code_sz,
		  .p_align = 0x1000 },
	};

	memset(ret_file, 0, sizeof(*ret_file));
	memcpy(ret_file->bytes, &ehdr, sizeof(ehdr));
	memcpy(ret_file->bytes + sizeof(ehdr), phdrs, sizeof(phdrs));
	memcpy(ret_file->bytes + TINY_CODE_OFFSET, spec->code, spec->code_sz);
	ret_file->sz = TINY_CODE_OFFSET + spec->code_sz;
	if (!spec->symbols)
		return;
	sections[1] = (struct tiny_section) { .name = ".text",
					      .type = SHT_PROGBITS,
					      .flags = SHF_ALLOC | SHF_EXECINSTR,
					      .vaddr = TINY_CODE_VADDR,
					      .offset = TINY_CODE_OFFSET,
					      .sz = spec->code_sz };
	tiny_put_symbols(spec, ret_file, &sections[2], &sections[3]);
	sections[4] = (struct tiny_section) {
		.name = ".shstrtab", .type = SHT_STRTAB, .offset = 0x1b00, .sz = 0x100
	};
	tiny_put_sections(ret_file, sections, 5);
}

/* A descriptor that holds the bytes, and the path to open it by; the caller closes it. -1: no. */
static inline int tiny_file__publish(const void *bytes, size_t sz, char *path, size_t path_sz)
{
	int fd = memfd_create("tiny", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (write(fd, bytes, sz) != (ssize_t)sz) {
		close(fd);
		return -1;
	}
	snprintf(path, path_sz, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
