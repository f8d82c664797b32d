// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// prog_throw N: calls thrower() N times; every third call throws through it and its callee.
// rare() is called as often, and returns from its cold part now and then.
// Prints what really happened: "thrower N", "thrown M", "rare N".
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

__attribute__((cold, noinline)) int note(int i)
{
	return i + 7;
}

__attribute__((noinline)) int rare(int i)
{
	if (i % 5 == 0)
		return note(i) * 2;
	return i;
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
		volatile int used = rare(i); // or the call is optimised away

		(void)used;
		try {
			thrower(i);
		} catch (const std::exception &) {
			thrown++;
		}
	}
	std::printf("thrower %d\nthrown %d\nrare %d\n", count, thrown, count);
	return 0;
}
