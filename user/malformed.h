/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of CSV files that make no sense, told on stderr: the first of them one by one. */
#ifndef TACHO_USER_MALFORMED_H
#define TACHO_USER_MALFORMED_H

#include <stdint.h>

struct malformed_rows {
	const char *command; /* the one that reads them: "report" */
	uint64_t cnt;
};

/* ctx: struct malformed_rows. The row takes line_cnt lines from line on. */
void malformed_rows__say(void *ctx, const char *path, uint64_t line, uint64_t line_cnt,
			 const char *wrong);

/* At the end: how many there were besides. */
void malformed_rows__say_rest(const struct malformed_rows *rows);

#endif
