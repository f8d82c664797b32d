/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mark_other.h"

#include <tacho/mark.h>

/* Inlined into each of its callers, or not: the mark is one either way. */
static inline void step(int number)
{
	TACHO_SCOPE("other");
	TACHO_ATTRIBUTE_INT("number", number);
}

void mark_other(int number)
{
	step(number);
	step(number + 1);
}
