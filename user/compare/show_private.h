/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between the sources in this folder. */
#ifndef TACHO_USER_COMPARE_SHOW_PRIVATE_H
#define TACHO_USER_COMPARE_SHOW_PRIVATE_H

#include "compare/show.h"

#define CELL_SZ 64

/* "+12.3 %"; "from 0" for infinity. */
void compare_text_percent(double ratio, char text[CELL_SZ]);

/* "5.00 ms", a number of calls, or "-". */
void compare_text_value(enum compare_metric metric, const struct compare_value *value,
			char text[CELL_SZ]);

/* "-" where there is none. */
void compare_text_change(const struct compare_change *change, char text[CELL_SZ]);
void compare_text_interval(const struct compare_change *change, char text[CELL_SZ]);

/* "slower (p = 0.0012)". */
void compare_text_verdict(const struct compared_state *state, char text[CELL_SZ]);

/* "95 % interval". */
void compare_text_confidence(double alpha, char text[CELL_SZ]);

/* "3 states: 1 slower, 2 no difference shown". */
void compare_show_count(const struct comparison *comparison, FILE *out);

/* Calls of the state that the recorder lost, those known not to have finished, and those without
 * rows. */
uint64_t compare_lost(const struct compared_state *state, enum compare_side side);
uint64_t compare_unfinished(const struct compared_state *state, enum compare_side side);
uint64_t compare_summarised(const struct compared_state *state, enum compare_side side);

int compare_show_table(const struct compare_report *report, FILE *out);
int compare_show_markdown(const struct compare_report *report, FILE *out);
int compare_show_csv(const struct compare_report *report, FILE *out);
int compare_show_json(const struct compare_report *report, FILE *out);

#endif
