/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The arguments of a USDT probe: operands as the compiler wrote them for the assembler.
 *
 *     x86-64   -4@%edi  8@%rax  -4@-20(%rbp)  8@8(%rax,%rbx,4)  -4@$5  4@count(%rip)
 * 2@array+6(%rip) arm64    -4@w0    8@x1    -4@[x29, -4]  8@[sp, #16]  8@[x0, x1, lsl 3]  4@5
 *
 * The number is the size in bytes, negative for signed types, with an f behind it for
 * floating-point ones. It governs: GCC writes x0 for a 4-byte value on arm64. A register narrower
 * than the value, on the other hand, leaves the upper bytes untold, and is not understood.
 *
 * What matters is never to read the wrong place: any operand with something left over, an unknown
 * register, a number out of range or a variable of doubtful address is USDT_ARG_UNKNOWN.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "usdt_private.h"

#define ARM64_SP 31

/* What is left of one operand. */
struct text {
	const char *at;
	const char *end;
};

struct reg {
	uint8_t number;
	uint8_t width; /* bytes */
};

static bool take(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(t->end - t->at) < len || memcmp(t->at, word, len) != 0)
		return false;
	t->at += len;
	return true;
}

static void skip_blanks(struct text *t)
{
	while (t->at < t->end && *t->at == ' ')
		t->at++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '.' || c == '$';
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* An unsigned number, decimal or 0x. */
static bool take_magnitude(struct text *t, uint64_t *ret)
{
	int radix = take(t, "0x") ? 16 : 10;
	const char *from = t->at;
	uint64_t value = 0;

	for (; t->at < t->end && digit_value(*t->at) < radix; t->at++) {
		if (__builtin_mul_overflow(value, (uint64_t)radix, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*t->at), &value))
			return false;
	}
	*ret = value;
	return t->at > from && (t->at == t->end || !is_word(*t->at));
}

/* A number with or without a sign that fits 64 bits either way. */
static bool take_number(struct text *t, bool *ret_negative, uint64_t *ret)
{
	bool negative = take(t, "-");
	uint64_t value;

	if (!take_magnitude(t, &value) || (negative && value > (uint64_t)1 << 63))
		return false;
	*ret_negative = negative;
	*ret = negative ? -value : value;
	return true;
}

/* A value of the type, from any of the ways to write it: 4294967295 and -1 are the same int. */
static bool set_const(struct usdt_arg *arg, bool negative, uint64_t value)
{
	unsigned bits = arg->size * 8u;
	uint64_t beyond = bits < 64 ? value >> bits : 0;

	if (negative && bits < 64 && (int64_t)value < -((int64_t)1 << (bits - 1)))
		return false;
	if (!negative && beyond)
		return false;
	arg->kind = USDT_ARG_CONST;
	if (arg->is_signed)
		arg->value_or_displacement = (int64_t)(value << (64 - bits)) >> (64 - bits);
	else
		arg->value_or_displacement = (int64_t)(value << (64 - bits) >> (64 - bits));
	return true;
}

static bool set_register(struct usdt_arg *arg, struct reg reg)
{
	if (reg.width < arg->size)
		return false;
	arg->kind = USDT_ARG_REGISTER;
	arg->base = reg.number;
	return true;
}

/* --- x86-64 ---------------------------------------------------------------------------------- */

static bool word_is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

/* rax to rdi and their parts; ah, bh, ch and dh are not the low bytes, and not understood. */
static bool old_register(const char *word, size_t len, struct reg *ret)
{
	static const char words[8][3] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };
	static const char bytes[8][4] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil" };
	bool extended = len == 3 && (*word == 'r' || *word == 'e');

	for (uint8_t i = 0; i < 8; i++) {
		if (word_is(word, len, bytes[i])) {
			*ret = (struct reg) { i, 1 };
			return true;
		}
		if (extended ? word_is(word + 1, 2, words[i]) : word_is(word, len, words[i])) {
			*ret = (struct reg) { i, !extended ? 2 : *word == 'r' ? 8 : 4 };
			return true;
		}
	}
	return false;
}

/* r8 to r15, with d, w or b behind for the low four, two or one bytes. */
static bool new_register(const char *word, size_t len, struct reg *ret)
{
	unsigned number = 0, width = 8;
	size_t i = 1;

	if (len < 2 || len > 4 || *word != 'r' || word[1] == '0')
		return false;
	for (; i < len && is_digit(word[i]); i++)
		number = number * 10 + (unsigned)(word[i] - '0');
	if (i < len) {
		width = word[i] == 'd' ? 4 : word[i] == 'w' ? 2 : word[i] == 'b' ? 1 : 0;
		i++;
	}
	if (i < len || !width || number < 8 || number > 15)
		return false;
	*ret = (struct reg) { (uint8_t)number, (uint8_t)width };
	return true;
}

static bool take_x86_register(struct text *t, struct reg *ret)
{
	const char *word;
	size_t len;

	if (!take(t, "%"))
		return false;
	word = t->at;
	while (t->at < t->end && is_word(*t->at))
		t->at++;
	len = (size_t)(t->at - word);
	if (word_is(word, len, "rip")) {
		*ret = (struct reg) { USDT_REGISTER_PC, 8 };
		return true;
	}
	return old_register(word, len, ret) || new_register(word, len, ret);
}

/* The displacement of an x86 address: numbers and at most one variable, added. */
struct sum {
	uint64_t number;
	const char *variable;
	size_t variable_len;
};

static bool add_term(struct text *t, bool minus, struct sum *sum)
{
	uint64_t value;

	if (t->at < t->end && is_digit(*t->at)) {
		if (!take_magnitude(t, &value))
			return false;
		sum->number += minus ? -value : value;
		return true;
	}
	if (minus || sum->variable)
		return false;
	sum->variable = t->at;
	while (t->at < t->end && is_word(*t->at))
		t->at++;
	sum->variable_len = (size_t)(t->at - sum->variable);
	return sum->variable_len > 0;
}

static bool take_sum(struct text *t, struct sum *sum)
{
	bool minus = take(t, "-");

	do {
		if (!add_term(t, minus, sum))
			return false;
		minus = t->at < t->end && *t->at == '-';
	} while (take(t, "+") || take(t, "-"));
	return true;
}

/* "(base)", "(base,index)", "(base,index,scale)", "(,index,scale)" */
static bool take_x86_registers(struct text *t, struct usdt_arg *arg)
{
	uint64_t scale = 1;
	struct reg reg;

	if (!take(t, "("))
		return false;
	if (t->at < t->end && *t->at == '%') {
		if (!take_x86_register(t, &reg) || reg.width != 8)
			return false;
		arg->base = reg.number;
	}
	if (take(t, ",")) {
		if (!take_x86_register(t, &reg) || reg.width != 8 || reg.number == 4 ||
		    reg.number == USDT_REGISTER_PC || arg->base == USDT_REGISTER_PC)
			return false;
		arg->index = reg.number;
		if (take(t, ",") && (!take_magnitude(t, &scale) ||
				     (scale != 1 && scale != 2 && scale != 4 && scale != 8)))
			return false;
		arg->scale = (uint8_t)scale;
	} else if (arg->base == USDT_REGISTER_NONE) {
		return false;
	}
	return take(t, ")");
}

/*
 * A variable alone, or with %rip, is reached from the place itself, wherever the file is loaded.
 * With another register it is an absolute address, which only files have that are always loaded at
 * the same one.
 */
static bool add_variable(const struct usdt_context *context, const struct sum *sum,
			 struct usdt_arg *arg)
{
	bool relative = arg->base == USDT_REGISTER_PC ||
			(arg->base == USDT_REGISTER_NONE && arg->index == USDT_REGISTER_NONE);
	uint64_t vaddr;

	if (!sum->variable)
		return arg->base != USDT_REGISTER_PC && !relative;
	if ((!relative && !context->absolute) || !context->resolve ||
	    context->resolve(context->ctx, sum->variable, sum->variable_len, &vaddr) != 0)
		return false;
	if (relative) {
		arg->base = USDT_REGISTER_PC;
		vaddr -= context->vaddr;
	}
	arg->value_or_displacement += (int64_t)vaddr;
	return true;
}

static bool parse_x86(const struct usdt_context *context, struct text *t, struct usdt_arg *arg)
{
	struct sum sum = {};
	bool negative;
	uint64_t value;
	struct reg reg;

	if (t->at == t->end)
		return false;
	if (take(t, "$"))
		return take_number(t, &negative, &value) && set_const(arg, negative, value);
	if (*t->at == '%')
		return take_x86_register(t, &reg) && reg.number != USDT_REGISTER_PC &&
		       set_register(arg, reg);
	if (*t->at != '(' && !take_sum(t, &sum))
		return false;
	if (t->at < t->end && !take_x86_registers(t, arg))
		return false;
	arg->kind = USDT_ARG_MEMORY;
	arg->value_or_displacement = (int64_t)sum.number;
	return add_variable(context, &sum, arg);
}

/* --- arm64 ----------------------------------------------------------------------------------- */

/* x0 to x30, w0 to w30, sp, wsp and the other names of x29 and x30. */
static bool take_arm64_register(struct text *t, struct reg *ret)
{
	const char *word = t->at;
	struct reg reg = {};
	size_t len;

	while (t->at < t->end && is_word(*t->at))
		t->at++;
	len = (size_t)(t->at - word);
	if (word_is(word, len, "sp") || word_is(word, len, "wsp"))
		reg = (struct reg) { ARM64_SP, *word == 'w' ? 4 : 8 };
	else if (word_is(word, len, "fp") || word_is(word, len, "lr"))
		reg = (struct reg) { *word == 'f' ? 29 : 30, 8 };
	else if (len < 2 || len > 3 || (*word != 'x' && *word != 'w') || !is_digit(word[1]) ||
		 (len == 3 && (!is_digit(word[2]) || word[1] == '0')))
		return false;
	else
		reg = (struct reg) { (uint8_t)(word[1] - '0'), *word == 'w' ? 4 : 8 };
	if (len == 3 && is_digit(word[2]))
		reg.number = (uint8_t)(reg.number * 10 + (word[2] - '0'));
	*ret = reg;
	return reg.number <= ARM64_SP && (reg.number < ARM64_SP || !is_digit(word[1]));
}

/* Behind "[base,": a displacement, or an index with or without "lsl N". */
static bool take_arm64_offset(struct text *t, struct usdt_arg *arg)
{
	uint64_t value = 0;
	struct reg reg;
	bool negative;

	skip_blanks(t);
	if (t->at < t->end && (*t->at == 'x' || *t->at == 'l' || *t->at == 'f')) {
		if (!take_arm64_register(t, &reg) || reg.width != 8)
			return false;
		arg->index = reg.number;
		if (take(t, ",")) {
			skip_blanks(t);
			if (!take(t, "lsl "))
				return false;
			take(t, "#");
			if (!take_magnitude(t, &value) || value > 3)
				return false;
		}
		arg->scale = (uint8_t)(1 << value);
		return true;
	}
	take(t, "#");
	if (!take_number(t, &negative, &value))
		return false;
	arg->value_or_displacement = (int64_t)value;
	return true;
}

static bool parse_arm64(struct text *t, struct usdt_arg *arg)
{
	struct reg reg;
	bool negative;
	uint64_t value;

	if (t->at == t->end)
		return false;
	if (take(t, "xzr") || take(t, "wzr"))
		return set_const(arg, false, 0);
	if (take(t, "#") || *t->at == '-' || is_digit(*t->at))
		return take_number(t, &negative, &value) && set_const(arg, negative, value);
	if (!take(t, "["))
		return take_arm64_register(t, &reg) && set_register(arg, reg);
	if (!take_arm64_register(t, &reg) || reg.width != 8)
		return false;
	arg->kind = USDT_ARG_MEMORY;
	arg->base = reg.number;
	if (take(t, ",") && !take_arm64_offset(t, arg))
		return false;
	return take(t, "]");
}

/* --- both ------------------------------------------------------------------------------------ */

/* "-4@": false for floating-point values and sizes that are none. */
static bool take_type(struct text *t, struct usdt_arg *arg)
{
	uint64_t size;

	arg->is_signed = take(t, "-");
	if (t->at == t->end || !is_digit(*t->at))
		return false;
	size = (uint64_t)(*t->at++ - '0');
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	arg->size = (uint8_t)size;
	return take(t, "@");
}

static bool parse_arg(const struct usdt_context *context, struct text *t, struct usdt_arg *arg)
{
	bool understood;

	if (!take_type(t, arg))
		return false;
	switch (context->machine) {
	case EM_X86_64:
		understood = parse_x86(context, t, arg);
		break;
	case EM_AARCH64:
		understood = parse_arm64(t, arg);
		break;
	default:
		return false;
	}
	return understood && t->at == t->end;
}

/* The next operand: up to a blank that is not within brackets. False at the end of the text. */
static bool next_operand(const char **at, struct text *ret)
{
	int depth = 0;
	const char *c = *at + strspn(*at, " ");

	if (!*c)
		return false;
	ret->at = c;
	for (; *c && (*c != ' ' || depth > 0); c++) {
		if (*c == '(' || *c == '[')
			depth++;
		else if (*c == ')' || *c == ']')
			depth--;
	}
	ret->end = *at = c;
	return true;
}

/* Does it begin like an argument? If not, it may be a piece of one that was cut at a blank. */
static bool has_type(const struct text *operand)
{
	size_t len = strspn(operand->at, "-0123456789f");

	return len > 0 && operand->at[len] == '@';
}

void usdt_parse_args(const struct usdt_context *context, const char *text,
		     struct usdt_site *ret_site)
{
	static const struct usdt_arg unknown = { .base = USDT_REGISTER_NONE,
						 .index = USDT_REGISTER_NONE };
	struct text operand;

	ret_site->arg_cnt = 0;
	ret_site->args_known = true;
	while (next_operand(&text, &operand)) {
		struct usdt_arg arg = unknown;

		if (ret_site->arg_cnt == USDT_ARGS_MAX || !has_type(&operand)) {
			/* No compiler writes this; which is which cannot be told. */
			ret_site->arg_cnt = 0;
			ret_site->args_known = false;
			return;
		}
		if (!parse_arg(context, &operand, &arg)) {
			arg = unknown;
			ret_site->args_known = false;
		}
		ret_site->args[ret_site->arg_cnt++] = arg;
	}
}
