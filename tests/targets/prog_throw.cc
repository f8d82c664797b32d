// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// prog_throw N: calls thrower() N times; every third call throws through it and its callee.
// Built without .cold parts: a function that jumps to one cannot be recorded in safe mode.
// Prints what really happened: "thrower N", "thrown M".
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

extern "C" {

__attribute__((noinline)) int inner(int i)
{
	if (i % 3 == 0)
		throw std::runtime_error("third");
	return i + 1;
}

__attribute__((noinline)) int thrower(int i)
{
	volatile int result = inner(i);

	return result * 2;
}
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? std::atoi(argv[1]) : 10;
	int thrown = 0;

	for (int i = 0; i < count; i++) {
		try {
			thrower(i);
		} catch (const std::exception &) {
			thrown++;
		}
	}
	std::printf("thrower %d\nthrown %d\n", count, thrown);
	return 0;
}
