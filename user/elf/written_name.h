/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The name of a C++ or Rust function as a person writes it and as the demangler does.
 *
 * The two differ in spaces, in what a source leaves out (the arguments, `const`, an unnamed or an
 * inline namespace, default template arguments) and in order (`const char *`, `char const*`). Both
 * are brought into one shape, in which a function goes by up to four forms:
 *
 *   full         ns::Table<int>::find<char>(char const*)const
 *   unqualified  ns::Table<int>::find<char>(char const*)
 *   name         ns::Table<int>::find<char>
 *   bare         ns::Table<int>::find           (for Rust also without the trait: Type::method)
 */
#ifndef TACHO_USER_WRITTEN_NAME_H
#define TACHO_USER_WRITTEN_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demangle.h"

enum written_form {
	WRITTEN_FULL,
	WRITTEN_UNQUALIFIED,
	WRITTEN_NAME,
	WRITTEN_BARE,
	WRITTEN_FORM_CNT,
};

/* How much of what a source leaves out is left out. */
enum written_shape {
	WRITTEN_STRICT, /* only spaces */
	WRITTEN_LOOSE,
};

struct written_name {
	char text[DEMANGLED_SZ]; /* the first three forms are beginnings of it */
	char bare[DEMANGLED_SZ];
	size_t lens[WRITTEN_FORM_CNT];
};

/* Brings a demangled name (shorter than DEMANGLED_SZ) into shape and finds its forms. */
void written_name__parse(struct written_name *name, const char *demangled,
			 enum written_shape shape);

/* One form and its length; it is not terminated. */
const char *written_name__form(const struct written_name *name, enum written_form form,
			       size_t *ret_len);

/*
 * Brings what a person wrote into shape: without a return type, and with types as the demangler
 * writes them (`const char *` -> `char const*`, `unsigned` -> `unsigned int`, `size_t` -> `unsigned
 * long`: LP64). False where it is too long to be anybody's name. A form of a function equals the
 * result byte by byte.
 */
bool written_name__wanted(const char *text, enum written_shape shape, char buf[DEMANGLED_SZ]);

/* Without the spaces that separate nothing. Returns the length; buf has room for text. */
size_t written_name__tidy(const char *text, char *buf);

/* In a tidy argument list or template argument list, types as the demangler writes them. False
 * where the result does not fit. */
bool written_types__order(const char *text, char buf[DEMANGLED_SZ]);

#endif
