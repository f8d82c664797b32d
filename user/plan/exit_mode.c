/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "exit_mode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel_faults.h"
#include "plan_internal.h"
#include "stack_switch.h"

/* Libraries whose presence means that stacks may be unwound past a frame. */
static const char *const unwinders[] = {
	"libstdc++.so", "libc++.so",  "libc++abi.so",  "libgcc_s.so", "libunwind.so",
	"libgo.so",	"libobjc.so", "libgphobos.so", NULL,
};

/* Imports that mean switched stacks, or code that nobody has seen yet. */
static const struct {
	const char *name;
	const char *means;
} risky_imports[] = {
	{ "makecontext", "it switches stacks" },
	{ "swapcontext", "it switches stacks" },
	{ "setcontext", "it switches stacks" },
	{ "sigaltstack", "its signal handlers run on another stack" },
	{ "_Unwind_RaiseException", "it throws exceptions" },
	{ "_Unwind_ForcedUnwind", "it unwinds its stack" },
	{ "__cxa_throw", "it throws exceptions" },
	{ "dlopen", "it loads code at run time that may throw exceptions" },
	{ "longjmp", "it jumps between stack frames, perhaps back into some that it left" },
	{ "_longjmp", "it jumps between stack frames, perhaps back into some that it left" },
	{ "siglongjmp", "it jumps between stack frames, perhaps back into some that it left" },
	{ "__longjmp_chk", "it jumps between stack frames, perhaps back into some that it left" },
	{ "backtrace", "it looks at its return addresses" },
	{ "_Unwind_Backtrace", "it looks at its return addresses" },
};

static const char *const telling_sections[] = {
	".go.buildinfo", ".note.go.buildid", ".gopclntab", ".gcc_except_table", NULL,
};

#define CLOSURE_MAX 256 /* libraries; more than any sane program has */

/* The libraries that a program is linked with, directly or through others. */
struct closure {
	char *names[CLOSURE_MAX];
	size_t cnt;
	char *reason; /* EXIT_REASON_SZ */
	const char *subject;
	const char *root;
};

static int judge_needed(void *ctx, const char *soname)
{
	struct closure *c = ctx;

	for (const char *const *u = unwinders; *u; u++) {
		if (!strncmp(soname, *u, strlen(*u))) {
			snprintf(c->reason, EXIT_REASON_SZ,
				 "%s is linked with %s: an exception may pass the function",
				 c->subject, soname);
			return 1;
		}
	}
	for (size_t i = 0; i < c->cnt; i++) {
		if (!strcmp(c->names[i], soname))
			return 0;
	}
	if (c->cnt == CLOSURE_MAX || !(c->names[c->cnt] = strdup(soname))) {
		snprintf(c->reason, EXIT_REASON_SZ, "%s is linked with too many libraries to judge",
			 c->subject);
		return 1;
	}
	c->cnt++;
	return 0;
}

static int judge_import(void *ctx, const char *name)
{
	struct closure *c = ctx;

	for (size_t i = 0; i < sizeof(risky_imports) / sizeof(risky_imports[0]); i++) {
		if (!strcmp(name, risky_imports[i].name)) {
			snprintf(c->reason, EXIT_REASON_SZ, "%s imports %s: %s", c->subject, name,
				 risky_imports[i].means);
			return 1;
		}
	}
	return 0;
}

/* The C library imports nothing risky from anybody, and implements what the others import; its
 * own except table serves thread cancellation, which replaced return addresses survive. */
static bool is_c_library(const char *soname)
{
	return !strncmp(soname, "libc.so.", 8) || !strncmp(soname, "ld-linux", 8) ||
	       !strncmp(soname, "libm.so.", 8) || !strncmp(soname, "libpthread.so.", 14) ||
	       !strncmp(soname, "libdl.so.", 9) || !strncmp(soname, "librt.so.", 9);
}

static bool file_is_plain(const struct elf_file *file, struct closure *c)
{
	if (stack_switch__maybe_in(file)) {
		snprintf(c->reason, EXIT_REASON_SZ,
			 "%s has code that sets the stack pointer: it may switch stacks",
			 c->subject);
		return false;
	}
	for (const char *const *s = telling_sections; *s; s++) {
		if (elf_file__has_section(file, *s)) {
			snprintf(c->reason, EXIT_REASON_SZ, "%s has a section %s: %s", c->subject,
				 *s,
				 strstr(*s, "go") ? "Go moves its stacks"
						  : "its code takes part in unwinding");
			return false;
		}
	}
	return !elf_file__each_import(file, judge_import, c) &&
	       !elf_file__each_needed(file, judge_needed, c);
}

static bool library_is_plain(const char *soname, struct closure *c)
{
	struct elf_file *file = NULL;
	char *path = NULL;
	bool plain = false;

	c->subject = soname;
	if (open_binary(soname, c->root, &path, &file, NULL))
		snprintf(c->reason, EXIT_REASON_SZ, "its library %s cannot be read", soname);
	else
		plain = file_is_plain(file, c);
	elf_file__free(file);
	free(path);
	return plain;
}

bool exit_mode_fast_is_harmless(const struct elf_file *file, const char *root,
				char reason[EXIT_REASON_SZ])
{
	struct closure c = { .reason = reason, .subject = "it", .root = root };
	struct utsname kernel;
	bool plain;

	if (!uname(&kernel) && kernel_kills_filtered_programs(kernel.release)) {
		snprintf(reason, EXIT_REASON_SZ,
			 "Linux %.32s ends programs under a seccomp filter that return through a "
			 "replaced address",
			 kernel.release);
		return false;
	}
	if (elf_file__is_go(file)) {
		snprintf(reason, EXIT_REASON_SZ, "a Go program: Go moves its stacks");
		return false;
	}
	if (elf_file__is_rust(file)) {
		snprintf(reason, EXIT_REASON_SZ, "written in Rust: a panic may pass the function");
		return false;
	}

	if (!elf_file__is_program(file)) {
		snprintf(reason, EXIT_REASON_SZ,
			 "a shared library: programs that throw exceptions may call it");
		return false;
	}
	plain = file_is_plain(file, &c);
	if (plain && !c.cnt) {
		snprintf(reason, EXIT_REASON_SZ, "a static program: what it contains is not known");
		plain = false;
	}
	for (size_t i = 0; plain && i < c.cnt; i++) {
		if (!is_c_library(c.names[i]))
			plain = library_is_plain(c.names[i], &c);
	}
	if (plain)
		snprintf(reason, EXIT_REASON_SZ,
			 "nothing in it or its libraries unwinds or switches stacks");
	for (size_t i = 0; i < c.cnt; i++)
		free(c.names[i]);
	return plain;
}
