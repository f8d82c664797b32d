/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What test_dwarf*.c asks about: lines (found by their marks, "@name"), functions that are inlined
 * a known number of times, and functions of every type.
 */
#include "dwarf_program.h"

#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
#define INLINED inline __attribute__((always_inline))

struct pair {
	int first, second;
};

struct large {
	long values[8];
};

enum color { RED, GREEN = 7 };
enum sign { MINUS = -1, PLUS = 1 };
typedef const volatile unsigned long odd_t;
typedef odd_t odder_t;

int rejoined(int x);
extern int *volatile keeper;

volatile int sink, thirds, others, never;

/* --- inlined ---------------------------------------------------------------------------------- */

/* 7 copies, and nothing to probe */
static INLINED int everywhere(int x)
{
	sink += x; /* @everywhere */
	return sink;
}

/* 2 copies here; the function of this name in dwarf_other.c is another one */
static INLINED int helper(int x)
{
	sink ^= x; /* @helper */
	return sink + 1;
}

/* never inlined, so no copies */
NOINLINE int plain(int x)
{
	sink = x; /* @plain */
	return sink;
}

NOINLINE int caller_one(int x)
{
	return everywhere(x) + everywhere(x + 1) + helper(x) + shared_inline(x);
}

NOINLINE int caller_two(int x)
{
	int sum = everywhere(x) + everywhere(x + 2) + everywhere(x + 3);

	return sum + helper(x + 2) + shared_inline(x + 1);
}

/* shared_inline once more, within a copy of another function */
static INLINED int nested(int x)
{
	return shared_inline(x) + everywhere(x); /* @nested */
}

NOINLINE int caller_three(int x)
{
	return nested(x) + nested(x + 1);
}

int (*address_of_helper(void))(int)
{
	return helper;
}

/* --- lines ------------------------------------------------------------------------------------ */

NOINLINE int passes(int x)
{
	int passed = 0;

	for (int i = 0; i < x; i++) {
		if (i % 3 == 0)
			thirds ^= i; /* @every_third */
		else
			others += 3; /* @others */
		passed++;
		if (sink == x * 1000)
			never++; /* @never */
	}
	sink = passed; /* @after */
	return passed;
}

/* A line that is taken up again after the next ones. */
NOINLINE int taken_up(int x)
{
	/* clang-format off */
	return plain(x) * /* @taken_up */
		       plain(x + 1) -
	       plain(x + 2) *
		       plain(x + 3);
	/* clang-format on */
}

/* A line that begins with what it calls: the compiler calls that the beginning of the line, too. */
static INLINED _Bool is_digit(char c)
{
	return c >= '0' && c <= '9'; /* @is_digit */
}

NOINLINE int digits(const char *text)
{
	int number = 0;

	while (is_digit(*text)) { /* @while */
		number = number * 10 + (*text - '0');
		text++;
	}
	return number;
}

static __attribute__((cold, noreturn)) NOINLINE void complain(int x)
{
	fprintf(stderr, "too many: %d\n", x);
	abort();
}

/* What the compiler puts aside: a line that is only there, and one that is not. */
NOINLINE int seldom(int x)
{
	sink = x; /* @often */
	if (__builtin_expect(x > 1000000, 0)) {
		sink = 3; /* @seldom */
		complain(x);
	}
	return sink;
}

/* The part that is seldom run lies before the other, and begins at another column. */
NOINLINE int one_line(int x)
{
	/* clang-format off */
	if (__builtin_expect(x > 1000000, 0)) { sink = 4; complain(x); } /* @one_line */
	/* clang-format on */
	return sink + x;
}

/* GCC splits the seldom-run end off, and then puts it back: into this very function. */
int rejoined(int x)
{
	if (__builtin_expect(x > 1000000, 0)) {
		fprintf(stderr, "too many: %d\n", x);
		abort();
	}
	return sink + x;
}

/* --- types ------------------------------------------------------------------------------------ */

NOINLINE void returns_nothing(void)
{
	sink++;
}

NOINLINE _Bool returns_bool(void)
{
	return sink > 3;
}

NOINLINE signed char returns_char(void)
{
	return (signed char)sink;
}

NOINLINE unsigned short returns_short(void)
{
	return (unsigned short)sink;
}

NOINLINE odder_t returns_odd(void)
{
	return (unsigned long)sink;
}

NOINLINE const char *returns_text(void)
{
	return sink ? "text" : NULL;
}

NOINLINE unsigned char *returns_bytes(void)
{
	return (unsigned char *)&sink;
}

NOINLINE double returns_double(void)
{
	return sink;
}

NOINLINE float returns_float(void)
{
	return (float)sink;
}

NOINLINE enum color returns_color(void)
{
	return sink ? RED : GREEN;
}

NOINLINE enum sign returns_sign(void)
{
	return sink ? MINUS : PLUS;
}

NOINLINE struct pair returns_pair(void)
{
	return (struct pair) { sink, 2 };
}

NOINLINE __int128 returns_wide(void)
{
	return sink;
}

/* --- arguments -------------------------------------------------------------------------------- */

NOINLINE long arguments(char letter, double ratio, const char *text, unsigned char *bytes,
			float part, enum sign sign, _Bool yes, long last)
{
	return letter + (long)ratio + *text + *bytes + (long)part + sign + yes + last + sink;
}

NOINLINE long too_many(long a, long b, long c, long d, long e, long f, long g, long h, long i,
		       long j)
{
	return a + b + c + d + e + f + g + h + i + j + sink;
}

NOINLINE long structure_between(int before, struct pair pair, int behind)
{
	return before + pair.first + pair.second + behind + sink;
}

NOINLINE struct large returns_large(int number)
{
	return (struct large) { { number, sink } };
}

/* The compiler knows the only value of known, and passes only the value that *large has. */
static NOINLINE long altered(struct large *large, int known, int wanted)
{
	return large->values[3] + known + wanted + sink;
}

int *volatile keeper;

/* Likewise; and the other argument is in memory, because its address is taken. */
static NOINLINE int altered_in_memory(int known, int addressed)
{
	keeper = &addressed;
	return plain(known) * sink + *keeper;
}

int main(int argc, char **argv)
{
	struct large large = { { argc, 2, 3, 4 } };
	int (*volatile pointer)(int) = address_of_helper(), (*volatile other)(int) = rejoined;
	long sum = plain(argc);

	for (int i = 0; i < 4; i++)
		sum += caller_one(i) + caller_two(i);
	sum += caller_three(argc) + other_caller(argc) + passes(10) + seldom(argc);
	sum += pointer(argc) + other(argc) + taken_up(argc) + digits("1234");
	returns_nothing();
	sum += returns_bool() + returns_char() + returns_short() + (long)returns_odd();
	sum += *returns_text() + *returns_bytes() + (long)returns_double() + (long)returns_float();
	sum += (long)returns_color() + returns_sign() + returns_pair().second +
	       (long)returns_wide();
	sum += arguments('a', 2.5, argv[0], (unsigned char *)argv[0], 1.5f, MINUS, argc > 2, 9);
	sum += too_many(1, 2, 3, 4, 5, 6, 7, 8, 9, argc);
	sum += structure_between(1, returns_pair(), argc) + returns_large(argc).values[0];
	sum += altered(&large, 5, argc) + altered(&large, 5, argc + 1);
	sum += altered_in_memory(5, argc) + altered_in_memory(5, argc + 1) + one_line(argc);
	return sum == 0x12345678;
}
