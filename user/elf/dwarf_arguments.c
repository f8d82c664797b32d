/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which register holds an argument when the function is entered.
 *
 * That is best known to the compiler, which may have left arguments out, or put others into their
 * place, in functions that only it calls (GCC's .isra and .constprop, LLVM's dead argument
 * elimination): the location of the argument at the entry names the register. Unoptimised code has
 * only the place on the stack where the argument will be stored; but unoptimised functions keep the
 * calling convention, so there counting is right.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dwarf_private.h"

#define ARGUMENTS_MAX 64

enum place {
	PLACE_UNKNOWN,	/* optimised away, put together from pieces, not told */
	PLACE_REGISTER, /* number: the integer register, from 1 */
	PLACE_FLOAT,	/* a register that is not for integers */
	PLACE_MEMORY,
};

struct argument {
	const char *name;
	struct dwarf_type type;
	enum place place;
	unsigned number;  /* of the register that the location names */
	unsigned counted; /* of the one that the convention gives it; 0: none, or not known */
};

struct arguments {
	struct argument items[ARGUMENTS_MAX];
	size_t cnt;
	bool altered; /* the compiler has left some out */
};

/* DWARF's numbers of the registers (x86-64 psABI 3.6.2, AAPCS64's DWARF 4.1). */
static enum place place_of_register(const struct dwarf_info *info, uint64_t number,
				    unsigned *ret_number)
{
	static const uint8_t x86[] = { 5, 4, 1, 2, 8, 9 }; /* rdi rsi rdx rcx r8 r9 */
	bool arm64 = elf_file__machine(info->elf_file) == EM_AARCH64;

	if (arm64 && number < 8) {
		*ret_number = (unsigned)number + 1;
		return PLACE_REGISTER;
	}
	for (unsigned i = 0; !arm64 && i < sizeof(x86); i++) {
		if (x86[i] != number)
			continue;
		*ret_number = i + 1;
		return PLACE_REGISTER;
	}
	if (arm64 ? number >= 64 && number < 96 : number >= 17 && number < 33)
		return PLACE_FLOAT;
	return PLACE_UNKNOWN;
}

/* LLVM's way to say that of a bool only the lowest bit counts: the register, and, stack_value. */
static bool is_part_of_register(const Dwarf_Op *ops, size_t cnt)
{
	if (cnt < 3 || ops->atom < DW_OP_breg0 || ops->atom > DW_OP_breg31 || ops->number != 0 ||
	    ops[cnt - 1].atom != DW_OP_stack_value)
		return false;
	for (size_t i = 1; i + 1 < cnt; i++) {
		switch (ops[i].atom) {
		case DW_OP_const1u:
		case DW_OP_const2u:
		case DW_OP_const4u:
		case DW_OP_constu:
		case DW_OP_and:
		case DW_OP_convert:
		case DW_OP_GNU_convert:
			break;
		default:
			if (ops[i].atom < DW_OP_lit0 || ops[i].atom > DW_OP_lit31)
				return false;
		}
	}
	return true;
}

/* Where the argument is at the entry. */
static enum place place_of(const struct dwarf_info *info, Dwarf_Die *die, uint64_t vaddr,
			   unsigned *ret_number)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t cnt;

	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation_addr(&attribute, vaddr, &ops, &cnt, 1) != 1 || cnt == 0)
		return PLACE_UNKNOWN;
	if (cnt == 1 && ops->atom >= DW_OP_reg0 && ops->atom <= DW_OP_reg31)
		return place_of_register(info, ops->atom - DW_OP_reg0, ret_number);
	if (cnt == 1 && ops->atom == DW_OP_regx)
		return place_of_register(info, ops->number, ret_number);
	if (is_part_of_register(ops, cnt))
		return place_of_register(info, ops->atom - DW_OP_breg0, ret_number);
	if (cnt > 2 || (cnt == 2 && ops[1].atom != DW_OP_deref))
		return PLACE_UNKNOWN;
	if (ops->atom == DW_OP_fbreg || (ops->atom >= DW_OP_breg0 && ops->atom <= DW_OP_breg31))
		return PLACE_MEMORY;
	return PLACE_UNKNOWN;
}

/* The entry of the argument in this instance of the function; entries of clones may be in another
 * order, and some be missing. */
static bool instance_of(const struct dwarf_info *info, Dwarf_Die *function, Dwarf_Die *abstract,
			Dwarf_Die *ret_die)
{
	dwarf_key wanted = dwarf_info__key(info, abstract);
	Dwarf_Die entry, origin;
	int more;

	for (more = dwarf_child(function, &entry); more == 0;
	     more = dwarf_siblingof(&entry, &entry)) {
		if (dwarf_tag(&entry) != DW_TAG_formal_parameter)
			continue;
		origin = dwarf_info__abstract(info, &entry);
		if (dwarf_info__key(info, &origin) == wanted) {
			*ret_die = entry;
			return true;
		}
	}
	return false;
}

static unsigned register_cnt(const struct dwarf_info *info)
{
	return elf_file__machine(info->elf_file) == EM_AARCH64 ? 8 : 6;
}

/*
 * Counts as the convention does, as far as that is simple: structures, 128-bit integers and what is
 * unknown may take any number of registers, on the stack or none. A structure returned may take the
 * first on x86-64; on arm64 there is x8 for that.
 */
static void count_registers(const struct dwarf_info *info, struct arguments *arguments,
			    const struct dwarf_type *returned)
{
	bool arm64 = elf_file__machine(info->elf_file) == EM_AARCH64;
	unsigned used = 0;

	if (!arm64 && returned->kind == DWARF_TYPE_OTHER)
		return;
	for (size_t i = 0; i < arguments->cnt; i++) {
		struct argument *argument = &arguments->items[i];

		if (argument->type.kind == DWARF_TYPE_FLOAT)
			continue;
		if (argument->type.kind == DWARF_TYPE_OTHER ||
		    argument->type.kind == DWARF_TYPE_VOID || argument->type.size == 0 ||
		    argument->type.size > 8 || used == register_cnt(info))
			return;
		argument->counted = ++used;
	}
}

static int add_argument(const struct dwarf_info *info, uint64_t vaddr, Dwarf_Die *function,
			Dwarf_Die *entry, struct arguments *arguments)
{
	struct argument *argument = &arguments->items[arguments->cnt];
	int tag = dwarf_tag(entry);
	Dwarf_Die instance;

	if (tag != DW_TAG_formal_parameter && tag != DW_TAG_GNU_formal_parameter_pack)
		return 0;
	if (arguments->cnt == ARGUMENTS_MAX)
		return -E2BIG;
	*argument = (struct argument) { .type.kind = DWARF_TYPE_OTHER };
	if (tag == DW_TAG_formal_parameter) {
		argument->name = dwarf_info__string(info, entry, DW_AT_name);
		dwarf_info__describe(info, entry, &argument->type);
		if (instance_of(info, function, entry, &instance))
			argument->place = place_of(info, &instance, vaddr, &argument->number);
	}
	arguments->altered |= argument->place == PLACE_UNKNOWN;
	arguments->cnt++;
	return 0;
}

static int list_arguments(struct dwarf_info *info, uint64_t vaddr, struct arguments *arguments,
			  struct fault *why)
{
	struct dwarf_type returned = { .kind = DWARF_TYPE_OTHER };
	Dwarf_Die function, abstract, entry;
	int more, err;

	err = dwarf_info__function_at(info, vaddr, &function, why);
	if (err)
		return err;
	abstract = dwarf_info__abstract(info, &function);
	for (more = dwarf_child(&abstract, &entry); more == 0;
	     more = dwarf_siblingof(&entry, &entry)) {
		if (add_argument(info, vaddr, &function, &entry, arguments) != 0)
			return fault__set(why, -ENOTSUP,
					  "%s: the function at 0x%" PRIx64 " has more than %d "
					  "arguments",
					  dwarf_info__path(info), vaddr, ARGUMENTS_MAX);
	}
	dwarf_info__describe(info, &function, &returned);
	count_registers(info, arguments, &returned);
	return 0;
}

/* The number of an argument; 0 when it cannot be told. */
static unsigned number_of_argument(const struct arguments *arguments, const struct argument *a)
{
	if (a->place == PLACE_REGISTER)
		return a->number;
	/* what is on the stack from the beginning is no difference to what will be stored there */
	return a->place == PLACE_MEMORY && !arguments->altered ? a->counted : 0;
}

static const char *why_not_told(const struct arguments *arguments, const struct argument *a)
{
	if (a->place == PLACE_FLOAT || a->type.kind == DWARF_TYPE_FLOAT)
		return "it is a floating-point value, which has a register of another kind";
	if (a->place == PLACE_UNKNOWN)
		return "the compiler has optimised it away, or taken it to pieces";
	if (arguments->altered)
		return "the compiler has left out arguments of this function";
	return "it is on the stack, or near a structure that is passed by value";
}

static int refuse_name(const struct dwarf_info *info, uint64_t vaddr, const char *name,
		       const struct arguments *arguments, struct fault *why)
{
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < arguments->cnt && used < sizeof(names); i++) {
		if (arguments->items[i].name)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", arguments->items[i].name);
	}
	return fault__set(
		why, -ENOENT, "%s: the function at 0x%" PRIx64 " has no argument called %s (%s%s)",
		dwarf_info__path(info), vaddr, name, used ? "it has " : "no names are told", names);
}

int dwarf_info__argument_by_name(struct dwarf_info *info, uint64_t vaddr, const char *name,
				 unsigned *ret_index, struct fault *why)
{
	struct arguments arguments = {};
	unsigned number;
	int err;

	err = list_arguments(info, vaddr, &arguments, why);
	if (err)
		return err;
	for (size_t i = 0; i < arguments.cnt; i++) {
		const struct argument *a = &arguments.items[i];

		if (!a->name || strcmp(a->name, name) != 0)
			continue;
		number = number_of_argument(&arguments, a);
		if (!number)
			return fault__set(why, -ENOTSUP,
					  "%s: no register is known to hold the argument %s of the "
					  "function at 0x%" PRIx64 ": %s",
					  dwarf_info__path(info), name, vaddr,
					  why_not_told(&arguments, a));
		*ret_index = number;
		return 0;
	}
	return refuse_name(info, vaddr, name, &arguments, why);
}

int dwarf_info__argument_type(struct dwarf_info *info, uint64_t vaddr, unsigned index,
			      struct dwarf_type *ret_type, struct fault *why)
{
	struct arguments arguments = {};
	unsigned known = 0;
	bool doubtful = false;
	int err;

	err = list_arguments(info, vaddr, &arguments, why);
	if (err)
		return err;
	for (size_t i = 0; i < arguments.cnt; i++) {
		const struct argument *a = &arguments.items[i];
		unsigned number = number_of_argument(&arguments, a);

		if (number && number == index) {
			*ret_type = a->type;
			return 0;
		}
		known += number != 0;
		doubtful |= !number && a->place != PLACE_FLOAT && a->type.kind != DWARF_TYPE_FLOAT;
	}
	if (doubtful && index >= 1 && index <= register_cnt(info))
		return fault__set(why, -ENOTSUP,
				  "%s: it is not told which argument of the function at 0x%" PRIx64
				  " is in the register of argument %u",
				  dwarf_info__path(info), vaddr, index);
	return fault__set(why, -ENOENT,
			  "%s: the function at 0x%" PRIx64
			  " has no argument %u (%u are known to be "
			  "in registers)",
			  dwarf_info__path(info), vaddr, index, known);
}
