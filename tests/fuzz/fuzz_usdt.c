/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * USDT notes and arguments of any bytes. The first byte chooses: 1 = arm64, 2 = a file that is
 * loaded where it was linked, 4 = with .stapsdt.base, 8 = the rest is the text of the arguments
 * (otherwise the section of the notes).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/usdt_fixture.h"
#include "elf/usdt_private.h"

#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_register(uint8_t number, uint16_t machine)
{
	if (number == USDT_REGISTER_NONE)
		return;
	require(machine == EM_AARCH64 ? number <= 31 : number < 16 || number == USDT_REGISTER_PC);
}

static void check_arg(const struct usdt_arg *arg, uint16_t machine)
{
	if (arg->kind == USDT_ARG_UNKNOWN)
		return;
	require(arg->size == 1 || arg->size == 2 || arg->size == 4 || arg->size == 8);
	check_register(arg->base, machine);
	check_register(arg->index, machine);
	require(arg->kind != USDT_ARG_REGISTER || arg->base <= 31);
	require(arg->kind != USDT_ARG_CONST || arg->base == USDT_REGISTER_NONE);
	require(arg->index == USDT_REGISTER_NONE ||
		(arg->kind == USDT_ARG_MEMORY && arg->scale >= 1 && arg->scale <= 8));
	require(arg->kind != USDT_ARG_MEMORY || arg->base != USDT_REGISTER_NONE ||
		arg->index != USDT_REGISTER_NONE);
}

static void check_args(const struct usdt_site *site, uint16_t machine)
{
	bool known = true;

	require(site->arg_cnt <= USDT_ARGS_MAX);
	for (size_t i = 0; i < site->arg_cnt; i++) {
		check_arg(&site->args[i], machine);
		known &= site->args[i].kind != USDT_ARG_UNKNOWN;
	}
	require(known || !site->args_known);
}

static int look(void *ctx, const struct usdt_site *site, const char *problem)
{
	uint16_t machine = *(const uint16_t *)ctx;

	require(site->provider && site->name && site->args_text);
	require(problem ? *problem && !site->offset && !site->semaphore_offset : site->offset > 0);
	check_args(site, machine);
	return 0;
}

static void find(const struct elf_file *file, const char *provider, const char *name, bool many)
{
	struct usdt_sites sites = {};
	struct fault why = {};

	if (usdt__find(file, provider, name, many, &sites, &why) != 0) {
		require(!sites.items && why.text[0]);
		return;
	}
	require(sites.cnt > 0);
	for (size_t i = 0; i < sites.cnt; i++) {
		require(i == 0 || sites.items[i - 1].vaddr <= sites.items[i].vaddr);
		require(sites.items[i].offset > 0);
		check_args(&sites.items[i], elf_file__machine(file));
	}
	usdt_sites__free(&sites);
}

static void use_file(const struct usdt_elf *spec)
{
	static struct usdt_elf_file bytes;
	uint16_t machine = spec->machine;
	struct elf_file *file = NULL;
	struct fault why = {};
	char path[64];
	int fd, err;

	usdt_elf__make(spec, &bytes);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes.bytes, bytes.sz) != (ssize_t)bytes.sz)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	require(elf_file__open(path, &file, &why) == 0);
	close(fd);
	err = usdt__each(file, look, &machine, &why);
	require(err == 0 || (err == -EBADMSG && why.text[0]));
	find(file, "a", "b", false);
	find(file, "a", "*", true);
	elf_file__free(file);
}

static int resolve(void *ctx, const char *name, size_t len, uint64_t *ret_vaddr)
{
	(void)ctx;
	*ret_vaddr = 0x4000 + (uint64_t)name[0] + len;
	return name[0] == 'v' ? 0 : -ENOENT;
}

static void use_text(const struct usdt_elf *spec, const uint8_t *data, size_t sz)
{
	const struct usdt_context context = {
		.machine = spec->machine,
		.vaddr = USDT_CODE_VADDR,
		.absolute = spec->type == ET_EXEC,
		.resolve = resolve,
	};
	struct usdt_site site = {};
	char text[TEXT_MAX];

	if (sz >= sizeof(text))
		sz = sizeof(text) - 1;
	memcpy(text, data, sz);
	text[sz] = '\0';
	usdt_parse_args(&context, text, &site);
	check_args(&site, spec->machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	static const uint8_t arm64_nop[] = { 0x1f, 0x20, 0x03, 0xd5 };
	uint8_t code[0x100];
	struct usdt_elf spec = { .code = code, .code_sz = sizeof(code) };

	if (sz == 0)
		return 0;
	spec.machine = data[0] & 1 ? EM_AARCH64 : EM_X86_64;
	spec.type = data[0] & 2 ? ET_EXEC : ET_DYN;
	spec.base = data[0] & 4 ? 0x5000 : 0;
	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = data[0] & 1 ? arm64_nop[i % 4] : 0x90;
	if (data[0] & 8) {
		use_text(&spec, data + 1, sz - 1);
		return 0;
	}
	spec.notes = data + 1;
	spec.notes_sz = sz - 1 < USDT_NOTES_MAX_SZ ? sz - 1 : USDT_NOTES_MAX_SZ;
	use_file(&spec);
	return 0;
}
