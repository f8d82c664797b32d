/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A library of 5,000 functions, scaled_0000 to scaled_4999, and one that calls them all. */

#define FUNCTION(n)                                                                                \
	int scaled_##n(int x);                                                                     \
	__attribute__((noinline)) int scaled_##n(int x)                                            \
	{                                                                                          \
		__asm__ volatile("");                                                              \
		return x < 0 ? x : x + 1;                                                          \
	}
#define CALL(n) sum += scaled_##n(sum & 1);

#define TEN(each, n)                                                                               \
	each(n##0) each(n##1) each(n##2) each(n##3) each(n##4) each(n##5) each(n##6) each(n##7)    \
		each(n##8) each(n##9)
#define HUNDRED(each, n)                                                                           \
	TEN(each, n##0)                                                                            \
	TEN(each, n##1) TEN(each, n##2) TEN(each, n##3) TEN(each, n##4) TEN(each, n##5)            \
		TEN(each, n##6) TEN(each, n##7) TEN(each, n##8) TEN(each, n##9)
#define THOUSAND(each, n)                                                                          \
	HUNDRED(each, n##0)                                                                        \
	HUNDRED(each, n##1) HUNDRED(each, n##2) HUNDRED(each, n##3) HUNDRED(each, n##4)            \
		HUNDRED(each, n##5) HUNDRED(each, n##6) HUNDRED(each, n##7) HUNDRED(each, n##8)    \
			HUNDRED(each, n##9)
#define ALL(each)                                                                                  \
	THOUSAND(each, 0)                                                                          \
	THOUSAND(each, 1) THOUSAND(each, 2) THOUSAND(each, 3) THOUSAND(each, 4)

ALL(FUNCTION)

int call_all(void);
int call_all(void)
{
	int sum = 0;

	ALL(CALL)
	return sum;
}
