/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analysis/random.h"

#include <math.h>

static uint64_t rotate_left(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

void random__seed(struct random *random, uint64_t seed)
{
	uint64_t mixed;

	/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
	for (size_t i = 0; i < 4; i++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		mixed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
		random->words[i] = mixed ^ mixed >> 31;
	}
}

uint64_t random__next(struct random *random)
{
	/* https://prng.di.unimi.it/xoshiro256starstar.c */
	uint64_t *words = random->words;
	uint64_t result = rotate_left(words[1] * 5, 7) * 9;
	uint64_t shifted = words[1] << 17;

	words[2] ^= words[0];
	words[3] ^= words[1];
	words[1] ^= words[2];
	words[0] ^= words[3];
	words[2] ^= shifted;
	words[3] = rotate_left(words[3], 45);
	return result;
}

size_t random__below(struct random *random, size_t cnt)
{
	return (size_t)((unsigned __int128)random__next(random) * cnt >> 64);
}

double random__uniform(struct random *random)
{
	/* 52 bits and a half: with 53, the largest would round to 1 */
	return ((double)(random__next(random) >> 12) + 0.5) * 0x1p-52;
}

/* Marsaglia's polar method. */
double random__normal(struct random *random)
{
	double x, y, square;

	do {
		x = 2 * random__uniform(random) - 1;
		y = 2 * random__uniform(random) - 1;
		square = x * x + y * y;
	} while (square >= 1 || square == 0);
	return x * sqrt(-2 * log(square) / square);
}

double random__exponential(struct random *random)
{
	return -log(random__uniform(random));
}

/* Marsaglia and Tsang, ACM Transactions on Mathematical Software 26, 2000; their squeeze spares
 * nearly all the logarithms. */
double random__gamma(struct random *random, double shape)
{
	const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	double normal, square, cube, uniform;

	for (;;) {
		normal = random__normal(random);
		cube = 1 + c * normal;
		if (cube <= 0)
			continue;
		cube = cube * cube * cube;
		uniform = random__uniform(random);
		square = normal * normal;
		if (uniform < 1 - 0.0331 * square * square ||
		    log(uniform) < square / 2 + d - d * cube + d * log(cube))
			return d * cube;
	}
}
