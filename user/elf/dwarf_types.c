/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What functions return, and of which type things are. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dwarf_private.h"

#define TYPE_CHAIN_MAX 32

enum peeled { PEELED_NOTHING, PEELED_TYPE, PEELED_UNKNOWN };

/* The entry's type, through typedefs and qualifiers. Nothing: it has none, or ends in void. */
static enum peeled peel(const struct dwarf_info *info, Dwarf_Die *die, Dwarf_Die *ret_type)
{
	Dwarf_Attribute attribute;
	Dwarf_Die at = *die;

	for (int i = 0; i < TYPE_CHAIN_MAX; i++) {
		if (!dwarf_info__attribute(info, &at, DW_AT_type, &attribute))
			return PEELED_NOTHING;
		if (!dwarf_formref_die(&attribute, ret_type))
			return PEELED_UNKNOWN;
		switch (dwarf_tag(ret_type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
		case DW_TAG_immutable_type:
		case DW_TAG_packed_type:
		case DW_TAG_shared_type:
			at = *ret_type;
			break;
		default:
			return PEELED_TYPE;
		}
	}
	return PEELED_UNKNOWN;
}

static bool number_of(const struct dwarf_info *info, Dwarf_Die *die, unsigned attribute,
		      Dwarf_Word *ret)
{
	Dwarf_Attribute found;

	return dwarf_info__attribute(info, die, attribute, &found) &&
	       dwarf_formudata(&found, ret) == 0;
}

static uint8_t size_of(const struct dwarf_info *info, Dwarf_Die *type, uint8_t otherwise)
{
	Dwarf_Word sz;

	if (!number_of(info, type, DW_AT_byte_size, &sz))
		return otherwise;
	return sz <= UINT8_MAX ? (uint8_t)sz : 0;
}

static void describe_base(const struct dwarf_info *info, Dwarf_Die *type, struct dwarf_type *ret)
{
	Dwarf_Word encoding = 0;

	number_of(info, type, DW_AT_encoding, &encoding);
	ret->size = size_of(info, type, 0);
	switch (encoding) {
	case DW_ATE_boolean:
		ret->kind = DWARF_TYPE_BOOL;
		break;
	case DW_ATE_float:
	case DW_ATE_decimal_float:
		ret->kind = DWARF_TYPE_FLOAT;
		ret->is_signed = true;
		break;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		ret->kind = DWARF_TYPE_INTEGER;
		ret->is_signed = true;
		break;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		ret->kind = DWARF_TYPE_INTEGER;
		break;
	case DW_ATE_address:
		ret->kind = DWARF_TYPE_POINTER;
		break;
	default:
		ret->kind = DWARF_TYPE_OTHER;
	}
}

/* signed char and unsigned char are numbers; Rust and others have no type of this name. */
static bool points_to_char(const struct dwarf_info *info, Dwarf_Die *pointer)
{
	const char *name;
	Dwarf_Die type;

	if (peel(info, pointer, &type) != PEELED_TYPE || dwarf_tag(&type) != DW_TAG_base_type)
		return false;
	name = dwarf_info__string(info, &type, DW_AT_name);
	return name && strcmp(name, "char") == 0 && size_of(info, &type, 0) == 1;
}

static void describe_enum(const struct dwarf_info *info, Dwarf_Die *type, struct dwarf_type *ret)
{
	Dwarf_Word encoding;
	Dwarf_Die base;

	ret->kind = DWARF_TYPE_ENUM;
	if (peel(info, type, &base) == PEELED_TYPE && dwarf_tag(&base) == DW_TAG_base_type) {
		describe_base(info, &base, ret);
		ret->kind = DWARF_TYPE_ENUM;
	} else if (number_of(info, type, DW_AT_encoding, &encoding)) {
		ret->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	}
	ret->size = size_of(info, type, ret->size);
}

int dwarf_info__describe(const struct dwarf_info *info, Dwarf_Die *die, struct dwarf_type *ret_type)
{
	struct dwarf_type found = {};
	enum peeled peeled;
	Dwarf_Die type;

	peeled = peel(info, die, &type);
	if (peeled == PEELED_UNKNOWN)
		return -ENOENT;
	if (peeled == PEELED_NOTHING) {
		*ret_type = (struct dwarf_type) { .kind = DWARF_TYPE_VOID };
		return 0;
	}
	switch (dwarf_tag(&type)) {
	case DW_TAG_base_type:
		describe_base(info, &type, &found);
		break;
	case DW_TAG_pointer_type:
		found.is_c_string = points_to_char(info, &type);
		__attribute__((fallthrough));
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		found.kind = DWARF_TYPE_POINTER;
		found.size = size_of(info, &type, 8);
		break;
	case DW_TAG_enumeration_type:
		describe_enum(info, &type, &found);
		break;
	default:
		found.kind = DWARF_TYPE_OTHER;
		found.size = size_of(info, &type, 0);
	}
	*ret_type = found;
	return 0;
}

/* --- what a function returns ----------------------------------------------------------------- */

/* Does it have a type, or arguments? */
static bool tells_types(Dwarf_Die *function)
{
	Dwarf_Die entry;
	int more;

	if (dwarf_hasattr(function, DW_AT_type))
		return true;
	for (more = dwarf_child(function, &entry); more == 0;
	     more = dwarf_siblingof(&entry, &entry)) {
		if (dwarf_tag(&entry) == DW_TAG_formal_parameter &&
		    dwarf_hasattr(&entry, DW_AT_type))
			return true;
	}
	return false;
}

/*
 * A function without a type returns nothing, but with -g1 compilers tell no types of functions at
 * all. They are told when the function has a prototype (C), or any function of the unit has types.
 */
static bool types_are_told(const struct dwarf_info *info, Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	Dwarf_Die unit, entry;
	int more;

	if (dwarf_info__attribute(info, function, DW_AT_prototyped, &attribute) ||
	    tells_types(function))
		return true;
	if (!dwarf_diecu(function, &unit, NULL, NULL))
		return false;
	for (more = dwarf_child(&unit, &entry); more == 0; more = dwarf_siblingof(&entry, &entry)) {
		if (dwarf_tag(&entry) == DW_TAG_subprogram && tells_types(&entry))
			return true;
	}
	return false;
}

int dwarf_info__return_type(struct dwarf_info *info, uint64_t vaddr, struct dwarf_type *ret_type,
			    struct fault *why)
{
	struct dwarf_type found;
	Dwarf_Die function;
	int err;

	err = dwarf_info__function_at(info, vaddr, &function, why);
	if (err)
		return err;
	err = dwarf_info__describe(info, &function, &found);
	if (err || (found.kind == DWARF_TYPE_VOID && !types_are_told(info, &function)))
		return fault__set(why, -ENOENT,
				  "%s: does not tell what the function at 0x%" PRIx64 " returns",
				  dwarf_info__path(info), vaddr);
	*ret_type = found;
	return 0;
}
