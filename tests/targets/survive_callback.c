/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A C library that calls its caller back. Built with and without -fexceptions. */
#include <stddef.h>

long for_each(int n, long (*visit)(int i, void *context), void *context);

static __attribute__((noipa)) long visit_two(int i, long (*visit)(int i, void *context),
					     void *context)
{
	long first = visit(i, context);

	return first + visit(i + 1, context);
}

__attribute__((noipa)) long for_each(int n, long (*visit)(int i, void *context), void *context)
{
	long sum = 0;

	for (int i = 0; i < n; i += 2)
		sum += visit_two(i, visit, context);
	return sum;
}
