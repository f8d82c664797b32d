/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading .note.stapsdt. A note's descriptor (type 3, owner "stapsdt"):
 *
 *     8 bytes   address of the nop, as linked
 *     8 bytes   address of .stapsdt.base, as linked
 *     8 bytes   address of the semaphore, as linked; 0 = none
 *     strings   provider, name, arguments; each ends with NUL
 *
 * Prelinking moves sections without looking into this one, which is not loaded; the distance from
 * where .stapsdt.base was to where it is now corrects both addresses.
 */
#include <errno.h>
#include <string.h>

#include "elf_private.h"
#include "section.h"
#include "usdt_private.h"

#define NOTES_SECTION ".note.stapsdt"
#define BASE_SECTION ".stapsdt.base"
#define NOTE_OWNER "stapsdt"
#define NOTE_TYPE 3
#define NOTES_MAX_SZ (64 << 20)

struct walk {
	const struct elf_file *file;
	uint64_t base; /* where .stapsdt.base is; 0: there is none */
	int (*each)(void *ctx, const struct usdt_note *note);
	void *ctx;
	struct fault *why;
	size_t note_cnt;
};

static int refuse_notes(const struct walk *walk, const char *what)
{
	return fault__set(walk->why, -EBADMSG, "%s: corrupt: USDT note %zu in " NOTES_SECTION " %s",
			  elf_file__path(walk->file), walk->note_cnt, what);
}

/* Takes the next string of a descriptor. NULL when it does not end. */
static const char *take_string(const char **at, const char *end)
{
	const char *text = *at;
	const char *nul = memchr(text, '\0', (size_t)(end - text));

	if (!nul)
		return NULL;
	*at = nul + 1;
	return text;
}

static int visit(struct walk *walk, const char *desc, size_t sz)
{
	const char *end = desc + sz;
	uint64_t addresses[3], moved = 0;
	struct usdt_note note;

	if (sz < sizeof(addresses))
		return refuse_notes(walk, "is too short");
	memcpy(addresses, desc, sizeof(addresses));
	desc += sizeof(addresses);
	note.provider = take_string(&desc, end);
	note.name = note.provider ? take_string(&desc, end) : NULL;
	note.args = note.name ? take_string(&desc, end) : NULL;
	if (!note.args)
		return refuse_notes(walk, "has a text without end");
	if (walk->base && addresses[1])
		moved = walk->base - addresses[1];
	note.vaddr = addresses[0] + moved;
	note.semaphore = addresses[2] ? addresses[2] + moved : 0;
	return walk->each(walk->ctx, &note);
}

static int walk_section(struct walk *walk, Elf_Data *data)
{
	size_t at = 0, next, name_offset, desc_offset;
	GElf_Nhdr nhdr;
	int err;

	while ((next = gelf_getnote(data, at, &nhdr, &name_offset, &desc_offset)) > at) {
		const char *bytes = data->d_buf;

		at = next;
		if (nhdr.n_type != NOTE_TYPE || nhdr.n_namesz != sizeof(NOTE_OWNER) ||
		    memcmp(bytes + name_offset, NOTE_OWNER, sizeof(NOTE_OWNER)) != 0)
			continue;
		walk->note_cnt++;
		err = visit(walk, bytes + desc_offset, nhdr.n_descsz);
		if (err)
			return err;
	}
	walk->note_cnt++;
	return at < data->d_size ? refuse_notes(walk, "is cut short") : 0;
}

int usdt_each_note(const struct elf_file *file,
		   int (*each)(void *ctx, const struct usdt_note *note), void *ctx,
		   struct fault *why)
{
	struct walk walk = { .file = file, .each = each, .ctx = ctx, .why = why };
	Elf_Scn *section = elf_section_named(file->elf, BASE_SECTION, NULL);
	GElf_Shdr shdr;
	int err = 0;

	if (section && gelf_getshdr(section, &shdr))
		walk.base = shdr.sh_addr;
	section = NULL;
	while (!err && (section = elf_section_named(file->elf, NOTES_SECTION, section))) {
		Elf_Data *data = NULL;

		if (!gelf_getshdr(section, &shdr) || shdr.sh_type != SHT_NOTE || !shdr.sh_size)
			continue;
		if (shdr.sh_size <= NOTES_MAX_SZ)
			data = elf_file__section_data(file, section);
		if (!data)
			return fault__set(why, -EBADMSG,
					  "%s: corrupt: " NOTES_SECTION
					  " lies outside the file, or is absurdly large",
					  elf_file__path(file));
		err = walk_section(&walk, data);
	}
	return err == -ENOMEM ? fault__set(why, err, "%s: out of memory", elf_file__path(file))
			      : err;
}
