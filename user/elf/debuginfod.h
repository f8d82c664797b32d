/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Debug files from the network, through elfutils' libdebuginfod. The library is loaded when it is
 * first needed, so that neither the build nor a run without it needs it. Servers, cache, timeouts
 * and progress are the library's, and set as its manual says (DEBUGINFOD_URLS,
 * DEBUGINFOD_CACHE_PATH, DEBUGINFOD_TIMEOUT: debuginfod_find_debuginfo(3)).
 */
#ifndef TACHO_USER_DEBUGINFOD_H
#define TACHO_USER_DEBUGINFOD_H

#include "../fault.h"

/*
 * Fetches the debug file of the build (hexadecimal) into the library's cache. 0 with its path
 * (malloced), or negative errno with why:
 *   -ENOTSUP  the library is not installed
 *   -EINVAL   DEBUGINFOD_URLS names no server
 *   -ENOENT   no server has the file
 *   other     what the library says (-ECONNREFUSED, -ETIME, ...)
 */
int debuginfod__find(const char *build_id, char **ret_path, struct fault *why);

#endif
