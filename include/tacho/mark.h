/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks: places in a program that Tachograph, bpftrace and perf can see.
 *
 *     #include <tacho/mark.h>
 *
 *     TACHO_BEGIN("parse");                  a block on one thread; blocks nest
 *     TACHO_ATTRIBUTE_INT("lines", n);       says something of the innermost open block
 *     TACHO_FAIL(strerror(errno));           the innermost open block has failed
 *     TACHO_END("parse");
 *
 *     TACHO_SCOPE("parse");                  from here to the end of the enclosing braces
 *
 *     TACHO_KEY_BEGIN("request", id);        a block that another thread may end, or that is
 *     TACHO_KEY_LEAVE(id);                   suspended (its time on a CPU is not counted) and
 *     TACHO_KEY_ENTER(id);                   runs again, on this thread, which may be another
 *     TACHO_KEY_END("request", id);
 *
 * One that begins with the label "" has that of its end, which may not be known before.
 *
 *     TACHO_COUNTER("cache hits", 1);        adds to a counter of the process
 *
 * C11 and C++17 (also with -pedantic), GCC and clang; nothing to link. Works in programs and shared
 * libraries, static or not, at every level of optimisation and with LTO. On machines other than
 * x86-64 and arm64, and with TACHO_NO_MARKS defined, the marks are nothing.
 *
 * What a mark costs: a load and a branch that is not taken while nobody records. Arguments are
 * evaluated only while somebody does, so a label may be any expression that gives a string; it
 * must not have side effects that the program needs.
 *
 * What is promised of the strings: they are read at the moment of the mark and may be gone after
 * it; only the label of TACHO_SCOPE must live as long as the scope. Recorders read a limited number
 * of bytes (Tachograph 127 of a label). NULL is as good as "".
 *
 * A key is any number or pointer that is unique among the open keyed blocks of the process. A
 * keyed block runs on the thread that began it until it is left.
 *
 * A block that was begun before somebody records is not recorded. TACHO_SCOPE remembers whether it
 * marked its beginning; TACHO_END of a block without a beginning is passed over by the recorder.
 * In C a scope ends where braces, break, goto and return leave it; longjmp and thread exit pass it
 * by, and exceptions of C++ do unless the file is compiled with -fexceptions.
 *
 * Programs that lld links need -Wl,-z,separate-loadable-segments: as it is, lld may let two
 * writable segments share a page of the file, and Linux then counts in the first, up to 6.18 at
 * least, so that the program does not see that it is recorded.
 *
 * How it works: each mark is a USDT probe of the provider "tacho", in the format of SystemTap's
 * <sys/sdt.h>: a nop, a note in .note.stapsdt, which is not loaded, and a semaphore in .probes that
 * the kernel counts up in the memory of every process that maps the file while a probe is there.
 * The semaphores are defined in the assembly of each mark, in a group that the linker keeps one of,
 * so that functions which the linker discards, inlines and clones take along what they need;
 * hidden, because every linked object is mapped, and so counted, by itself. Every argument is 8
 * bytes in a register: any reader of notes understands that without debugging information.
 */
#ifndef TACHO_MARK_H
#define TACHO_MARK_H

#include <stdint.h>

#ifndef TACHO_NO_MARKS
#if !defined(__ELF__) || !(defined(__x86_64__) || defined(__aarch64__)) || !defined(__LP64__)
#define TACHO_NO_MARKS
#endif
#endif

#define TACHO_JOIN_2(a, b) a##b
#define TACHO_JOIN(a, b) TACHO_JOIN_2(a, b)

#ifdef __cplusplus
#define TACHO_INLINE inline __attribute__((always_inline))
#define TACHO_NOTHROW noexcept
#define TACHO_NULL nullptr
#else
#define TACHO_INLINE static inline __attribute__((always_inline))
#define TACHO_NOTHROW
#define TACHO_NULL ((const char *)0)
#endif

#ifndef TACHO_NO_MARKS

/* --- the sites ------------------------------------------------------------------------------- */

/*
 * x86-64 has two nops. The note names the first, of one byte, which every kernel probes by a trap.
 * The second, of five bytes, Linux 6.18 makes a call of while it is probed, which is faster, but
 * not yet harmless: the call leads to a page that fork does not copy, so that a child which comes
 * by is killed (seen on 6.18.44). Recorders that know their kernel to be better may probe that one.
 *
 * Such a call writes below the stack pointer, too: into the red zone, where a function that calls
 * nobody may keep its variables (System V ABI, 3.2.2). So the stack pointer passes over it.
 */
#ifdef __x86_64__
#define TACHO_NOP                                                                                  \
	"add $-128, %%rsp\n"                                                                       \
	"990: nop\n"                                                                               \
	".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"                                                     \
	"sub $-128, %%rsp\n"
#else
#define TACHO_NOP "990: nop\n"
#endif

/* Without it, compilers take each line for an instruction when they decide what to inline. */
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 9
#define TACHO_ASM __asm__ __inline__ __volatile__
#else
#define TACHO_ASM __asm__ __volatile__
#endif

/* The numeric labels are those of <sys/sdt.h>, and nothing else is between them. */
#define TACHO_SITE(name, args)                                                                     \
	TACHO_NOP ".pushsection .note.stapsdt,\"?\",\"note\"\n"                                    \
		  ".balign 4\n"                                                                    \
		  ".4byte 992f-991f, 994f-993f, 3\n"                                               \
		  "991: .asciz \"stapsdt\"\n"                                                      \
		  "992: .balign 4\n"                                                               \
		  "993: .8byte 990b\n"                                                             \
		  ".8byte _.stapsdt.base\n"                                                        \
		  ".8byte tacho_" name "_semaphore\n"                                              \
		  ".asciz \"tacho\"\n"                                                             \
		  ".asciz \"" name "\"\n"                                                          \
		  ".asciz \"" args "\"\n"                                                          \
		  "994: .balign 4\n"                                                               \
		  ".popsection\n"                                                                  \
		  ".ifndef _.stapsdt.base\n"                                                       \
		  ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"          \
		  ".weak _.stapsdt.base\n"                                                         \
		  ".hidden _.stapsdt.base\n"                                                       \
		  "_.stapsdt.base: .space 1\n"                                                     \
		  ".size _.stapsdt.base, 1\n"                                                      \
		  ".popsection\n"                                                                  \
		  ".endif\n"

#define TACHO_COUNTED(name)                                                                        \
	".ifndef tacho_" name "_semaphore\n"                                                       \
	".pushsection .probes,\"awG\",\"progbits\",tacho_" name "_semaphore,comdat\n"              \
	".balign 2\n"                                                                              \
	".weak tacho_" name "_semaphore\n"                                                         \
	".hidden tacho_" name "_semaphore\n"                                                       \
	".type tacho_" name "_semaphore, \"object\"\n"                                             \
	".size tacho_" name "_semaphore, 2\n"                                                      \
	"tacho_" name "_semaphore: .2byte 0\n"                                                     \
	".popsection\n"                                                                            \
	".endif\n"

/*
 * Volatile: a loop must see that somebody begins to record. The memory clobber: what the strings
 * point to has been stored when the mark is passed.
 */
#define TACHO_SEMAPHORE(name)                                                                      \
	extern volatile unsigned short tacho_##name##_semaphore                                    \
		__attribute__((visibility("hidden")));                                             \
	TACHO_INLINE int tacho_active_##name(void) TACHO_NOTHROW                                   \
	{                                                                                          \
		TACHO_ASM(TACHO_COUNTED(#name));                                                   \
		return tacho_##name##_semaphore != 0;                                              \
	}
#define TACHO_PASS(name, args, ...)                                                                \
	TACHO_ASM(TACHO_SITE(#name, args) TACHO_COUNTED(#name) : : __VA_ARGS__ : "memory")

#else

#define TACHO_SEMAPHORE(name)                                                                      \
	TACHO_INLINE int tacho_active_##name(void) TACHO_NOTHROW                                   \
	{                                                                                          \
		return 0;                                                                          \
	}
#define TACHO_PASS(name, args, ...) (void)0

#endif

/*
 * The kernel reads strings at the mark without waiting for pages that are not in memory, as those
 * of constants are not before their first use. So they are used.
 */
TACHO_INLINE void tacho_read(const char *text) TACHO_NOTHROW
{
	if (text)
		(void)*(const volatile char *)text;
}

#define TACHO_DEFINE_1(name, type_a, args, read)                                                   \
	TACHO_SEMAPHORE(name)                                                                      \
	TACHO_INLINE void tacho_site_##name(type_a a) TACHO_NOTHROW                                \
	{                                                                                          \
		(void)a;                                                                           \
		read;                                                                              \
		TACHO_PASS(name, args, [a] "r"(a));                                                \
	}
#define TACHO_DEFINE_2(name, type_a, type_b, args, read)                                           \
	TACHO_SEMAPHORE(name)                                                                      \
	TACHO_INLINE void tacho_site_##name(type_a a, type_b b) TACHO_NOTHROW                      \
	{                                                                                          \
		(void)a, (void)b;                                                                  \
		read;                                                                              \
		TACHO_PASS(name, args, [a] "r"(a), [b] "r"(b));                                    \
	}
#define TACHO_DEFINE_3(name, type_a, type_b, type_c, args, read)                                   \
	TACHO_SEMAPHORE(name)                                                                      \
	TACHO_INLINE void tacho_site_##name(type_a a, type_b b, type_c c) TACHO_NOTHROW            \
	{                                                                                          \
		(void)a, (void)b, (void)c;                                                         \
		read;                                                                              \
		TACHO_PASS(name, args, [a] "r"(a), [b] "r"(b), [c] "r"(c));                        \
	}

#ifdef __cplusplus
extern "C" {
#endif

TACHO_DEFINE_1(begin, const char *, "8@%[a]", tacho_read(a))
TACHO_DEFINE_1(end, const char *, "8@%[a]", tacho_read(a))
TACHO_DEFINE_2(key_begin, const char *, uint64_t, "8@%[a] 8@%[b]", tacho_read(a))
TACHO_DEFINE_2(key_end, const char *, uint64_t, "8@%[a] 8@%[b]", tacho_read(a))
TACHO_DEFINE_1(key_leave, uint64_t, "8@%[a]", (void)0)
TACHO_DEFINE_1(key_enter, uint64_t, "8@%[a]", (void)0)
TACHO_DEFINE_2(counter, const char *, int64_t, "8@%[a] -8@%[b]", tacho_read(a))
TACHO_DEFINE_2(attribute_int, const char *, int64_t, "8@%[a] -8@%[b]", tacho_read(a))
TACHO_DEFINE_2(attribute_text, const char *, const char *, "8@%[a] 8@%[b]",
	       (tacho_read(a), tacho_read(b)))
TACHO_DEFINE_3(key_attribute_int, const char *, int64_t, uint64_t, "8@%[a] -8@%[b] 8@%[c]",
	       tacho_read(a))
TACHO_DEFINE_3(key_attribute_text, const char *, const char *, uint64_t, "8@%[a] 8@%[b] 8@%[c]",
	       (tacho_read(a), tacho_read(b)))
TACHO_DEFINE_1(fail, const char *, "8@%[a]", tacho_read(a))
TACHO_DEFINE_2(key_fail, const char *, uint64_t, "8@%[a] 8@%[b]", tacho_read(a))

#ifdef __cplusplus
}
#endif

/* Does anybody record this mark (begin, counter, ...)? For what is only worth doing then. */
#define TACHO_ACTIVE(name) (__builtin_expect(tacho_active_##name(), 0))

#define TACHO_MARK(name, arguments)                                                                \
	do {                                                                                       \
		if (TACHO_ACTIVE(name))                                                            \
			tacho_site_##name arguments;                                               \
	} while (0)

/* --- the marks ------------------------------------------------------------------------------- */

#define TACHO_BEGIN(label) TACHO_MARK(begin, (label))
#define TACHO_END(label) TACHO_MARK(end, (label))

#define TACHO_KEY_BEGIN(label, key) TACHO_MARK(key_begin, (label, (uint64_t)(key)))
#define TACHO_KEY_END(label, key) TACHO_MARK(key_end, (label, (uint64_t)(key)))
#define TACHO_KEY_LEAVE(key) TACHO_MARK(key_leave, ((uint64_t)(key)))
#define TACHO_KEY_ENTER(key) TACHO_MARK(key_enter, ((uint64_t)(key)))

#define TACHO_COUNTER(name, delta) TACHO_MARK(counter, (name, (int64_t)(delta)))

#define TACHO_ATTRIBUTE_INT(name, value) TACHO_MARK(attribute_int, (name, (int64_t)(value)))
#define TACHO_ATTRIBUTE_TEXT(name, value) TACHO_MARK(attribute_text, (name, value))
#define TACHO_KEY_ATTRIBUTE_INT(name, value, key)                                                  \
	TACHO_MARK(key_attribute_int, (name, (int64_t)(value), (uint64_t)(key)))
#define TACHO_KEY_ATTRIBUTE_TEXT(name, value, key)                                                 \
	TACHO_MARK(key_attribute_text, (name, value, (uint64_t)(key)))

#define TACHO_FAIL(message) TACHO_MARK(fail, (message))
#define TACHO_KEY_FAIL(message, key) TACHO_MARK(key_fail, (message, (uint64_t)(key)))

/* --- scopes ---------------------------------------------------------------------------------- */

TACHO_INLINE const char *tacho_scope_begin(const char *label) TACHO_NOTHROW
{
	label = label ? label : "";
	tacho_site_begin(label);
	return label;
}

#ifdef __cplusplus

namespace tacho
{

/* For members and optionals; TACHO_SCOPE is what blocks use. nullptr: marks nothing. */
class scope
{
      public:
	explicit scope(const char *label) noexcept : label_(label)
	{
		if (label_)
			tacho_site_begin(label_);
	}
	~scope() noexcept
	{
		if (__builtin_expect(label_ != nullptr, 0))
			tacho_site_end(label_);
	}
	scope(const scope &) = delete;
	scope &operator=(const scope &) = delete;

      private:
	const char *label_;
};

} // namespace tacho

#define TACHO_SCOPE(label)                                                                         \
	const ::tacho::scope TACHO_JOIN(tacho_scope_,                                              \
					__COUNTER__)(TACHO_ACTIVE(begin) ? (label) : TACHO_NULL)

#else

TACHO_INLINE void tacho_scope_end(const char *const *label) TACHO_NOTHROW
{
	if (__builtin_expect(*label != TACHO_NULL, 0))
		tacho_site_end(*label);
}

#define TACHO_SCOPE(label)                                                                         \
	__attribute__((cleanup(tacho_scope_end), unused)) const char *const TACHO_JOIN(            \
		tacho_scope_, __COUNTER__) =                                                       \
		TACHO_ACTIVE(begin) ? tacho_scope_begin(label) : TACHO_NULL

#endif

#endif
