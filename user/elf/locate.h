/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what the user wrote to a file: a path, a command found in PATH, or a library's soname. */
#ifndef TACHO_USER_ELF_LOCATE_H
#define TACHO_USER_ELF_LOCATE_H

#include "../fault.h"

/*
 * text with a slash is a path (made absolute, symbolic links kept as they are). Without one: a
 * name that contains ".so" is searched as ld.so(8) does for this machine's own architecture
 * (LD_LIBRARY_PATH, /etc/ld.so.cache, the default folders incl. multiarch); anything else in PATH
 * (executable files only), then as a library. *ret_path is malloced. Negative errno with why, which
 * names the places searched and, for a library, near names from the cache.
 */
int locate_binary(const char *text, char **ret_path, struct fault *why);

#endif
