/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text as Python 3 has it: characters, white space, numbers. For what has to mean here what it
 * means to a program in Python: command lines as psutil shows them, patterns of its fnmatch, the
 * environment variables of a Python program.
 */
#ifndef TACHO_USER_PYTHON_TEXT_H
#define TACHO_USER_PYTHON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character at text, where sz bytes are left, at least one. Returns how many of them it takes.
 * A byte that is no part of well-formed UTF-8 is a character of its own, U+DC80 to U+DCFF
 * ("surrogateescape", PEP 383).
 */
size_t python_text__character(const char *text, size_t sz, uint32_t *ret_character);

/* str.strip(): moves *text behind the white space there and returns what is left of sz without that
 * at the end. */
size_t python_text__strip(const char **text, size_t sz);

/* float(text), but the words for nan and infinity are refused, and so are digits other than 0 to 9.
 * What is too large is infinite, as there. -EINVAL or -ENOMEM. */
int python_text__float(const char *text, double *ret_value);

#endif
