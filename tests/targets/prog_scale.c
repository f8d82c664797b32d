/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls each of the 5,000 functions of libscale.so once. */
#include <stdio.h>

int call_all(void);

int main(void)
{
	printf("%d\n", call_all());
	return 0;
}
