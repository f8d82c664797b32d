/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what the user wrote to a file: a path, a command found in PATH, or a library's soname. */
#ifndef TACHO_USER_ELF_LOCATE_H
#define TACHO_USER_ELF_LOCATE_H

#include <stddef.h>

#include "../fault.h"

/*
 * text with a slash is a path (made absolute, symbolic links kept as they are). Without one: a
 * name that contains ".so" is searched as ld.so(8) does for this machine's own architecture
 * (LD_LIBRARY_PATH, /etc/ld.so.cache, the default folders incl. multiarch); anything else in PATH
 * (executable files only), then as a library. *ret_path is malloced. Negative errno with why, which
 * names the places searched and, for a library, near names from the cache.
 */
int locate_binary(const char *text, char **ret_path, struct fault *why);

/*
 * The same inside another root, as /proc/1234/root is: with its own library cache and with usual
 * folders in place of our PATH and LD_LIBRARY_PATH. Nothing in there leads out of it. *ret_path is
 * the path as it is named inside, malloced; *ret_fd is the regular file, open for reading, close on
 * exec.
 */
int locate_binary_in(const char *root, const char *text, char **ret_path, int *ret_fd,
		     struct fault *why);

/*
 * Every path whose appearance, change or end may make text mean another file: for a path, itself;
 * for a name, it in each folder searched, and the library cache. Absolute, each once; free with
 * locate_candidates__free.
 */
int locate_candidates(const char *text, char ***ret_paths, size_t *ret_cnt, struct fault *why);
int locate_candidates_in(const char *root, const char *text, char ***ret_paths, size_t *ret_cnt,
			 struct fault *why);
void locate_candidates__free(char **paths, size_t cnt);

#endif
