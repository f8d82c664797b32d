/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the values that a state captures are found: in the registers that the calling convention
 * uses (System V AMD64 ABI 3.2.3; AAPCS64 6.8), or where a USDT note says.
 */
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "../elf/dwarf.h"
#include "../elf/usdt.h"
#include "../plural.h"
#include "plan_internal.h"

/* Of struct pt_regs as a uprobe program sees it: arch/x86/include/asm/ptrace.h. By the number that
 * the processor gives the register. */
static const uint16_t x86_offsets[] = {
	80,  /* ax */
	88,  /* cx */
	96,  /* dx */
	40,  /* bx */
	152, /* sp */
	32,  /* bp */
	104, /* si */
	112, /* di */
	72,  /* r8 */
	64,  56, 48, 24, 16, 8, 0,
};
#define X86_IP_OFFSET 128

static const uint8_t x86_arguments[] = { 7, 6, 2, 1, 8, 9 };
#define ARM64_ARGUMENTS 8
#define ARM64_SP 31
#define ARM64_PC_OFFSET (32 * 8) /* behind regs[31] and sp */

uint16_t register_offset(uint16_t machine, unsigned int number)
{
	if (machine == EM_X86_64) {
		if (number == USDT_REGISTER_PC)
			return X86_IP_OFFSET;
		return number < sizeof(x86_offsets) / sizeof(x86_offsets[0]) ? x86_offsets[number]
									     : TACHO_NO_REGISTER;
	}
	if (number == USDT_REGISTER_PC)
		return ARM64_PC_OFFSET;
	return number <= ARM64_SP ? number * 8 : TACHO_NO_REGISTER;
}

static unsigned int arguments_in_registers(uint16_t machine)
{
	return machine == EM_X86_64 ? sizeof(x86_arguments) : ARM64_ARGUMENTS;
}

/* Argument n (from 1) at the first instruction of a function. */
static int argument_fetch(uint16_t machine, unsigned int n, const struct value_scope *scope,
			  struct tacho_fetch *ret_fetch, struct fault *why)
{
	unsigned int in_registers = arguments_in_registers(machine);
	struct tacho_fetch fetch = { .base = TACHO_NO_REGISTER, .index = TACHO_NO_REGISTER };

	if (!scope->at_entry)
		return fault__set(why, -EINVAL,
				  "arguments are where the convention has them only at a "
				  "function's first instruction");
	if (n <= in_registers) {
		fetch.kind = TACHO_FETCH_REGISTER;
		fetch.size = 8;
		fetch.base = register_offset(machine,
					     machine == EM_X86_64 ? x86_arguments[n - 1] : n - 1);
	} else {
		/* On the stack: on x86 above the return address. */
		fetch.kind = TACHO_FETCH_MEMORY;
		fetch.size = 8;
		fetch.base = register_offset(machine, machine == EM_X86_64 ? 4 : ARM64_SP);
		fetch.displacement = scope->sp_delta + (machine == EM_X86_64 ? 8 : 0) +
				     8 * (n - in_registers - 1);
	}
	*ret_fetch = fetch;
	return 0;
}

static enum tacho_value_type integer_type(unsigned int size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? TACHO_VALUE_S8 : TACHO_VALUE_U8;
	case 2:
		return is_signed ? TACHO_VALUE_S16 : TACHO_VALUE_U16;
	case 4:
		return is_signed ? TACHO_VALUE_S32 : TACHO_VALUE_U32;
	default:
		return is_signed ? TACHO_VALUE_S64 : TACHO_VALUE_U64;
	}
}

static int usdt_fetch(uint16_t machine, unsigned int n, const struct usdt_site *site,
		      struct planned_value *ret_value, struct fault *why)
{
	const struct usdt_arg *arg = &site->args[n - 1];
	struct tacho_fetch fetch = { .base = TACHO_NO_REGISTER, .index = TACHO_NO_REGISTER };

	if (n > site->arg_cnt)
		return fault__set(why, -EINVAL, "usdt:%s:%s has %zu argument%s, no arg%u",
				  site->provider, site->name, site->arg_cnt,
				  plural_s(site->arg_cnt), n);
	fetch.size = arg->size;
	fetch.is_signed = arg->is_signed;
	fetch.scale = arg->scale;
	fetch.displacement = arg->value_or_displacement;
	switch (arg->kind) {
	case USDT_ARG_CONST:
		fetch.kind = TACHO_FETCH_CONSTANT;
		break;
	case USDT_ARG_REGISTER:
		fetch.kind = TACHO_FETCH_REGISTER;
		fetch.base = register_offset(machine, arg->base);
		break;
	case USDT_ARG_MEMORY:
		fetch.kind = TACHO_FETCH_MEMORY;
		if (arg->base != USDT_REGISTER_NONE)
			fetch.base = register_offset(machine, arg->base);
		if (arg->index != USDT_REGISTER_NONE)
			fetch.index = register_offset(machine, arg->index);
		break;
	case USDT_ARG_UNKNOWN:
		return fault__set(why, -EINVAL,
				  "usdt:%s:%s: argument %u is in a place that cannot be read (%s)",
				  site->provider, site->name, n, site->args_text);
	}
	ret_value->fetch = fetch;
	ret_value->type = integer_type(arg->size, arg->is_signed);
	return 0;
}

static enum tacho_value_type value_type(const struct dwarf_type *type)
{
	switch (type->kind) {
	case DWARF_TYPE_BOOL:
		return TACHO_VALUE_BOOL;
	case DWARF_TYPE_POINTER:
		return type->is_c_string ? TACHO_VALUE_STRING : TACHO_VALUE_POINTER;
	case DWARF_TYPE_INTEGER:
	case DWARF_TYPE_ENUM:
		return integer_type(type->size, type->is_signed);
	default:
		return TACHO_VALUE_NONE;
	}
}

/* Arguments by number or name. */
static int resolve_argument(struct plan *plan, uint32_t binary, const struct value_ref *value,
			    const struct value_scope *scope, struct planned_value *ret_value,
			    struct fault *why)
{
	uint16_t machine = elf_file__machine(plan->binaries[binary].elf);
	bool by_name = value->source == VALUE_NAMED;
	unsigned int n = value->argument;
	struct dwarf_info *dwarf = NULL;
	struct dwarf_type type = {};
	int err;

	if (scope->usdt) {
		if (by_name)
			return fault__set(why, -EINVAL,
					  "the arguments of USDT probes have no names (use arg1)");
		return usdt_fetch(machine, n, scope->usdt, ret_value, why);
	}
	if (by_name || value->type == TACHO_VALUE_NONE)
		dwarf = plan__dwarf(plan, binary);
	if (by_name && !dwarf)
		return fault__set(why, -EINVAL,
				  "argument '%s': the file has no debugging information that would "
				  "tell which one that is (use arg1, arg2, ...)",
				  value->argument_name);
	if (by_name) {
		err = dwarf_info__argument_by_name(dwarf, scope->vaddr, value->argument_name, &n,
						   why);
		if (err)
			return err == -ENOENT ? -EINVAL : err;
	}
	err = argument_fetch(machine, n, scope, &ret_value->fetch, why);
	if (err)
		return err;
	ret_value->type = TACHO_VALUE_U64;
	if (dwarf && !dwarf_info__argument_type(dwarf, scope->vaddr, n, &type, NULL) &&
	    value_type(&type) != TACHO_VALUE_NONE)
		ret_value->type = value_type(&type);
	return 0;
}

static int resolve_return(struct plan *plan, uint32_t binary, const struct value_ref *value,
			  const struct value_scope *scope, struct planned_value *ret_value)
{
	uint16_t machine = elf_file__machine(plan->binaries[binary].elf);
	struct dwarf_info *dwarf = NULL;
	struct dwarf_type type = {};

	if (value->type == TACHO_VALUE_NONE)
		dwarf = plan__dwarf(plan, binary);
	ret_value->fetch = (struct tacho_fetch) {
		.kind = TACHO_FETCH_REGISTER,
		.size = 8,
		.at_end = 1,
		.base = register_offset(machine, 0), /* rax, x0 */
		.index = TACHO_NO_REGISTER,
	};
	ret_value->type = TACHO_VALUE_S32; /* C's int, unless more is known */
	if (dwarf && !dwarf_info__return_type(dwarf, scope->vaddr, &type, NULL) &&
	    value_type(&type) != TACHO_VALUE_NONE)
		ret_value->type = value_type(&type);
	return 0;
}

int plan__resolve_value(struct plan *plan, uint32_t binary, const struct value_ref *value,
			const struct value_scope *scope, struct planned_value *ret_value,
			struct fault *why)
{
	struct planned_value resolved = {};
	int err = 0;

	switch (value->source) {
	case VALUE_NONE:
		break;
	case VALUE_THREAD:
		resolved.fetch.kind = TACHO_FETCH_THREAD;
		resolved.fetch.size = 8;
		resolved.type = TACHO_VALUE_U32;
		break;
	case VALUE_RETURN:
		err = resolve_return(plan, binary, value, scope, &resolved);
		break;
	case VALUE_ARGUMENT:
	case VALUE_NAMED:
		err = resolve_argument(plan, binary, value, scope, &resolved, why);
		break;
	}
	if (err)
		return err;
	if (value->type != TACHO_VALUE_NONE)
		resolved.type = value->type;
	if (resolved.type == TACHO_VALUE_STRING)
		resolved.fetch.text_sz = value->text_sz ? value->text_sz : CONFIG_TEXT_SZ_DEFAULT;
	*ret_value = resolved;
	return 0;
}

uint32_t plan_arguments_read(const struct planned_probe *probe, uint16_t machine)
{
	unsigned int in_registers = arguments_in_registers(machine);
	uint32_t mask = 0;

	for (size_t i = 0; i <= TACHO_CAPTURES_MAX; i++) {
		const struct tacho_fetch *fetch =
			i < TACHO_CAPTURES_MAX ? &probe->values[i].fetch : &probe->key.fetch;

		if (fetch->kind != TACHO_FETCH_REGISTER || fetch->at_end)
			continue;
		for (unsigned int n = 0; n < in_registers; n++) {
			if (fetch->base ==
			    register_offset(machine, machine == EM_X86_64 ? x86_arguments[n] : n))
				mask |= 1u << n;
		}
	}
	return mask;
}
