/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From notes to places in the file: what is there, where its semaphore is, and which are wanted. */
#include "usdt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../select.h"
#include "../suggest.h"
#include "elf_private.h"
#include "usdt_private.h"

/* --- a place --------------------------------------------------------------------------------- */

static int check_nop(const struct elf_file *file, struct usdt_site *site, struct fault *problem)
{
	static const uint8_t x86_nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	static const uint8_t arm64_nop[] = { 0x1f, 0x20, 0x03, 0xd5 };
	bool arm64 = elf_file__machine(file) == EM_AARCH64;
	uint8_t code[sizeof(x86_nop5)] = {};
	ssize_t sz;

	if (elf_file__machine(file) != EM_X86_64 && !arm64)
		return fault__set(problem, -EINVAL, "a machine whose nop is not known");
	sz = elf_file__read(file, site->vaddr, code, sizeof(code));
	if (sz <= 0)
		return fault__set(problem, -EINVAL, "0x%" PRIx64 " is outside the code",
				  site->vaddr);
	site->nop5 = !arm64 && sz == sizeof(code) && memcmp(code, x86_nop5, sizeof(code)) == 0;
	if (arm64 ? sz >= 4 && site->vaddr % 4 == 0 && memcmp(code, arm64_nop, 4) == 0
		  : site->nop5 || code[0] == 0x90)
		return 0;
	return fault__set(problem, -EINVAL,
			  "the instruction at 0x%" PRIx64 " is no nop (%02x %02x %02x %02x ...)",
			  site->vaddr, code[0], code[1], code[2], code[3]);
}

/* Linux counts in memory that is mapped from the file, private and writable, at an even offset
 * (kernel/events/uprobes.c, valid_ref_ctr_vma and uprobe_register). */
static int place_semaphore(const struct elf_file *file, uint64_t vaddr, struct usdt_site *site,
			   struct fault *problem)
{
	GElf_Phdr phdr;
	size_t count;

	if (elf_getphdrnum(file->elf, &count) != 0)
		count = 0;
	for (size_t i = 0; i < count && gelf_getphdr(file->elf, (int)i, &phdr); i++) {
		if (phdr.p_type != PT_LOAD || !(phdr.p_flags & PF_W) || (phdr.p_flags & PF_X) ||
		    vaddr < phdr.p_vaddr || phdr.p_filesz < 2 ||
		    vaddr - phdr.p_vaddr > phdr.p_filesz - 2)
			continue;
		site->semaphore_offset = phdr.p_offset + (vaddr - phdr.p_vaddr);
		if (site->semaphore_offset % 2 || site->semaphore_offset >= file->sz)
			break;
		return 0;
	}
	site->semaphore_offset = 0;
	return fault__set(problem, -EINVAL,
			  "its semaphore at 0x%" PRIx64 " is not in data that the file holds (it "
			  "belongs into the section .probes)",
			  vaddr);
}

static int resolve_variable(void *ctx, const char *name, size_t len, uint64_t *ret_vaddr)
{
	return usdt_variables__resolve(ctx, name, len, ret_vaddr);
}

static void usdt_site__free(struct usdt_site *site)
{
	free(site->provider);
	free(site->name);
	free(site->args_text);
}

/* -EINVAL with problem leaves a site that has everything but its offsets. */
static int usdt_site__init(struct usdt_site *site, struct usdt_variables *variables,
			   const struct usdt_note *note, struct fault *problem)
{
	const struct elf_file *file = variables->file;
	struct usdt_context context = {
		.machine = elf_file__machine(file),
		.vaddr = note->vaddr,
		.resolve = resolve_variable,
		.ctx = variables,
	};
	GElf_Ehdr ehdr;
	int err;

	context.absolute = gelf_getehdr(file->elf, &ehdr) && ehdr.e_type == ET_EXEC;
	*site = (struct usdt_site) {
		.provider = strdup(note->provider),
		.name = strdup(note->name),
		.args_text = strdup(note->args),
		.vaddr = note->vaddr,
	};
	if (!site->provider || !site->name || !site->args_text) {
		usdt_site__free(site);
		return -ENOMEM;
	}
	usdt_parse_args(&context, note->args, site);
	err = check_nop(file, site, problem);
	if (!err && note->semaphore)
		err = place_semaphore(file, note->semaphore, site, problem);
	if (!err)
		err = elf_file__offset(file, site->vaddr, &site->offset);
	return err;
}

/* --- listing --------------------------------------------------------------------------------- */

struct listing {
	struct usdt_variables variables;
	int (*each)(void *ctx, const struct usdt_site *site, const char *problem);
	void *ctx;
};

static int list(void *ctx, const struct usdt_note *note)
{
	struct listing *listing = ctx;
	struct fault problem = {};
	struct usdt_site site;
	int err;

	err = usdt_site__init(&site, &listing->variables, note, &problem);
	if (err == -ENOMEM)
		return err;
	err = listing->each(listing->ctx, &site, err ? problem.text : NULL);
	usdt_site__free(&site);
	return err;
}

int usdt__each(const struct elf_file *file,
	       int (*each)(void *ctx, const struct usdt_site *site, const char *problem), void *ctx,
	       struct fault *why)
{
	struct listing listing = { .variables.file = file, .each = each, .ctx = ctx };
	int err;

	err = usdt_each_note(file, list, &listing, why);
	usdt_variables__free(&listing.variables);
	return err;
}

/* --- finding --------------------------------------------------------------------------------- */

struct search {
	struct usdt_variables variables;
	const char *provider, *name;
	bool many;
	struct tacho_glob provider_glob, name_glob;
	struct usdt_sites found;
	size_t room;
	struct fault *why;
};

/* glob_matches reads TACHO_COMMAND_SZ bytes whatever the length it is told. */
static bool glob_accepts(const struct tacho_glob *glob, const char *text)
{
	char padded[TACHO_COMMAND_SZ] = {};
	size_t len = strlen(text);

	if (len >= sizeof(padded))
		return false;
	memcpy(padded, text, len);
	return glob_matches(glob, padded, len);
}

static bool wanted(const struct search *search, const struct usdt_note *note)
{
	if (search->many)
		return glob_accepts(&search->provider_glob, note->provider) &&
		       glob_accepts(&search->name_glob, note->name);
	return strcmp(search->provider, note->provider) == 0 &&
	       strcmp(search->name, note->name) == 0;
}

static int keep(void *ctx, const struct usdt_note *note)
{
	struct search *search = ctx;
	struct usdt_sites *found = &search->found;
	struct fault problem = {};
	int err;

	if (!wanted(search, note))
		return 0;
	if (found->cnt == search->room) {
		size_t room = 2 * search->room + 4;
		struct usdt_site *items = reallocarray(found->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		found->items = items;
		search->room = room;
	}
	err = usdt_site__init(&found->items[found->cnt], &search->variables, note, &problem);
	if (err == -ENOMEM)
		return err;
	found->cnt++;
	if (err)
		fault__set(search->why, err, "%s: USDT probe %s:%s cannot be traced: %s",
			   elf_file__path(search->variables.file), note->provider, note->name,
			   problem.text);
	return err;
}

static int by_address(const void *a, const void *b)
{
	const struct usdt_site *x = a, *y = b;
	int order;

	if (x->vaddr != y->vaddr)
		return x->vaddr < y->vaddr ? -1 : 1;
	order = strcmp(x->provider, y->provider);
	return order ? order : strcmp(x->name, y->name);
}

/* A note that stands twice would count each passage twice. */
static void sort_and_merge(struct usdt_sites *found)
{
	size_t kept = 0;

	qsort(found->items, found->cnt, sizeof(*found->items), by_address);
	for (size_t i = 0; i < found->cnt; i++) {
		if (kept > 0 && by_address(&found->items[kept - 1], &found->items[i]) == 0)
			usdt_site__free(&found->items[i]);
		else
			found->items[kept++] = found->items[i];
	}
	found->cnt = kept;
}

/* All names, as "PROVIDER:NAME". */
struct names {
	char **items;
	size_t cnt, room;
};

static int collect_name(void *ctx, const struct usdt_note *note)
{
	struct names *names = ctx;

	if (names->cnt == names->room) {
		size_t room = 2 * names->room + 16;
		char **items = reallocarray(names->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		names->items = items;
		names->room = room;
	}
	if (asprintf(&names->items[names->cnt], "%s:%s", note->provider, note->name) < 0)
		return -ENOMEM;
	names->cnt++;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Says how many different probes there are and which are nearest. */
static int refuse_missing(const struct search *search, struct names *names)
{
	const char *path = elf_file__path(search->variables.file);
	struct suggestions closest = {};
	char wanted_name[256], list_text[512] = "";
	size_t used = 0, distinct = 0;

	snprintf(wanted_name, sizeof(wanted_name), "%s:%s", search->provider, search->name);
	closest.word = wanted_name;
	if (names->cnt)
		qsort(names->items, names->cnt, sizeof(*names->items), by_text);
	for (size_t i = 0; i < names->cnt; i++) {
		if (i > 0 && strcmp(names->items[i - 1], names->items[i]) == 0)
			continue;
		distinct++;
		suggestions__offer(&closest, names->items[i]);
	}
	for (size_t i = 0; i < closest.cnt && used < sizeof(list_text); i++)
		used += (size_t)snprintf(list_text + used, sizeof(list_text) - used, "%s%s",
					 i ? ", " : " (closest: ", closest.names[i]);
	if (distinct == 0)
		return fault__set(search->why, -ENOENT, "%s: has no USDT probes, so none called %s",
				  path, wanted_name);
	return fault__set(search->why, -ENOENT,
			  "%s: no USDT probe is called %s; the file has %zu%s%s", path, wanted_name,
			  distinct, list_text, closest.cnt ? ")" : "");
}

static int explain_missing(struct search *search)
{
	struct names names = {};
	int err;

	err = usdt_each_note(search->variables.file, collect_name, &names, search->why);
	if (!err)
		err = refuse_missing(search, &names);
	for (size_t i = 0; i < names.cnt; i++)
		free(names.items[i]);
	free(names.items);
	return err;
}

int usdt__find(const struct elf_file *file, const char *provider, const char *name, bool many,
	       struct usdt_sites *ret_sites, struct fault *why)
{
	struct search search = {
		.variables.file = file,
		.provider = provider,
		.name = name,
		.many = many,
		.why = why,
	};
	int err;

	if (many && (glob_compile(provider, &search.provider_glob, why) != 0 ||
		     glob_compile(name, &search.name_glob, why) != 0))
		return fault__prefix(why, -EINVAL, "USDT probe %s:%s", provider, name);
	err = usdt_each_note(file, keep, &search, why);
	if (!err && search.found.cnt == 0)
		err = explain_missing(&search);
	usdt_variables__free(&search.variables);
	if (err) {
		usdt_sites__free(&search.found);
		return err;
	}
	sort_and_merge(&search.found);
	*ret_sites = search.found;
	return 0;
}

void usdt_sites__free(struct usdt_sites *sites)
{
	if (!sites)
		return;
	for (size_t i = 0; i < sites->cnt; i++)
		usdt_site__free(&sites->items[i]);
	free(sites->items);
	*sites = (struct usdt_sites) {};
}
