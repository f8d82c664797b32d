/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other file of elf_program.c: it too has a static function called same_name. */
extern int data_symbol;
int other_file(int x);

__attribute__((noinline)) static int same_name(int x)
{
	return x * 5 - data_symbol;
}

int other_file(int x)
{
	return same_name(x) + same_name(x + 1);
}
