/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * USDT probes of every kind. The values that reach each are in the test (test_usdt.c), which stops
 * this program at them and reads the arguments as the notes say.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/sdt.h>

void usdt_semaphores(int number);
void usdt_other_semaphore(int number);

struct row {
	int8_t i8;
	uint8_t u8;
	int16_t i16;
	uint16_t u16;
	int32_t i32;
	uint32_t u32;
	int64_t i64;
	uint64_t u64;
};

static volatile struct row source = { -8,      200,	    -1600,	    60000,
				      -320000, 4000000000u, -6400000000000, 18000000000000000000u };
static int counter;
static short shorts[8];
int64_t table[8];

static __attribute__((noinline)) void in_memory(const struct row *row)
{
	STAP_PROBE8(tacho_test, in_memory, row->i8, row->u8, row->i16, row->u16, row->i32, row->u32,
		    row->i64, row->u64);
}

static __attribute__((noinline)) void in_registers(int8_t i8, uint16_t u16, int32_t i32,
						   uint32_t u32, int64_t i64, uint64_t u64)
{
	STAP_PROBE6(tacho_test, in_registers, i8, u16, i32, u32, i64, u64);
}

static __attribute__((noinline)) void constants(void)
{
	STAP_PROBE8(tacho_test, constants, (int8_t)-5, (uint8_t)250, (int16_t)-300, (uint16_t)65000,
		    -70000, 4000000000u, -1L, 99UL);
}

static __attribute__((noinline)) void variables(long index)
{
	STAP_PROBE4(tacho_test, variables, counter, shorts[3], shorts[index], table[index]);
}

static __attribute__((noinline)) void locals(void)
{
	volatile int small = -77;
	volatile uint64_t large = 1ull << 40;

	STAP_PROBE2(tacho_test, locals, small, large);
}

static __attribute__((noinline)) void pointers(const char *text, double ratio)
{
	STAP_PROBE3(tacho_test, pointers, text, ratio, 3);
}

static inline __attribute__((always_inline)) void inlined(int number)
{
	STAP_PROBE1(tacho_test, inlined, number);
}

static __attribute__((noinline)) void elsewhere(int number)
{
	inlined(number);
}

int main(void)
{
	struct row row = source;
	volatile long index = 5;

	counter = row.i16;
	shorts[3] = row.i16;
	shorts[5] = (short)(row.i16 - 1);
	table[5] = row.i64;
	STAP_PROBE(tacho_test, no_arguments);
	in_memory(&row);
	in_registers(row.i8, row.u16, row.i32, row.u32, row.i64, row.u64);
	constants();
	variables(index);
	locals();
	pointers(getenv("TACHO_USDT_TEXT"), row.i8);
	inlined(row.i8 - 1);
	inlined(row.i8 - 2);
	elsewhere(row.i8 - 3);
	usdt_semaphores(row.i32);
	usdt_other_semaphore(row.i32);
	return 0;
}
