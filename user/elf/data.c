/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>

#include "elf_private.h"

const uint8_t *elf_file__data(const struct elf_file *file, uint64_t vaddr, size_t *sz)
{
	for (size_t i = 0; i < file->segment_cnt; i++) {
		const struct elf_segment *s = &file->segments[i];
		Elf_Data *data;

		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->sz)
			continue;
		if (*sz > s->sz - (vaddr - s->vaddr))
			*sz = s->sz - (vaddr - s->vaddr);
		data = elf_file__chunk(file, s->offset + (vaddr - s->vaddr), *sz, ELF_T_BYTE);
		return data ? data->d_buf : NULL;
	}
	return NULL;
}

int elf_file__each_code(const struct elf_file *file,
			int (*each)(void *ctx, uint64_t vaddr, const uint8_t *code, size_t sz),
			void *ctx)
{
	for (size_t i = 0; i < file->segment_cnt; i++) {
		const struct elf_segment *s = &file->segments[i];
		Elf_Data *data;
		int ret;

		if (!s->executable)
			continue;
		data = elf_file__chunk(file, s->offset, s->sz, ELF_T_BYTE);
		ret = data ? each(ctx, s->vaddr, data->d_buf, data->d_size) : -EBADMSG;
		if (ret)
			return ret;
	}
	return 0;
}
