/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ELF files of any bytes: opened, searched, and their functions decoded. The file is in memory; its
 * path in /proc is one of a regular file.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf/elf_file.h"
#include "elf/ld_cache.h"
#include "plan/code.h"

/* Decoding is quadratic in the number of offsets tried; a few tell as much as all. */
#define OFFSETS_MAX 6
#define SYMBOLS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* An error has a text. */
static void decode(struct code_reader *reader, uint64_t vaddr, uint64_t size)
{
	struct code_exits exits = {};
	struct code *code = NULL;
	struct fault why = {};
	int err;

	if (code__load(reader, vaddr, size, &code, &why) != 0) {
		require(!code && why.text[0]);
		return;
	}
	for (uint64_t offset = 0; offset < OFFSETS_MAX; offset++) {
		why.text[0] = '\0';
		err = code__check_boundary(code, offset, &why);
		require(err == 0 || why.text[0]);
		why.text[0] = '\0';
		err = code__check_return_intact(code, offset, &why);
		require(err == 0 || why.text[0]);
	}
	why.text[0] = '\0';
	err = code__find_exits(code, &exits, &why);
	require(err == 0 || why.text[0]);
	code_exits__free(&exits);
	code__free(code);
}

static void find(const struct elf_file *file, const char *name, int many)
{
	const struct elf_query query = { .name = name, .many = many };
	struct code_reader *reader = NULL;
	struct elf_symbols symbols = {};
	struct fault why = {};

	if (elf_file__find(file, &query, &symbols, &why) != 0) {
		require(why.text[0]);
		return;
	}
	require(symbols.cnt > 0);
	if (code_reader__new(file, &reader, &why) != 0)
		require(!reader && why.text[0]);
	for (size_t i = 0; i < symbols.cnt; i++) {
		const struct elf_symbol *s = &symbols.items[i];
		uint64_t offset;

		require(elf_file__offset(file, s->vaddr, &offset) == 0 && offset == s->offset);
		require(i == 0 || symbols.items[i - 1].vaddr < s->vaddr);
		require(s->name && s->display && s->table);
		if (reader && i < SYMBOLS_MAX)
			decode(reader, s->vaddr, s->size);
	}
	code_reader__free(reader);
	elf_symbols__free(&symbols);
}

struct listing {
	const struct elf_file *file;
	const char *before;
	size_t cnt;
};

static int look_at_function(void *ctx, const struct elf_symbol *symbol)
{
	struct listing *listing = ctx;
	const struct elf_symbol *at = elf_file__function_at(listing->file, symbol->vaddr);
	uint64_t offset;

	require(!listing->before || strcmp(listing->before, symbol->display) <= 0);
	require(at && at->vaddr == symbol->vaddr);
	require(elf_file__offset(listing->file, symbol->vaddr, &offset) == 0 &&
		offset == symbol->offset);
	listing->before = symbol->display;
	return ++listing->cnt == 100;
}

static int look(void *ctx, const char *name)
{
	*(size_t *)ctx += strlen(name);
	return 0;
}

static int look_at_entry(void *ctx, const struct ld_cache_entry *entry)
{
	*(size_t *)ctx += strlen(entry->soname) + strlen(entry->path);
	return 0;
}

static void use(const char *path)
{
	static const char *const names[] = { "f", "versioned", "versioned@LIB_1", "ns::f(int)",
					     "main.main" };
	static const char *const patterns[] = { "*", "ns::*", "f" };
	struct elf_file *file = NULL;
	struct listing listing = {};
	struct fault why = {};
	size_t seen = 0;

	if (elf_file__open(path, &file, &why) != 0) {
		require(!file && why.text[0]);
		return;
	}
	listing.file = file;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		find(file, names[i], 0);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		find(file, patterns[i], 1);
	why.text[0] = '\0';
	require(elf_file__each_function(file, look_at_function, &listing, &why) >= 0 ||
		why.text[0]);
	elf_file__function_at(file, 0x401000);
	seen += (size_t)elf_file__is_go(file) + (size_t)elf_file__is_rust(file);
	elf_file__each_needed(file, look, &seen);
	elf_file__each_import(file, look, &seen);
	elf_file__has_section(file, ".text");
	seen += strlen(elf_file__build_id(file));
	elf_file__free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	size_t seen = 0;
	char path[64];
	int fd;

	ld_cache__each(data, sz, look_at_entry, &seen);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, sz) != (ssize_t)sz)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	use(path);
	close(fd);
	return 0;
}
