/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The library that survive_caller calls; it counts its calls itself. */
#include <stddef.h>

long rotates_calls, hashes_calls, judges_calls;

static __attribute__((noipa)) unsigned long rotates(unsigned long x, int by)
{
	rotates_calls++;
	return x << by | x >> (64 - by);
}

__attribute__((noipa)) unsigned long hashes(const char *bytes, size_t cnt)
{
	unsigned long hash = 5381;

	hashes_calls++;
	for (size_t i = 0; i < cnt; i++)
		hash = rotates(hash * 33 + (unsigned char)bytes[i], 7);
	return hash;
}

/* A switch that compilers make a jump table of. */
__attribute__((noipa)) long judges(int n)
{
	judges_calls++;
	switch (n) {
	case 0:
		return hashes("zero", 4) % 12;
	case 1:
		return (long)(hashes("one", 3) % 1000) - 3;
	case 2:
		return (long)rotates((unsigned long)n, 3) + (long)hashes("two", 2);
	case 3:
		return (long)rotates(99, n) - 1;
	case 4:
		return (long)(hashes("four", 4) ^ hashes("iv", 2));
	case 5:
		return n / (long)(hashes("", 0) - 5380);
	case 6:
		return (long)rotates((unsigned long)n * 3, n) + n;
	default:
		return n;
	}
}
