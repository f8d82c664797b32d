/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "dwarf_program.h"

extern int shared_inline(int x);

static inline __attribute__((always_inline)) int helper(int x)
{
	sink |= x; /* @other_helper */
	return sink + 2;
}

int (*address_of_other_helper(void))(int);

int (*address_of_other_helper(void))(int)
{
	return helper;
}

int other_caller(int x)
{
	return helper(x) + helper(x + 1) + helper(x + 2) + shared_inline(x);
}
