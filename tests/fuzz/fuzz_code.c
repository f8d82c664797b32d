/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions of any bytes, of either machine, asked everything. The first byte says which machine,
 * and whether the size is known; the second how much of the rest is the function, in sixteenths:
 * what is left may be its cold part, or another function.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <stdlib.h>

#include "../unit/tiny_elf.h"
#include "elf/elf_file.h"
#include "plan/code.h"

#define HEAD_SZ 2
#define OFFSETS_MAX 64

enum { IS_ARM64 = 1, NO_SIZE = 2, HAS_COLD = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

static void require(int holds)
{
	if (!holds)
		abort();
}

/* An answer is one or has a reason, and the answers agree. */
static void ask_boundaries(struct code *code)
{
	struct fault why = {};

	for (uint64_t offset = 0; offset < OFFSETS_MAX; offset++) {
		int err = code__check_boundary(code, offset, &why);
		int intact_err;

		require(err == 0 || why.text[0]);
		require((err == 0) == (code__cost_at(code, offset) != CODE_COST_REFUSED));
		why.text[0] = '\0';
		intact_err = code__check_return_intact(code, offset, &why);
		require(intact_err == 0 || why.text[0]);
		require(err == 0 || intact_err != 0);
		why.text[0] = '\0';
	}
}

static void ask_entry(struct code *code, const struct code_entry_wish *wish)
{
	struct code_entry entry = {};
	struct fault why = {};

	if (code__place_entry(code, wish, &entry, &why) != 0) {
		require(why.text[0]);
		return;
	}
	require(entry.offset >= wish->from);
	require(entry.cost == code__cost_at(code, entry.offset));
	require(entry.cost <= CODE_COST_STEPPED);
	require(entry.sp_delta >= 0 && entry.sp_delta <= 1016 && entry.sp_delta % 8 == 0);
	if (!wish->return_intact)
		return;
	require(entry.sp_delta == 0);
	require(entry.offset == 0 || code__check_return_intact(code, entry.offset, NULL) == 0);
}

static void ask_entries(struct code *code)
{
	for (uint64_t from = 0; from < OFFSETS_MAX; from += from < 8 ? 1 : 5) {
		for (unsigned i = 0; i < 4; i++) {
			const struct code_entry_wish wish = {
				.from = from,
				.return_intact = i & 1,
				.arguments = i & 2 ? 0x33 : 0,
			};

			ask_entry(code, &wish);
		}
	}
}

static void check_exit(struct code *code, const struct code_exit *exit)
{
	const struct code_jump *jump = &exit->jump;

	require(exit->cost <= CODE_COST_STEPPED);
	if (exit->offset >= 0 && (uint64_t)exit->offset < code__size(code))
		require(code__cost_at(code, (uint64_t)exit->offset) == exit->cost);
	if (exit->kind != CODE_EXIT_MAYBE)
		return;
	require(jump->target <= CODE_TARGET_MEMORY);
	require(jump->condition <= CODE_IF_BIT_SET || jump->condition == CODE_ALWAYS);
	require(jump->test_bit < 64 && jump->test_register < 32);
	if (jump->target == CODE_TARGET_DIRECT)
		require(jump->condition != CODE_ALWAYS && jump->displacement != 0);
	else
		require(jump->inside[0][0] <= jump->inside[0][1]);
}

static void ask_exits(struct code *code)
{
	size_t tail_calls = 0, maybes = 0;
	struct code_exits exits = {};
	struct fault why = {};

	if (code__find_exits(code, &exits, &why) != 0) {
		require(why.text[0] && !exits.items);
		return;
	}
	for (size_t i = 0; i < exits.cnt; i++) {
		check_exit(code, &exits.items[i]);
		tail_calls += exits.items[i].kind == CODE_EXIT_TAIL_CALL;
		maybes += exits.items[i].kind == CODE_EXIT_MAYBE;
		for (size_t k = 0; k < i; k++)
			require(exits.items[k].offset != exits.items[i].offset);
	}
	require(tail_calls == exits.tail_call_cnt && maybes == exits.maybe_cnt);
	code__reads_return_address(code);
	code__calls_itself(code);
	require(code__behind_checks(code) < code__size(code));
	code_exits__free(&exits);
}

static void ask(const struct elf_file *file, uint64_t size)
{
	struct code_switch stack_switch = {};
	struct code_reader *reader = NULL;
	struct code *code = NULL;
	struct fault why = {};

	require(code_reader__new(file, &reader, &why) == 0);
	if (code__load(reader, TINY_CODE_VADDR, size, &code, &why) == 0) {
		ask_exits(code);
		ask_boundaries(code);
		ask_entries(code);
		ask_exits(code);
	}
	code__free(code);
	if (code_find_stack_switch(reader, TINY_CODE_VADDR, size, &stack_switch, &why) == 0)
		require(stack_switch.jump_vaddr > stack_switch.entry_vaddr);
	code_reader__free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct tiny_symbol symbols[3] = { { "f", TINY_CODE_VADDR, 0, STT_FUNC, 1 } };
	struct tiny_elf spec = { .symbols = symbols };
	struct elf_file *file = NULL;
	struct tiny_file bytes;
	struct fault why = {};
	char path[64];
	int fd;

	if (sz <= HEAD_SZ || sz - HEAD_SZ > TINY_CODE_MAX_SZ)
		return 0;
	spec.machine = data[0] & IS_ARM64 ? EM_AARCH64 : EM_X86_64;
	spec.code = data + HEAD_SZ;
	spec.code_sz = sz - HEAD_SZ;
	symbols[0].size = spec.code_sz * (data[1] % 16 + 1) / 16;
	symbols[1] = (struct tiny_symbol) { data[0] & HAS_COLD ? "f.cold" : "g",
					    TINY_CODE_VADDR + symbols[0].size,
					    spec.code_sz - symbols[0].size, STT_FUNC, 1 };
	tiny_elf__make(&spec, &bytes);
	fd = tiny_file__publish(bytes.bytes, bytes.sz, path, sizeof(path));
	require(fd >= 0);
	require(elf_file__open(path, &file, &why) == 0);
	ask(file, data[0] & NO_SIZE ? 0 : symbols[0].size);
	elf_file__free(file);
	close(fd);
	return 0;
}
