/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program with one symbol of every kind that finding functions has to tell apart. */
#include <stdio.h>

int data_symbol = 1;
__thread int tls_symbol = 2;

int other_file(int x);
void asm_untyped(void);
void asm_sizeless(void);

__attribute__((noinline)) static int same_name(int x)
{
	return x * 3 + data_symbol;
}

__attribute__((noinline)) int plain_function(int x)
{
	return same_name(x) + tls_symbol;
}

int alias_function(int x) __attribute__((alias("plain_function")));

static int implementation(int x)
{
	return x + 1;
}

typedef int (*implementation_fn)(int x);

implementation_fn resolve_picked(void);

implementation_fn resolve_picked(void)
{
	return implementation;
}

int picked_function(int x) __attribute__((ifunc("resolve_picked")));

int main(int argc, char **argv)
{
	(void)argv;
	asm_untyped();
	asm_sizeless();
	printf("%d\n", plain_function(argc) + alias_function(argc) + picked_function(argc) +
			       other_file(argc));
	return 0;
}
