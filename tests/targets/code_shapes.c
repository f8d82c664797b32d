/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions of every shape that decoding has to understand, all called in many ways between two
 * breakpoints: whoever steps through that sees where each call really begins and ends.
 */
#include <alloca.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Neither inlined nor cloned: the function is the symbol. */
#ifdef __clang__
#define SHAPE __attribute__((noinline, used))
#else
#define SHAPE __attribute__((noipa, used))
#endif

static volatile long sink;

SHAPE long shape_plain(long a, long b)
{
	return a * 3 + b;
}

SHAPE __attribute__((cold)) long shape_seldom(long a)
{
	sink += a;
	return a - 1;
}

/* ---- switches ---- */

SHAPE long shape_switch_leaf(long op, long a, long b)
{
	switch (op) {
	case 0:
		return a + b;
	case 1:
		return a - b;
	case 2:
		return a * b;
	case 3:
		return a & b;
	case 4:
		return a | b;
	case 5:
		return a ^ b;
	case 6:
		return a << (b & 7);
	case 7:
		return ~a;
	default:
		return b;
	}
}

/* Some cases go on in other functions, which is the end of this call. */
SHAPE long shape_switch_tail(unsigned op, long a, long b)
{
	switch (op) {
	case 0:
		return shape_plain(b, a);
	case 1:
		return a - b;
	case 2:
		return shape_plain(a, a);
	case 3:
		return shape_seldom(a & b);
	case 4:
		return a | b;
	case 5:
		return shape_switch_leaf(op, a, b);
	case 6:
		return a << (b & 7);
	default:
		abort();
	}
}

SHAPE long shape_switch_framed(long op, long a, long b)
{
	long first = shape_plain(a, b);

	switch (op) {
	case 0:
		return shape_plain(first, b) + 1;
	case 1:
		return shape_plain(first, a) - 1;
	case 2:
		sink = first;
		break;
	case 3:
		return shape_plain(b, first);
	case 4:
		first ^= shape_plain(first, first);
		break;
	case 5:
		return first;
	default:
		first = -first;
	}
	return shape_plain(first, op);
}

/* ---- an interpreter, with a label for each instruction ---- */

SHAPE long shape_goto(const uint8_t *program, long value)
{
	static const void *const labels[] = { &&stop, &&inc, &&twice, &&call, &&neg };

	goto *labels[*program];
inc:
	value++;
	goto *labels[*++program];
twice:
	value *= 2;
	goto *labels[*++program];
call:
	value = shape_plain(value, 1);
	goto *labels[*++program];
neg:
	value = -value;
	goto *labels[*++program];
stop:
	return value;
}

SHAPE long shape_goto_leaf(const uint8_t *program, long value)
{
	static const void *const labels[] = { &&stop, &&inc, &&twice, &&neg };

	goto *labels[*program];
inc:
	value++;
	goto *labels[*++program];
twice:
	value *= 2;
	goto *labels[*++program];
neg:
	value = -value;
	goto *labels[*++program];
stop:
	return value;
}

/* ---- tail calls ---- */

SHAPE long shape_tail(long a)
{
	return shape_plain(a, 2);
}

SHAPE long shape_tail_framed(long a)
{
	long b = shape_plain(a, 1);

	return shape_plain(a, b);
}

SHAPE long shape_tail_pointer(long (*next)(long), long a)
{
	return next(a + 1);
}

struct ops {
	long (*first)(const struct ops *ops, long a);
	long (*second)(const struct ops *ops, long a);
};

SHAPE long shape_second(const struct ops *ops, long a)
{
	return a + (ops->first != NULL);
}

/* As a virtual function is called last. */
SHAPE long shape_tail_member(const struct ops *ops, long a)
{
	if (a & 1)
		return a;
	return ops->second(ops, a);
}

SHAPE long shape_tail_maybe(long (*next)(long), long a)
{
	if (a > 2)
		sink += shape_plain(a, a);
	return a & 1 ? next(a) : a;
}

/* ---- recursion ---- */

SHAPE long shape_recursive(long n)
{
	return n <= 1 ? 1 : n * shape_recursive(n - 1);
}

SHAPE long shape_tail_recursive(long n, long sum)
{
	if (n == 0)
		return sum;
	return shape_tail_recursive(n - 1, sum + n);
}

SHAPE long shape_odd(long n);

SHAPE long shape_even(long n)
{
	return n == 0 ? 1 : shape_odd(n - 1);
}

SHAPE long shape_odd(long n)
{
	return n == 0 ? 0 : shape_even(n - 1);
}

/* A loop of which the head is the beginning, where the compiler likes it so. */
SHAPE unsigned long shape_loop(unsigned long n)
{
	do
		n--;
	while (n & 7);
	return n;
}

/* ---- what is seldom run lies elsewhere ---- */

SHAPE long shape_cold_return(long a)
{
	long b = shape_plain(a, a);

	if (__builtin_expect(a == 3, 0)) {
		b += shape_seldom(a);
		return shape_seldom(b) + 1;
	}
	return b;
}

SHAPE long shape_cold_tail(long a)
{
	long b = shape_plain(a, a);

	if (__builtin_expect(a == 3, 0)) {
		sink += shape_seldom(a);
		return shape_seldom(b);
	}
	return b * 2;
}

SHAPE long shape_cold_back(long a)
{
	long b = shape_plain(a, 1);

	if (__builtin_expect(b == 10, 0))
		b += shape_seldom(a);
	b = shape_plain(b, a);
	if (__builtin_expect(b < 0, 0)) {
		shape_seldom(b);
		abort();
	}
	return b + 1;
}

SHAPE long shape_cold_leaf(long a)
{
	if (__builtin_expect(a == 3, 0))
		return shape_seldom(a);
	if (__builtin_expect(a == 4, 0)) {
		shape_seldom(1);
		sink++;
	}
	return a * 2;
}

SHAPE long shape_cold_never(long a)
{
	if (a == 1234567)
		abort();
	return shape_plain(a, a) + 1;
}

/* ---- frames ---- */

SHAPE long shape_alloca(long n)
{
	volatile char *bytes = alloca((size_t)n + 1);

	bytes[n] = (char)n;
	return shape_plain(bytes[n], n);
}

SHAPE long shape_aligned(long a)
{
	volatile long values[8] __attribute__((aligned(64)));

	values[a & 7] = a;
	return shape_plain(values[a & 7], a) + ((uintptr_t)values & 63);
}

SHAPE long shape_aligned_tail(long a)
{
	volatile long values[8] __attribute__((aligned(64)));

	values[a & 7] = a;
	sink = shape_plain(values[a & 7], a);
	return shape_plain(a, a);
}

SHAPE long shape_many(long a, long b, long c, long d, long e, long f, long g, long h)
{
	return shape_plain(a, b) + shape_plain(c, d) * shape_plain(e, f) - shape_plain(g, h);
}

SHAPE long shape_large(long a)
{
	volatile char bytes[3000];

	memset((char *)bytes, (int)a, sizeof(bytes));
	return bytes[(size_t)(a & 7) * 300];
}

/* ---- other ways ---- */

static jmp_buf back;

SHAPE long shape_jumps(long a)
{
	if (a & 1)
		longjmp(back, 1);
	return a + 1;
}

SHAPE long shape_jumped_over(long a)
{
	return shape_jumps(a) * 2;
}

SHAPE double shape_floating(double a, long n)
{
	for (long i = 0; i < n; i++)
		a = a * 1.5 + (double)i;
	return a;
}

/* Of code_shapes_asm.S: the shapes that a compiler makes only when it likes. */
long shape_conditional_tail(long a);
long shape_conditional_tail_near(long a);
long shape_register_tail(long a);

static void run_switches(long i)
{
	sink += shape_switch_leaf(i, i + 1, i * 3);
	sink += shape_switch_tail((unsigned)i % 7, i, 7);
	sink += shape_switch_framed(i, 2, i);
	sink += shape_goto((const uint8_t[]) { 1, 2, 3, 4, 2, 1, 0 } + i % 7, i);
	sink += shape_goto_leaf((const uint8_t[]) { 1, 2, 3, 2, 1, 0 } + i % 6, i);
}

static void run_tails(long i)
{
	const struct ops ops = { NULL, i & 2 ? shape_second : shape_tail_member };
	const struct ops last = { NULL, shape_second };

	sink += shape_tail(i);
	sink += shape_tail_framed(i);
	sink += shape_tail_pointer(shape_tail, i);
	sink += shape_tail_pointer(shape_recursive, i);
	sink += shape_tail_member(i & 2 ? &ops : &last, i);
	sink += shape_tail_maybe(shape_cold_leaf, i);
	sink += shape_conditional_tail(i - 2);
	sink += shape_conditional_tail_near(i - 2);
	sink += shape_register_tail(i - 2);
	sink += shape_recursive(i);
	sink += shape_tail_recursive(i, 0);
	sink += shape_even(i);
	sink += (long)shape_loop((unsigned long)i + 3);
}

static void run_others(long i)
{
	sink += shape_cold_return(i);
	sink += shape_cold_tail(i);
	sink += shape_cold_back(i);
	sink += shape_cold_leaf(i);
	sink += shape_cold_never(i);
	sink += shape_alloca(i * 5);
	sink += shape_aligned(i);
	sink += shape_aligned_tail(i);
	sink += shape_many(i, 1, 2, 3, 4, 5, 6, 7);
	sink += shape_large(i);
	sink += (long)shape_floating((double)i, i);
	if (setjmp(back) == 0)
		sink += shape_jumped_over(i);
}

static void stop(void)
{
#if defined(__x86_64__)
	__asm__ volatile("int3");
#else
	__asm__ volatile("brk #0");
#endif
}

int main(int argc, char **argv)
{
	/* Without somebody who steps, a breakpoint would be the end. */
	if (argc < 2 || strcmp(argv[1], "stepped") != 0) {
		fputs("usage: code_shapes stepped (under a debugger)\n", stderr);
		return 2;
	}
	stop();
	for (long i = 0; i < 9; i++) {
		run_switches(i);
		run_tails(i);
		run_others(i);
	}
	stop();
	return 0;
}
