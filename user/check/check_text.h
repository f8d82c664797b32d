/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of a plan in words, as the table, the notes and JSON have them. */
#ifndef TACHO_USER_CHECK_CHECK_TEXT_H
#define TACHO_USER_CHECK_CHECK_TEXT_H

#include "../plan/plan.h"

/* "u64"; a string's size is not in it. */
const char *value_type_text(enum tacho_value_type type);

/* Where a value is read: "in rdi", "in [rsp+0x8]", "at rdi" (a string), "in rax at return", "the
 * constant 5", "the thread's id". */
#define VALUE_PLACE_SZ 96
void value_place_text(uint16_t machine, const struct planned_value *value,
		      char text[VALUE_PLACE_SZ]);

/* As the settings have it: "arg1", "return", "thread", an argument's name. The name may be as long
 * as a line of the settings; text is cut then. */
#define VALUE_SOURCE_SZ 128
void value_source_text(const struct value_ref *value, char text[VALUE_SOURCE_SZ]);

/* "return < 0"; operand of the type. */
#define FAILED_IF_SZ 64
void failed_if_text(const struct failed_if_config *failed_if, char text[FAILED_IF_SZ]);

/* "2 stepped", "1 emulated, 2 stepped"; "-" where no exits are probed. */
#define EXITS_TEXT_SZ 96
void exits_text(const struct planned_probe *probe, char text[EXITS_TEXT_SZ]);

/* What a hit costs at consecutive places: "emulated", or if it differs "2 nop5, 1 stepped". */
#define COSTS_TEXT_SZ EXITS_TEXT_SZ
void places_cost_text(const struct planned_probe *probes, size_t cnt, char text[COSTS_TEXT_SZ]);

/* How the end is seen: "fast", "safe"; or what the place is: "begin", "end", "point". */
const char *probe_end_text(const struct planned_probe *probe);

/* Is it a place that somebody marked, not code that was decoded? */
bool probe_is_usdt(const struct planned_probe *probe);

const char *exit_choice_text(enum exit_choice choice);
const char *unwind_text(enum tacho_unwind what);

#endif
