/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words that go with a number. */
#ifndef TACHO_USER_PLURAL_H
#define TACHO_USER_PLURAL_H

#include <stdint.h>

/* The form that the number takes: "1 row", "0 rows". */
static inline const char *plural(uint64_t cnt, const char *one, const char *many)
{
	return cnt == 1 ? one : many;
}

/* What most nouns have behind them then. */
static inline const char *plural_s(uint64_t cnt)
{
	return plural(cnt, "", "s");
}

#endif
