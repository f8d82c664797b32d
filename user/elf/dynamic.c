/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a file asks of the dynamic linker: libraries, symbols, and to be told where it is. */
#include "elf_private.h"

#include <errno.h>
#include <string.h>

#define DYNAMIC_MAX_SZ (1 << 20)
#define RELOCATIONS_CHUNK 1024

/* File offset of sz bytes at vaddr in a segment of any kind. */
static int place_of(const struct elf_file *file, uint64_t vaddr, uint64_t sz, uint64_t *ret_offset)
{
	for (size_t i = 0; i < file->segment_cnt; i++) {
		const struct elf_segment *s = &file->segments[i];

		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->sz)
			continue;
		if (sz > s->sz - (vaddr - s->vaddr))
			continue;
		*ret_offset = s->offset + (vaddr - s->vaddr);
		return 0;
	}
	return -ERANGE;
}

/* A dynamic section that cannot be read means "no imports known", never a refusal: a static
 * program has none either, and its functions can be traced all the same. */
void elf_file__load_dynamic(struct elf_file *file, const GElf_Phdr *phdr)
{
	uint64_t strings_vaddr = 0, strings_sz = 0, offset;
	GElf_Dyn dyn;

	if (phdr->p_filesz > DYNAMIC_MAX_SZ || phdr->p_filesz < sizeof(Elf64_Dyn))
		return;
	file->dynamic =
		elf_file__chunk(file, phdr->p_offset,
				phdr->p_filesz - phdr->p_filesz % sizeof(Elf64_Dyn), ELF_T_DYN);
	if (!file->dynamic)
		return;
	for (int i = 0; gelf_getdyn(file->dynamic, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		if (dyn.d_tag == DT_STRTAB)
			strings_vaddr = dyn.d_un.d_ptr;
		else if (dyn.d_tag == DT_STRSZ)
			strings_sz = dyn.d_un.d_val;
		else if (dyn.d_tag == DT_RELA)
			file->rela_vaddr = dyn.d_un.d_ptr;
		else if (dyn.d_tag == DT_RELASZ)
			file->rela_sz = dyn.d_un.d_val;
		else if (dyn.d_tag == DT_FLAGS_1 && (dyn.d_un.d_val & DF_1_PIE))
			file->program = true;
	}
	if (place_of(file, strings_vaddr, strings_sz, &offset) == 0)
		file->dynamic_strings = elf_file__chunk(file, offset, strings_sz, ELF_T_BYTE);
}

int elf_file__each_needed(const struct elf_file *file, int (*each)(void *ctx, const char *soname),
			  void *ctx)
{
	GElf_Dyn dyn;

	if (!file->dynamic || !file->dynamic_strings)
		return 0;
	for (int i = 0; gelf_getdyn(file->dynamic, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		const char *soname;
		int err;

		if (dyn.d_tag != DT_NEEDED)
			continue;
		soname = elf_string(file->dynamic_strings, dyn.d_un.d_val);
		err = soname && *soname ? each(ctx, soname) : 0;
		if (err)
			return err;
	}
	return 0;
}

int elf_file__each_import(const struct elf_file *file, int (*each)(void *ctx, const char *name),
			  void *ctx)
{
	struct elf_table table;
	GElf_Sym sym;

	if (elf_file__table(file, SHT_DYNSYM, &table, NULL) != 0)
		return 0;
	for (size_t i = 1; i < table.cnt && gelf_getsym(table.symbols, (int)i, &sym); i++) {
		const char *name;
		int err;

		if (sym.st_shndx != SHN_UNDEF)
			continue;
		name = elf_string(table.strings, sym.st_name);
		err = name && *name ? each(ctx, name) : 0;
		if (err)
			return err;
	}
	return 0;
}

static bool is_relative(const struct elf_file *file, const Elf64_Rela *rela)
{
	switch (file->machine) {
	case EM_X86_64:
		return ELF64_R_TYPE(rela->r_info) == R_X86_64_RELATIVE;
	case EM_AARCH64:
		return ELF64_R_TYPE(rela->r_info) == R_AARCH64_RELATIVE;
	default:
		return false;
	}
}

void elf_file__relocate(const struct elf_file *file, uint64_t vaddr, void *bytes, uint64_t sz)
{
	Elf64_Rela chunk[RELOCATIONS_CHUNK];
	uint64_t offset, left = file->rela_sz;

	if (sz < sizeof(uint64_t) || !file->rela_sz ||
	    place_of(file, file->rela_vaddr, file->rela_sz, &offset) != 0)
		return;
	while (left >= sizeof(*chunk)) {
		size_t wanted = left < sizeof(chunk) ? left - left % sizeof(*chunk) : sizeof(chunk);
		ssize_t n = elf_file__pread(file, chunk, wanted, offset);

		for (ssize_t i = 0; (i + 1) * (ssize_t)sizeof(*chunk) <= n; i++) {
			uint64_t at = chunk[i].r_offset - vaddr;

			if (is_relative(file, &chunk[i]) && at <= sz - sizeof(uint64_t))
				memcpy((uint8_t *)bytes + at, &chunk[i].r_addend, sizeof(uint64_t));
		}
		if (n < (ssize_t)wanted)
			return;
		offset += wanted;
		left -= wanted;
	}
}
