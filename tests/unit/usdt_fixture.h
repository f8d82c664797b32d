/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ELF files with USDT notes made to order. Shared with the fuzzer, so nothing of cmocka here.
 *
 *     0x000 Elf64_Ehdr, Elf64_Phdr[2]
 *     0x200 code, at 0x1200           (executable)
 *     0x400 64 bytes of data, at 0x3400, and 64 more that the file does not hold (writable)
 *     0x440 names, strings, symbols ("variable" at 0x3410, "twin" at 0x3420 and 0x3424)
 *     0x800 section headers
 *     0xa00 notes
 */
#ifndef TACHO_TESTS_USDT_FIXTURE_H
#define TACHO_TESTS_USDT_FIXTURE_H

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define USDT_CODE_OFFSET 0x200
#define USDT_CODE_VADDR 0x1200
#define USDT_DATA_OFFSET 0x400
#define USDT_DATA_VADDR 0x3400
#define USDT_DATA_SZ 0x40
#define USDT_NOTES_OFFSET 0xa00
#define USDT_NOTES_MAX_SZ 0x4000

struct usdt_notes {
	uint8_t bytes[USDT_NOTES_MAX_SZ];
	size_t sz;
};

struct usdt_elf {
	uint16_t machine, type;
	uint64_t base; /* of .stapsdt.base; 0: no such section */
	const void *code;
	size_t code_sz; /* up to 0x200 */
	const void *notes;
	size_t notes_sz;
};

struct usdt_elf_file {
	uint8_t bytes[USDT_NOTES_OFFSET + USDT_NOTES_MAX_SZ];
	size_t sz;
};

/* A descriptor as it comes, in a note of this owner and type. */
static inline void usdt_notes__add_raw(struct usdt_notes *notes, const char *owner, uint32_t type,
				       const void *desc, size_t sz)
{
	Elf64_Nhdr nhdr = {
		.n_namesz = (uint32_t)strlen(owner) + 1,
		.n_descsz = (uint32_t)sz,
		.n_type = type,
	};
	size_t name_sz = (nhdr.n_namesz + 3u) & ~3u, padded_sz = (sz + 3) & ~(size_t)3;

	if (sizeof(notes->bytes) - notes->sz < sizeof(nhdr) + name_sz + padded_sz)
		abort();
	memcpy(notes->bytes + notes->sz, &nhdr, sizeof(nhdr));
	memcpy(notes->bytes + notes->sz + sizeof(nhdr), owner, nhdr.n_namesz);
	memcpy(notes->bytes + notes->sz + sizeof(nhdr) + name_sz, desc, sz);
	notes->sz += sizeof(nhdr) + name_sz + padded_sz;
}

static inline void usdt_notes__add(struct usdt_notes *notes, const uint64_t addresses[3],
				   const char *provider, const char *name, const char *args)
{
	const char *const texts[] = { provider, name, args };
	uint8_t desc[1024];
	size_t sz = 3 * sizeof(uint64_t);

	memcpy(desc, addresses, sz);
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(texts[i]) + 1;

		if (sizeof(desc) - sz < len)
			abort();
		memcpy(desc + sz, texts[i], len);
		sz += len;
	}
	usdt_notes__add_raw(notes, "stapsdt", 3, desc, sz);
}

static inline void usdt_elf__put_symbols(struct usdt_elf_file *file)
{
	static const Elf64_Sym symbols[] = {
		{ 0 },
		{ .st_name = 1, .st_info = STT_OBJECT, .st_shndx = 1, .st_value = 0x3410 },
		{ .st_name = 10, .st_info = STT_OBJECT, .st_shndx = 1, .st_value = 0x3420 },
		{ .st_name = 10, .st_info = STT_OBJECT, .st_shndx = 1, .st_value = 0x3424 },
	};

	memcpy(file->bytes + 0x500, symbols, sizeof(symbols));
	memcpy(file->bytes + 0x5f0, "\0variable\0twin", 15);
	memcpy(file->bytes + 0x440, "\0.note.stapsdt\0.stapsdt.base\0.shstrtab\0.symtab\0.strtab",
	       55);
}

static inline void usdt_elf__put_sections(const struct usdt_elf *spec, struct usdt_elf_file *file)
{
	const Elf64_Shdr sections[] = {
		{ 0 },
		{ .sh_name = 1,
		  .sh_type = SHT_NOTE,
		  .sh_offset = USDT_NOTES_OFFSET,
		  .sh_size = spec->notes_sz,
		  .sh_addralign = 4 },
		{ .sh_name = spec->base ? 15u : 0u,
		  .sh_type = SHT_PROGBITS,
		  .sh_addr = spec->base,
		  .sh_offset = USDT_CODE_OFFSET,
		  .sh_size = 1,
		  .sh_addralign = 1 },
		{ .sh_name = 29, .sh_type = SHT_STRTAB, .sh_offset = 0x440, .sh_size = 55 },
		{ .sh_name = 39,
		  .sh_type = SHT_SYMTAB,
		  .sh_offset = 0x500,
		  .sh_size = 4 * sizeof(Elf64_Sym),
		  .sh_link = 5,
		  .sh_entsize = sizeof(Elf64_Sym),
		  .sh_addralign = 8 },
		{ .sh_name = 47, .sh_type = SHT_STRTAB, .sh_offset = 0x5f0, .sh_size = 15 },
	};

	memcpy(file->bytes + 0x800, sections, sizeof(sections));
}

static inline void usdt_elf__make(const struct usdt_elf *spec, struct usdt_elf_file *ret_file)
{
	const Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = spec->type ? spec->type : ET_DYN,
		.e_machine = spec->machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_shoff = 0x800,
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 6,
		.e_shstrndx = 3,
	};
	const Elf64_Phdr phdrs[] = {
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_X,
		  .p_offset = USDT_CODE_OFFSET,
		  .p_vaddr = USDT_CODE_VADDR,
		  .p_filesz = spec->code_sz,
		  .p_memsz = spec->code_sz },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_W,
		  .p_offset = USDT_DATA_OFFSET,
		  .p_vaddr = USDT_DATA_VADDR,
		  .p_filesz = USDT_DATA_SZ,
		  .p_memsz = 2 * USDT_DATA_SZ },
	};

	if (spec->code_sz > 0x200 || spec->notes_sz > USDT_NOTES_MAX_SZ)
		abort();
	memset(ret_file, 0, sizeof(*ret_file));
	memcpy(ret_file->bytes, &ehdr, sizeof(ehdr));
	memcpy(ret_file->bytes + sizeof(ehdr), phdrs, sizeof(phdrs));
	memcpy(ret_file->bytes + USDT_CODE_OFFSET, spec->code, spec->code_sz);
	usdt_elf__put_symbols(ret_file);
	usdt_elf__put_sections(spec, ret_file);
	if (spec->notes_sz)
		memcpy(ret_file->bytes + USDT_NOTES_OFFSET, spec->notes, spec->notes_sz);
	ret_file->sz = USDT_NOTES_OFFSET + spec->notes_sz;
}

#endif
