/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shell globs over a whole command line (`process =`), matched in the kernel at the moment of exec
 * and, for the processes that were there before, in user space: one matcher, so that both agree.
 *
 * As Python's fnmatch: * ? [set] [!set], no escapes, anchored at both ends, * matches everything
 * (slashes, blanks, newlines). Works on bytes. User space compiles the text; the matcher takes one
 * step at a time, which is what a BPF loop needs.
 */
#ifndef TACHO_GLOB_H
#define TACHO_GLOB_H

#ifndef __bpf__
#include <linux/types.h>
#include <stdbool.h>
#endif

#define TACHO_GLOB_TOKENS 128 /* powers of two: used as masks */
#define TACHO_GLOB_SETS 8
#define TACHO_COMMAND_SZ 4096 /* what lies beyond is not looked at */

/* Steps before the matcher gives up; a command line made to be slow costs about a millisecond. */
#define TACHO_GLOB_STEPS 65536

enum tacho_glob_kind {
	TACHO_GLOB_BYTE,
	TACHO_GLOB_ANY,
	TACHO_GLOB_STAR,
	TACHO_GLOB_SET,
};

struct tacho_glob_token {
	__u8 kind;  /* enum tacho_glob_kind */
	__u8 value; /* the byte, or the number of the set */
};

struct tacho_glob {
	__u32 token_cnt;
	__u32 reserved;
	struct tacho_glob_token tokens[TACHO_GLOB_TOKENS];
	__u8 sets[TACHO_GLOB_SETS][32]; /* one bit a byte value */
};

struct tacho_glob_match {
	__u32 text_at;
	__u32 token_at;
	__u32 star_text;  /* where to go on when the last star takes one byte more */
	__u32 star_token; /* behind the last star; 0 = none yet */
	bool done;
	bool matched;
};

static inline bool tacho_glob_token_accepts(const struct tacho_glob *glob,
					    const struct tacho_glob_token *token, __u8 byte)
{
	if (token->kind == TACHO_GLOB_BYTE)
		return token->value == byte;
	if (token->kind == TACHO_GLOB_SET)
		return glob->sets[token->value & (TACHO_GLOB_SETS - 1)][byte >> 3] >> (byte & 7) &
		       1;
	return token->kind == TACHO_GLOB_ANY;
}

/* One step; call until m->done. text has TACHO_COMMAND_SZ readable bytes, text_sz of them count. */
static inline void tacho_glob_step(const struct tacho_glob *glob, const char *text, __u32 text_sz,
				   struct tacho_glob_match *m)
{
	const struct tacho_glob_token *token = &glob->tokens[m->token_at & (TACHO_GLOB_TOKENS - 1)];
	bool more_tokens = m->token_at < glob->token_cnt;
	bool more_text = m->text_at < text_sz;

	if (more_tokens && token->kind == TACHO_GLOB_STAR) {
		m->token_at++;
		m->star_token = m->token_at;
		m->star_text = m->text_at;
	} else if (more_tokens && more_text &&
		   tacho_glob_token_accepts(glob, token,
					    text[m->text_at & (TACHO_COMMAND_SZ - 1)])) {
		m->token_at++;
		m->text_at++;
	} else if (!more_text) {
		m->matched = !more_tokens;
		m->done = true;
	} else if (m->star_token) {
		m->star_text++;
		m->text_at = m->star_text;
		m->token_at = m->star_token;
	} else {
		m->done = true;
	}
}

#endif
