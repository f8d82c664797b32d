/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Many bytes of text at once. Everything is inline and has no branches; all of them may look at
 * BYTES_BEYOND bytes from where they are told to begin.
 */
#ifndef TACHO_USER_ANALYSIS_BYTES_H
#define TACHO_USER_ANALYSIS_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

#define BYTES_BEYOND 64

static inline uint64_t bytes_load(const char *at)
{
	uint64_t bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return le64toh(bytes);
}

/* --- sixteen bytes: which of them are what? ----------------------------------------------------
 */

/* BYTES_PER bits for each byte, the first lowest, all set or none. */
#if defined(__SSE2__)
#define BYTES_PER 1

struct bytes16 {
	__m128i v;
};

static inline struct bytes16 bytes16__load(const char *at)
{
	return (struct bytes16) { _mm_loadu_si128((const __m128i *)(const void *)at) };
}

static inline uint64_t bytes16__mask(__m128i v)
{
	return (uint64_t)(unsigned int)_mm_movemask_epi8(v);
}

/* Those that are one of these two, or a control character. */
static inline uint64_t bytes16__find(struct bytes16 bytes, char a, char b)
{
	__m128i is_a = _mm_cmpeq_epi8(bytes.v, _mm_set1_epi8(a));
	__m128i is_b = _mm_cmpeq_epi8(bytes.v, _mm_set1_epi8(b));
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes.v, _mm_set1_epi8(0x1f)), bytes.v);

	return bytes16__mask(_mm_or_si128(_mm_or_si128(is_a, is_b), control));
}

#elif defined(__ARM_NEON) && defined(__aarch64__)
#define BYTES_PER 4

struct bytes16 {
	uint8x16_t v;
};

static inline struct bytes16 bytes16__load(const char *at)
{
	return (struct bytes16) { vld1q_u8((const uint8_t *)at) };
}

static inline uint64_t bytes16__mask(uint8x16_t v)
{
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(v), 4)), 0);
}

static inline uint64_t bytes16__find(struct bytes16 bytes, char a, char b)
{
	uint8x16_t is_a = vceqq_u8(bytes.v, vdupq_n_u8((uint8_t)a));
	uint8x16_t is_b = vceqq_u8(bytes.v, vdupq_n_u8((uint8_t)b));
	uint8x16_t control = vcleq_u8(bytes.v, vdupq_n_u8(0x1f));

	return bytes16__mask(vorrq_u8(vorrq_u8(is_a, is_b), control));
}

#else
#define BYTES_PER 1

struct bytes16 {
	const char *at;
};

static inline struct bytes16 bytes16__load(const char *at)
{
	return (struct bytes16) { at };
}

static inline uint64_t bytes16__find(struct bytes16 bytes, char a, char b)
{
	uint64_t mask = 0;

	for (int i = 0; i < 16; i++) {
		unsigned char c = (unsigned char)bytes.at[i];

		mask |= (uint64_t)(c == (unsigned char)a || c == (unsigned char)b || c < 0x20) << i;
	}
	return mask;
}
#endif

/* The first byte that is one of these two or a control character, which has to come. Names are of
 * any length up to 32 mostly: looking at so many at once leaves nothing to guess. */
static inline const char *bytes_find(const char *at, char a, char b)
{
	uint64_t mask;

#if BYTES_PER == 1
	while (!(mask = bytes16__find(bytes16__load(at), a, b) |
			bytes16__find(bytes16__load(at + 16), a, b) << 16))
		at += 32;
#else
	while (!(mask = bytes16__find(bytes16__load(at), a, b)))
		at += 16;
#endif
	return at + (unsigned int)__builtin_ctzll(mask) / BYTES_PER;
}

/* --- sixty-four bytes ------------------------------------------------------------------------- */

/* A bit for each byte, the first lowest. */
struct bytes64 {
	uint64_t commas;
	uint64_t others; /* quotes and control characters */
};

#if defined(__SSE2__)
static inline struct bytes64 bytes64__find(const char *at)
{
	struct bytes64 found = {};

	for (int i = 0; i < 4; i++) {
		struct bytes16 bytes = bytes16__load(at + 16 * i);
		__m128i comma = _mm_cmpeq_epi8(bytes.v, _mm_set1_epi8(','));

		found.commas |= bytes16__mask(comma) << 16 * i;
		found.others |= bytes16__find(bytes, '"', '"') << 16 * i;
	}
	return found;
}
#elif defined(__ARM_NEON) && defined(__aarch64__)
/* Four vectors of 0 and -1 to one bit each: the bits of eight neighbours are added up. */
static inline uint64_t bytes64__mask(const uint8x16_t v[4])
{
	static const uint8_t bits[16] = {
		1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128
	};
	uint8x16_t bit = vld1q_u8(bits);
	uint8x16_t a = vpaddq_u8(vandq_u8(v[0], bit), vandq_u8(v[1], bit));
	uint8x16_t b = vpaddq_u8(vandq_u8(v[2], bit), vandq_u8(v[3], bit));

	a = vpaddq_u8(a, b);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(a, a)), 0);
}

static inline struct bytes64 bytes64__find(const char *at)
{
	uint8x16_t commas[4], others[4];

	for (int i = 0; i < 4; i++) {
		uint8x16_t v = bytes16__load(at + 16 * i).v;

		commas[i] = vceqq_u8(v, vdupq_n_u8(','));
		others[i] = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vcleq_u8(v, vdupq_n_u8(0x1f)));
	}
	return (struct bytes64) { bytes64__mask(commas), bytes64__mask(others) };
}
#else
static inline struct bytes64 bytes64__find(const char *at)
{
	struct bytes64 found = {};

	for (int i = 0; i < 64; i++) {
		found.commas |= (uint64_t)(at[i] == ',') << i;
		found.others |= (uint64_t)(at[i] == '"' || (unsigned char)at[i] < 0x20) << i;
	}
	return found;
}
#endif

/* --- eight digits ----------------------------------------------------------------------------- */

/* How many digits the eight bytes begin with. */
static inline unsigned int bytes_digits(uint64_t bytes)
{
	uint64_t value = bytes ^ UINT64_C(0x3030303030303030);
	/* The first byte of more than 9 carries into its highest bit; what it does to those behind
	 * it does not matter. */
	uint64_t other =
		((value + UINT64_C(0x7676767676767676)) | value) & UINT64_C(0x8080808080808080);

	return other ? (unsigned int)__builtin_ctzll(other) / 8 : 8;
}

/*
 * The number that the first cnt bytes, 1 to 8, are in decimal: moved up, so that zeros come before
 * it, then neighbours are joined, in pairs, fours and eights.
 */
static inline uint64_t bytes_number(uint64_t bytes, unsigned int cnt)
{
	uint64_t value = (bytes & UINT64_C(0x0f0f0f0f0f0f0f0f)) << (64 - 8 * cnt);

	value = (value * 10 + (value >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	value = (value * 100 + (value >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (value * 10000 + (value >> 32)) & UINT64_C(0xffffffff);
}

#endif
