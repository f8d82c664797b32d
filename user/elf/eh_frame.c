/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading .eh_frame: which ranges it describes. What it says of one instruction is in eh_cfa.c.
 *
 * A record is a length, then a number that is 0 for a CIE (what many functions share) or else the
 * distance back to the CIE of an FDE (one range of code). The first record of length 0 ends it.
 */
#include "eh_frame_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The header that PT_GNU_EH_FRAME points at is a version, three encodings and a pointer. */
#define HDR_MIN_SZ 8

static uint64_t read_fixed(struct eh_bytes *bytes, size_t sz)
{
	uint64_t value = 0;

	if ((size_t)(bytes->end - bytes->at) < sz) {
		bytes->bad = true;
		bytes->at = bytes->end;
		return 0;
	}
	memcpy(&value, bytes->at, sz);
	bytes->at += sz;
	return value;
}

uint64_t eh_read(struct eh_bytes *bytes, size_t sz)
{
	return read_fixed(bytes, sz);
}

uint64_t eh_read_uleb(struct eh_bytes *bytes)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(bytes, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

int64_t eh_read_sleb(struct eh_bytes *bytes)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(bytes, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (shift < 64 && (byte & 0x40))
		value |= ~(uint64_t)0 << shift;
	return (int64_t)value;
}

/* The format in the low four bits; encodings that no linker writes for code are refused. */
static uint64_t read_format(struct eh_bytes *bytes, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case EH_PE_ABSPTR:
	case EH_PE_UDATA8:
	case EH_PE_SDATA8:
		return read_fixed(bytes, 8);
	case EH_PE_UDATA2:
		return read_fixed(bytes, 2);
	case EH_PE_SDATA2:
		return (uint64_t)(int16_t)read_fixed(bytes, 2);
	case EH_PE_UDATA4:
		return read_fixed(bytes, 4);
	case EH_PE_SDATA4:
		return (uint64_t)(int32_t)read_fixed(bytes, 4);
	default:
		bytes->bad = true;
		return 0;
	}
}

uint64_t eh_read_pointer(struct eh_bytes *bytes, uint8_t encoding)
{
	uint64_t here = bytes->vaddr + (uint64_t)(bytes->at - bytes->begin);
	uint64_t value = read_format(bytes, encoding);

	switch (encoding & 0xf0) {
	case EH_PE_ABSPTR:
		return value;
	case EH_PE_PCREL:
		return here + value;
	default:
		bytes->bad = true;
		return 0;
	}
}

/* The size of a range has the format of its beginning, but is never relative nor negative. */
static uint64_t read_size(struct eh_bytes *bytes, uint8_t encoding)
{
	uint64_t value = read_format(bytes, encoding);

	switch (encoding & 0x0f) {
	case EH_PE_SDATA2:
		return value & UINT16_MAX;
	case EH_PE_SDATA4:
		return value & UINT32_MAX;
	default:
		return value;
	}
}

/* Each letter of the augmentation says what its data has next. */
static bool read_augmentation(struct eh_bytes *bytes, const char *letters, struct eh_cie *cie)
{
	if (*letters == '\0')
		return true;
	if (*letters != 'z')
		return false;
	eh_read_uleb(bytes);
	for (const char *c = letters + 1; *c; c++) {
		switch (*c) {
		case 'R':
			cie->encoding = (uint8_t)eh_read(bytes, 1);
			break;
		case 'P':
			/* a pointer of any encoding: only its size matters */
			read_format(bytes, (uint8_t)eh_read(bytes, 1));
			break;
		case 'L':
			eh_read(bytes, 1);
			break;
		case 'S': /* of a signal frame; arm64: keys of signed addresses */
		case 'B':
		case 'G':
			break;
		default:
			return false;
		}
	}
	return !bytes->bad;
}

static bool read_cie(const struct eh_frame *frames, size_t offset, struct eh_cie *ret_cie)
{
	struct eh_cie cie = { .encoding = EH_PE_ABSPTR };
	struct eh_bytes bytes;
	const char *letters;
	uint8_t version;
	uint64_t size;

	if (!eh_frame__record(frames, offset, &bytes) || eh_read(&bytes, 4) != 0)
		return false;
	version = (uint8_t)eh_read(&bytes, 1);
	letters = (const char *)bytes.at;
	if (!memchr(letters, '\0', (size_t)(bytes.end - bytes.at)))
		return false;
	bytes.at += strlen(letters) + 1;
	if (version != 1 && version != 3)
		return false;
	cie.code_align = eh_read_uleb(&bytes);
	cie.data_align = eh_read_sleb(&bytes);
	if (version == 1)
		eh_read(&bytes, 1);
	else
		eh_read_uleb(&bytes);
	cie.augmented = letters[0] == 'z';
	cie.program = bytes;
	if (!read_augmentation(&bytes, letters, &cie))
		return false;
	if (cie.augmented) {
		size = eh_read_uleb(&cie.program);
		if (size > (uint64_t)(cie.program.end - cie.program.at))
			return false;
		cie.program.at += size;
	}
	*ret_cie = cie;
	return !bytes.bad;
}

bool eh_frame__record(const struct eh_frame *frames, size_t offset, struct eh_bytes *ret_bytes)
{
	struct eh_bytes bytes = {
		.begin = frames->bytes,
		.at = frames->bytes + offset,
		.end = frames->bytes + frames->sz,
		.vaddr = frames->vaddr,
	};
	uint64_t sz = eh_read(&bytes, 4);

	if (sz == UINT32_MAX)
		sz = eh_read(&bytes, 8);
	if (bytes.bad || sz == 0 || sz > (uint64_t)(bytes.end - bytes.at))
		return false;
	bytes.end = bytes.at + sz;
	*ret_bytes = bytes;
	return true;
}

bool eh_frame__read_fde(const struct eh_frame *frames, size_t offset, struct eh_cie *cie,
			struct eh_bytes *bytes, struct eh_range *ret_range)
{
	size_t back, id_offset;

	if (!eh_frame__record(frames, offset, bytes))
		return false;
	id_offset = (size_t)(bytes->at - frames->bytes);
	back = eh_read(bytes, 4);
	if (bytes->bad || back == 0 || back > id_offset)
		return false;
	/* Neighbours share their CIE more often than not. */
	if (!cie->known || cie->offset != id_offset - back) {
		if (!read_cie(frames, id_offset - back, cie)) {
			cie->known = false;
			return false;
		}
		cie->offset = id_offset - back;
		cie->known = true;
	}
	ret_range->vaddr = eh_read_pointer(bytes, cie->encoding);
	ret_range->size = read_size(bytes, cie->encoding);
	return !bytes->bad;
}

static int add_range(struct eh_frame *frames, const struct eh_range *range, size_t offset,
		     size_t *room)
{
	struct eh_fde *grown;

	if (frames->cnt == *room) {
		*room = *room * 2 + 64;
		grown = reallocarray(frames->fdes, *room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		frames->fdes = grown;
	}
	frames->fdes[frames->cnt++] = (struct eh_fde) { .range = *range, .offset = offset };
	return 0;
}

static int compare_fdes(const void *a, const void *b)
{
	const struct eh_fde *x = a, *y = b;

	return x->range.vaddr < y->range.vaddr ? -1 : x->range.vaddr > y->range.vaddr;
}

/* A range of no size, or past the end of all addresses, is what the linker leaves of code that it
 * removed. */
static int read_all(struct eh_frame *frames)
{
	struct eh_cie cie = {};
	size_t offset = 0, room = 0;
	struct eh_bytes record;
	struct eh_range range;
	int err = 0;

	while (!err && frames->sz - offset >= 4 && eh_frame__record(frames, offset, &record)) {
		struct eh_bytes bytes;

		if (eh_frame__read_fde(frames, offset, &cie, &bytes, &range) && range.size > 0 &&
		    range.vaddr <= UINT64_MAX - range.size)
			err = add_range(frames, &range, offset, &room);
		offset = (size_t)(record.end - frames->bytes);
	}
	if (frames->cnt)
		qsort(frames->fdes, frames->cnt, sizeof(*frames->fdes), compare_fdes);
	return err;
}

static bool use_section(struct eh_frame *frames, const struct elf_file *file)
{
	Elf_Scn *section = NULL;
	Elf_Data *names, *data;
	GElf_Shdr shdr;
	size_t index;

	if (elf_getshdrstrndx(file->elf, &index) != 0)
		return false;
	names = elf_file__section_data(file, elf_getscn(file->elf, index));
	while (names && (section = elf_nextscn(file->elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &shdr))
			return false;
		name = elf_string(names, shdr.sh_name);
		if (!name || strcmp(name, ".eh_frame") != 0)
			continue;
		data = elf_file__section_data(file, section);
		if (!data || !data->d_buf)
			return false;
		frames->bytes = data->d_buf;
		frames->sz = data->d_size;
		frames->vaddr = shdr.sh_addr;
		return true;
	}
	return false;
}

/* For files whose section headers were removed too. */
static void use_segment(struct eh_frame *frames, const struct elf_file *file)
{
	struct eh_bytes hdr = {};
	size_t cnt, sz = HDR_MIN_SZ;
	uint8_t encoding;
	GElf_Phdr phdr;

	if (elf_getphdrnum(file->elf, &cnt) != 0)
		return;
	for (size_t i = 0; i < cnt && gelf_getphdr(file->elf, (int)i, &phdr) && !hdr.begin; i++) {
		if (phdr.p_type != PT_GNU_EH_FRAME)
			continue;
		hdr.begin = hdr.at = elf_file__data(file, phdr.p_vaddr, &sz);
		hdr.vaddr = phdr.p_vaddr;
	}
	if (!hdr.begin || sz < HDR_MIN_SZ || hdr.begin[0] != 1)
		return;
	hdr.end = hdr.begin + sz;
	hdr.at += 4;
	encoding = hdr.begin[1];
	frames->vaddr = eh_read_pointer(&hdr, encoding);
	frames->sz = SIZE_MAX;
	frames->bytes = hdr.bad ? NULL : elf_file__data(file, frames->vaddr, &frames->sz);
	if (!frames->bytes)
		frames->sz = 0;
}

int eh_frame__new(const struct elf_file *file, struct eh_frame **ret_frames)
{
	struct eh_frame *frames = calloc(1, sizeof(*frames));
	int err;

	if (!frames)
		return -ENOMEM;
	if (!use_section(frames, file))
		use_segment(frames, file);
	err = read_all(frames);
	if (err)
		eh_frame__free(frames);
	else
		*ret_frames = frames;
	return err;
}

void eh_frame__free(struct eh_frame *frames)
{
	if (!frames)
		return;
	free(frames->rows.items);
	free(frames->fdes);
	free(frames);
}

size_t eh_frame__cnt(const struct eh_frame *frames)
{
	return frames->cnt;
}

const struct eh_fde *eh_frame__at(const struct eh_frame *frames, uint64_t vaddr)
{
	size_t low = 0, high = frames->cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (frames->fdes[middle].range.vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 ||
	    vaddr - frames->fdes[low - 1].range.vaddr >= frames->fdes[low - 1].range.size)
		return NULL;
	return &frames->fdes[low - 1];
}

bool eh_frame__find(const struct eh_frame *frames, uint64_t vaddr, struct eh_range *ret_range)
{
	const struct eh_fde *fde = eh_frame__at(frames, vaddr);

	if (fde)
		*ret_range = fde->range;
	return fde;
}
