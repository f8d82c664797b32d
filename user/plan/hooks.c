/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The places where stacks are cut back (bpf/unwind.bpf.h): in the file itself, when it is static or
 * brings its own, and in the libraries that throw and jump for others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_faults.h"
#include "plan_internal.h"

static const struct {
	const char *symbol;
	enum tacho_unwind what;
} hook_symbols[] = {
	/* libgcc_s, libunwind; Itanium C++ ABI: Exception Handling, 1.3 */
	{ "_Unwind_RaiseException", TACHO_UNWIND_THROW },
	{ "_Unwind_Resume_or_Rethrow", TACHO_UNWIND_THROW },
	{ "_Unwind_ForcedUnwind", TACHO_UNWIND_FORCED },
	{ "_Unwind_Resume", TACHO_UNWIND_RESUME },
	/* libstdc++, libc++abi; the same, 2.5.3 */
	{ "__cxa_begin_catch", TACHO_UNWIND_CATCH },
};

/* Rust: called where a panic has arrived, in this order of preference. The last one is called by
 * the others, deeper in the stack. */
static const char *const rust_catch_symbols[] = {
	"std::panicking::catch_unwind::cleanup",
	"std::panicking::try::cleanup",
	"__rust_panic_cleanup",
	NULL,
};

/* In one of these the real work of all longjmps is done, found by decoding. */
static const char *const jump_symbols[] = { "longjmp", "__longjmp_chk", NULL };

static const char *const unwinding_libraries[] = {
	"libgcc_s.so.1", "libstdc++.so.6", "libc++abi.so.1", "libunwind.so.1", "libc.so.6", NULL,
};

static int plan__add_hook(struct plan *plan, uint32_t binary, enum tacho_unwind what,
			  uint64_t vaddr, const char *symbol)
{
	struct planned_hook hook = { .binary = binary, .what = what };
	struct planned_hook *grown;

	if (elf_file__offset(plan->binaries[binary].elf, vaddr, &hook.offset))
		return 0;
	for (size_t i = 0; i < plan->hook_cnt; i++) {
		if (plan->hooks[i].binary == binary && plan->hooks[i].offset == hook.offset)
			return 0; /* a second name of the same function */
	}
	grown = plan_grow(plan->hooks, plan->hook_cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->hooks = grown;
	hook.symbol = strdup(symbol);
	if (!hook.symbol)
		return -ENOMEM;
	plan->hooks[plan->hook_cnt++] = hook;
	return 0;
}

/* Probes at a function's first instruction and, for longjmp, at one within: both must be proven to
 * be instructions that the kernel can probe. */
static bool can_be_probed(struct planned_binary *binary, const struct elf_symbol *symbol)
{
	struct code *code = NULL;
	bool can;

	can = !code__load(binary->code, symbol->vaddr, symbol->size, &code, NULL) &&
	      !code__check_boundary(code, 0, NULL) &&
	      !(code__cost_at(code, 0) == CODE_COST_NOP5 && kernel_breaks_nops());
	code__free(code);
	return can;
}

static int add_function_hooks(struct plan *plan, uint32_t index, const char *name,
			      enum tacho_unwind what)
{
	struct planned_binary *binary = &plan->binaries[index];
	const struct elf_query query = { .name = name };
	struct elf_symbols symbols = {};
	int err = 0;

	if (elf_file__find(binary->elf, &query, &symbols, NULL))
		return 0;
	for (size_t i = 0; !err && i < symbols.cnt; i++) {
		if (can_be_probed(binary, &symbols.items[i]))
			err = plan__add_hook(plan, index, what, symbols.items[i].vaddr, name);
	}
	elf_symbols__free(&symbols);
	return err;
}

static int add_jump_hooks(struct plan *plan, uint32_t index, const char *name)
{
	struct planned_binary *binary = &plan->binaries[index];
	const struct elf_query query = { .name = name };
	struct elf_symbols symbols = {};
	struct code_switch found;
	int err = 0;

	if (elf_file__find(binary->elf, &query, &symbols, NULL))
		return 0;
	for (size_t i = 0; !err && i < symbols.cnt; i++) {
		if (code_find_stack_switch(binary->code, symbols.items[i].vaddr,
					   symbols.items[i].size, &found, NULL))
			continue;
		err = plan__add_hook(plan, index, TACHO_UNWIND_JUMP_FROM, found.entry_vaddr, name);
		if (!err)
			err = plan__add_hook(plan, index, TACHO_UNWIND_JUMP_TO, found.jump_vaddr,
					     name);
	}
	elf_symbols__free(&symbols);
	return err;
}

static int add_hooks_in(struct plan *plan, uint32_t index, struct fault *why)
{
	struct planned_binary *binary = &plan->binaries[index];
	size_t hook_cnt;
	int err = 0;

	if (binary->hooks_planned)
		return 0;
	binary->hooks_planned = true;
	if (!binary->code && code_reader__new(binary->elf, &binary->code, why))
		return 0; /* code of another machine: nothing is probed either */
	for (size_t i = 0; !err && i < sizeof(hook_symbols) / sizeof(hook_symbols[0]); i++)
		err = add_function_hooks(plan, index, hook_symbols[i].symbol, hook_symbols[i].what);
	hook_cnt = plan->hook_cnt;
	for (size_t i = 0; !err && plan->hook_cnt == hook_cnt && rust_catch_symbols[i]; i++)
		err = add_function_hooks(plan, index, rust_catch_symbols[i], TACHO_UNWIND_CATCH);
	for (size_t i = 0; !err && jump_symbols[i]; i++)
		err = add_jump_hooks(plan, index, jump_symbols[i]);
	return err;
}

int plan__add_hooks(struct plan *plan, uint32_t binary, bool again, struct fault *why)
{
	const char *root = plan->binaries[binary].root;
	uint32_t library;
	int err;

	if (plan->binaries[binary].hooks_planned && !again)
		return 0;
	err = add_hooks_in(plan, binary, why);
	for (size_t i = 0; !err && unwinding_libraries[i]; i++) {
		if (plan__add_binary(plan, unwinding_libraries[i], root, &library, NULL))
			continue;
		root = plan->binaries[binary].root; /* adding may move them */
		err = add_hooks_in(plan, library, why);
	}
	return err;
}
