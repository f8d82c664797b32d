/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* prog_library N: calls versioned() of libelf_lib.so.1 N times, in its default version. */
#include <stdio.h>
#include <stdlib.h>

int versioned(int x);

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < count; i++)
		versioned(i);
	printf("versioned %d\n", count);
	return 0;
}
