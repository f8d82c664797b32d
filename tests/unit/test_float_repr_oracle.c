/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Python's own repr(), over popen(3), on very many numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "float_repr.h"
#include "scratch.h"

#define RANDOM_CNT 200000

static const char program[] = "python3 -c '"
			      "import struct, sys\n"
			      "with open(sys.argv[1], \"rb\") as file:\n"
			      "    data = file.read()\n"
			      "sys.stdout.write(\"\".join(repr(value) + \"\\n\""
			      " for value, in struct.iter_unpack(\"=d\", data)))' ";

struct numbers {
	struct scratch scratch;
	FILE *file;
	uint64_t random;
};

static void add(struct numbers *numbers, double value)
{
	assert_int_equal(fwrite(&value, sizeof(value), 1, numbers->file), 1);
}

/* xorshift64*, Vigna 2014: the same numbers each time. */
static uint64_t next_random(struct numbers *numbers)
{
	uint64_t x = numbers->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	numbers->random = x;
	return x * 0x2545f4914f6cdd1d;
}

static void begin(struct numbers *numbers)
{
	scratch__make(&numbers->scratch);
	numbers->random = 88172645463325252;
	numbers->file = fopen(scratch__at(&numbers->scratch, "numbers"), "w");
	assert_non_null(numbers->file);
}

/* Compares what both say of every number. */
static void compare(struct numbers *numbers)
{
	char command[1024], theirs[64], ours[FLOAT_REPR_MAX + 1];
	double value;
	size_t cnt = 0;
	FILE *python;

	assert_int_equal(fclose(numbers->file), 0);
	numbers->file = fopen(scratch__at(&numbers->scratch, "numbers"), "r");
	assert_non_null(numbers->file);
	snprintf(command, sizeof(command), "%s%s", program,
		 scratch__at(&numbers->scratch, "numbers"));
	python = popen(command, "r");
	assert_non_null(python);
	for (; fread(&value, sizeof(value), 1, numbers->file) == 1; cnt++) {
		assert_non_null(fgets(theirs, sizeof(theirs), python));
		theirs[strcspn(theirs, "\n")] = '\0';
		*float_repr(ours, value) = '\0';
		if (strcmp(ours, theirs))
			fail_msg("%a is %s, not %s", value, theirs, ours);
	}
	assert_int_equal(pclose(python), 0);
	assert_true(cnt > 1000);
	fclose(numbers->file);
	scratch__remove(&numbers->scratch);
}

static void times_are_spelled_as_python_does(void **state)
{
	struct numbers numbers;

	(void)state;
	begin(&numbers);
	for (unsigned int k = 0; k <= 1000000; k++)
		add(&numbers, k / 100.0);
	for (unsigned int i = 0; i < RANDOM_CNT; i++)
		add(&numbers, (double)(next_random(&numbers) % 10000000000) / 100 + 1720546700.0);
	compare(&numbers);
}

static void shares_are_spelled_as_python_does(void **state)
{
	struct numbers numbers;
	uint64_t total;

	(void)state;
	begin(&numbers);
	for (unsigned int i = 0; i < RANDOM_CNT; i++) {
		total = (next_random(&numbers) >> 27 | 1) << 10;
		add(&numbers,
		    (double)(next_random(&numbers) % total & ~0xfffULL) / (double)total * 100);
	}
	compare(&numbers);
}

static void any_bits_are_spelled_as_python_does(void **state)
{
	struct numbers numbers;
	uint64_t bits;
	double value;

	(void)state;
	begin(&numbers);
	for (unsigned int i = 0; i < RANDOM_CNT; i++) {
		bits = next_random(&numbers);
		memcpy(&value, &bits, sizeof(value));
		add(&numbers, value);
		/* and in the range that is written in practice */
		add(&numbers, ldexp((double)(bits >> 11 | 1ULL << 52), -(int)(bits % 119)));
	}
	compare(&numbers);
}

/* Few digits, or few bits: ties, and numbers next to shorter ones. */
static void round_numbers_are_spelled_as_python_does(void **state)
{
	struct numbers numbers;
	double value;
	uint64_t bits;
	char text[32];

	(void)state;
	begin(&numbers);
	for (uint64_t exponent = 1; exponent < 2047; exponent++) {
		for (uint64_t i = 0; i < 3; i++) {
			bits = (exponent << 52) + i - 1;
			memcpy(&value, &bits, sizeof(value));
			add(&numbers, value);
		}
	}
	for (unsigned int i = 0; i < RANDOM_CNT; i++) {
		add(&numbers, ldexp((double)(next_random(&numbers) % 128),
				    (int)(next_random(&numbers) % 150) - 75));
		snprintf(text, sizeof(text), "%ue%d",
			 (unsigned int)(next_random(&numbers) % 100000),
			 (int)(next_random(&numbers) % 60) - 35);
		add(&numbers, strtod(text, NULL));
	}
	compare(&numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_spelled_as_python_does),
		cmocka_unit_test(shares_are_spelled_as_python_does),
		cmocka_unit_test(any_bits_are_spelled_as_python_does),
		cmocka_unit_test(round_numbers_are_spelled_as_python_does),
	};

	return cmocka_run_group_tests_name("float_repr_oracle", tests, NULL, NULL);
}
