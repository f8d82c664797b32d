/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "check_text.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

const char *value_type_text(enum tacho_value_type type)
{
	static const char *const names[TACHO_VALUE_CNT] = {
		[TACHO_VALUE_NONE] = "none", [TACHO_VALUE_U8] = "u8",
		[TACHO_VALUE_U16] = "u16",   [TACHO_VALUE_U32] = "u32",
		[TACHO_VALUE_U64] = "u64",   [TACHO_VALUE_S8] = "s8",
		[TACHO_VALUE_S16] = "s16",   [TACHO_VALUE_S32] = "s32",
		[TACHO_VALUE_S64] = "s64",   [TACHO_VALUE_POINTER] = "ptr",
		[TACHO_VALUE_BOOL] = "bool", [TACHO_VALUE_STRING] = "string",
	};

	return names[type];
}

/* By its offset in struct pt_regs: arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h
 * (user_pt_regs). */
static void register_text(uint16_t machine, uint16_t offset, char text[8])
{
	static const char *const x86[] = {
		"r15", "r14", "r13", "r12", "rbp", "rbx",      "r11", "r10", "r9",     "r8",
		"rax", "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip", "cs",  "eflags", "rsp",
	};
	unsigned int number = offset / 8;

	if (machine == EM_X86_64)
		snprintf(text, 8, "%s", number < ARRAY_SIZE(x86) ? x86[number] : "?");
	else if (number < 31)
		snprintf(text, 8, "x%u", number);
	else
		snprintf(text, 8, "%s", number == 31 ? "sp" : "pc");
}

/* "[rax+rcx*8-0x10]" */
static void memory_text(uint16_t machine, const struct tacho_fetch *fetch, char *text, size_t sz)
{
	char base[8] = "", index[8] = "", scaled[24] = "";
	uint64_t displacement = fetch->displacement;
	bool negative = fetch->displacement < 0;

	if (fetch->base != TACHO_NO_REGISTER)
		register_text(machine, fetch->base, base);
	if (fetch->index != TACHO_NO_REGISTER) {
		register_text(machine, fetch->index, index);
		snprintf(scaled, sizeof(scaled), "%s%s*%u", *base ? "+" : "", index, fetch->scale);
	}
	if (!displacement && (*base || *scaled))
		snprintf(text, sz, "[%s%s]", base, scaled);
	else
		snprintf(text, sz, "[%s%s%s0x%" PRIx64 "]", base, scaled,
			 negative	    ? "-"
			 : *base || *scaled ? "+"
					    : "",
			 negative ? -displacement : displacement);
}

void value_place_text(uint16_t machine, const struct planned_value *value,
		      char text[VALUE_PLACE_SZ])
{
	const char *how = value->type == TACHO_VALUE_STRING ? "at" : "in";
	const struct tacho_fetch *fetch = &value->fetch;
	char place[64] = "";

	switch (fetch->kind) {
	case TACHO_FETCH_CONSTANT:
		snprintf(text, VALUE_PLACE_SZ, "the constant %" PRId64,
			 (int64_t)fetch->displacement);
		return;
	case TACHO_FETCH_THREAD:
		snprintf(text, VALUE_PLACE_SZ, "the thread's id");
		return;
	case TACHO_FETCH_REGISTER:
		register_text(machine, fetch->base, place);
		break;
	case TACHO_FETCH_MEMORY:
		memory_text(machine, fetch, place, sizeof(place));
		break;
	}
	snprintf(text, VALUE_PLACE_SZ, "%s %s%s", how, place, fetch->at_end ? " at return" : "");
}

void value_source_text(const struct value_ref *value, char text[VALUE_SOURCE_SZ])
{
	switch (value->source) {
	case VALUE_ARGUMENT:
		snprintf(text, VALUE_SOURCE_SZ, "arg%u", value->argument);
		break;
	case VALUE_NAMED:
		snprintf(text, VALUE_SOURCE_SZ, "%s", value->argument_name);
		break;
	case VALUE_RETURN:
		snprintf(text, VALUE_SOURCE_SZ, "return");
		break;
	case VALUE_THREAD:
		snprintf(text, VALUE_SOURCE_SZ, "thread");
		break;
	case VALUE_NONE:
		snprintf(text, VALUE_SOURCE_SZ, "none");
		break;
	}
}

void failed_if_text(const struct failed_if_config *failed_if, char text[FAILED_IF_SZ])
{
	static const char *const operators[TACHO_COMPARE_CNT] = {
		[TACHO_COMPARE_NONE] = "?",	   [TACHO_COMPARE_LESS] = "<",
		[TACHO_COMPARE_LESS_EQUAL] = "<=", [TACHO_COMPARE_EQUAL] = "==",
		[TACHO_COMPARE_NOT_EQUAL] = "!=",  [TACHO_COMPARE_GREATER_EQUAL] = ">=",
		[TACHO_COMPARE_GREATER] = ">",
	};
	const char *operator= operators[failed_if->compare];

	if (failed_if->type == TACHO_VALUE_U64)
		snprintf(text, FAILED_IF_SZ,
			 "return %s %" PRIu64, operator,(uint64_t) failed_if->operand);
	else
		snprintf(text, FAILED_IF_SZ, "return %s %" PRId64, operator, failed_if->operand);
}

static void costs_text(const size_t cnt[CODE_COST_REFUSED + 1], char text[EXITS_TEXT_SZ])
{
	int used = 0;

	snprintf(text, EXITS_TEXT_SZ, "-");
	for (enum code_cost cost = 0; cost <= CODE_COST_REFUSED; cost++) {
		if (cnt[cost])
			used += snprintf(text + used, EXITS_TEXT_SZ - (size_t)used, "%s%zu %s",
					 used ? ", " : "", cnt[cost], code_cost__name(cost));
	}
}

void exits_text(const struct planned_probe *probe, char text[EXITS_TEXT_SZ])
{
	size_t of_cost[CODE_COST_REFUSED + 1] = {};

	for (size_t i = 0; i < probe->exit_cnt; i++)
		of_cost[probe->exits[i].cost]++;
	costs_text(of_cost, text);
}

void places_cost_text(const struct planned_probe *probes, size_t cnt, char text[COSTS_TEXT_SZ])
{
	size_t of_cost[CODE_COST_REFUSED + 1] = {};

	for (size_t i = 0; i < cnt; i++)
		of_cost[probes[i].cost]++;
	if (cnt && of_cost[probes->cost] == cnt)
		snprintf(text, COSTS_TEXT_SZ, "%s", code_cost__name(probes->cost));
	else
		costs_text(of_cost, text);
}

const char *probe_end_text(const struct planned_probe *probe)
{
	switch (probe->kind) {
	case PLANNED_BEGIN:
		return "begin";
	case PLANNED_END:
		return "end";
	case PLANNED_POINT:
		return "point";
	case PLANNED_MARK:
	case PLANNED_LABEL:
		return "mark";
	case PLANNED_CALL:
		break;
	}
	return probe->fast ? "fast" : "safe";
}

bool probe_is_usdt(const struct planned_probe *probe)
{
	return !strcmp(probe->table, ".note.stapsdt");
}

const char *exit_choice_text(enum exit_choice choice)
{
	static const char *const names[] = {
		[EXIT_AUTO] = "auto",
		[EXIT_SAFE] = "safe",
		[EXIT_FAST] = "fast",
	};

	return names[choice];
}

const char *unwind_text(enum tacho_unwind what)
{
	static const char *const names[] = {
		[TACHO_UNWIND_THROW] = "throw",	   [TACHO_UNWIND_FORCED] = "forced",
		[TACHO_UNWIND_RESUME] = "resume",  [TACHO_UNWIND_CATCH] = "catch",
		[TACHO_UNWIND_JUMP_FROM] = "jump", [TACHO_UNWIND_JUMP_TO] = "landing",
	};

	return names[what];
}
