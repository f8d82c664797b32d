/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A program that comes in versions (-DVERSION=N), as does its library (follow_library.c). It takes
 * orders, one a line on stdin or each an argument, and answers each with a line.
 *
 *	own N      calls own_work(0) to own_work(N - 1) and says the sum
 *	load NAME  opens the library as dlopen(3) finds it
 *	work N     likewise, work() of the library
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long (*work_fn)(long x);

static work_fn library_work;

__attribute__((noipa)) long own_work(long x)
{
	return x + VERSION;
}

static void say_sum(work_fn work, long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum += work(i);
	printf("%ld\n", sum);
}

static void load(const char *name)
{
	void *library = dlopen(name, RTLD_NOW);

	library_work = library ? (work_fn)dlsym(library, "work") : NULL;
	puts(library_work ? "loaded" : dlerror());
}

static void follow(const char *line)
{
	char order[8], operand[4096];

	if (sscanf(line, "%7s %4095s", order, operand) != 2)
		exit(2);
	if (!strcmp(order, "own"))
		say_sum(own_work, atol(operand));
	else if (!strcmp(order, "load"))
		load(operand);
	else if (!strcmp(order, "work") && library_work)
		say_sum(library_work, atol(operand));
	else
		exit(2);
}

int main(int argc, char **argv)
{
	char line[4200];

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		follow(argv[i]);
	while (argc == 1 && fgets(line, sizeof(line), stdin))
		follow(line);
	return 0;
}
