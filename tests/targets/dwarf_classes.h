// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#ifndef TACHO_TARGETS_DWARF_CLASSES_H
#define TACHO_TARGETS_DWARF_CLASSES_H

#define NOINLINE __attribute__((noinline))
#define INLINED inline __attribute__((always_inline))

extern volatile int sink;

namespace outer
{
INLINED int tiny(int x)
{
	return sink + x;
}

// Both units have it, and describe it; the linker keeps one, with one copy of tiny in it.
NOINLINE inline int kept_once(int x)
{
	return tiny(x) * 2;
}

int other_unit(int x);
} // namespace outer

#endif
