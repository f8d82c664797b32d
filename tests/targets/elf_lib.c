/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A library with versioned symbols; the versions are in elf_lib.map. */
#include <string.h>

int versioned_old(int x);
int versioned_new(int x);
int only_old_impl(int x);
size_t exported(const char *text);

__asm__(".symver versioned_old, versioned@LIB_1");
__asm__(".symver versioned_new, versioned@@LIB_2");
__asm__(".symver only_old_impl, only_old@LIB_1");

int versioned_old(int x)
{
	return x + 1;
}

int versioned_new(int x)
{
	return x + 2;
}

int only_old_impl(int x)
{
	return x + 3;
}

size_t exported(const char *text)
{
	return strlen(text) + 4;
}
