/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TACHO_TARGETS_DWARF_PROGRAM_H
#define TACHO_TARGETS_DWARF_PROGRAM_H

extern volatile int sink;

int other_caller(int x);

/* One external function in both units: 2 + 2 copies in one, 1 in the other, and itself. */
__attribute__((always_inline)) inline int shared_inline(int x)
{
	sink -= x; /* @shared */
	return sink * 3;
}

#endif
