/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls a shared library whose functions are traced: survive_caller SCENARIO. */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(outer) F(rotates) F(hashes) F(judges)
#include "survive_truth.h"

unsigned long hashes(const char *bytes, size_t cnt);
long judges(int n);
extern long rotates_calls, hashes_calls, judges_calls;

#define TAKE_OVER(name)                                                                            \
	do {                                                                                       \
		ENDS_TIMES(name, ENTRIES, name##_calls);                                           \
		ENDS_TIMES(name, RETURNED, name##_calls);                                          \
		name##_calls = 0;                                                                  \
	} while (0)

static void take_over_counts(void)
{
	TAKE_OVER(rotates);
	TAKE_OVER(hashes);
	TAKE_OVER(judges);
}

TRACED void outer(int round)
{
	ENTERS(outer);
	for (int i = 0; i < 16; i++) {
		mix(judges(i));
		mix((long)hashes("abcdefghijklmnop", (size_t)i));
		take_over_counts();
		if (i == 8)
			gate_inside(round);
	}
	ENDS(outer, RETURNED);
}

static void run(int round)
{
	outer(round);
	call_leaf(10);
	sleep_once();
}

static const struct scenario scenarios[] = {
	{ "library", run },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
