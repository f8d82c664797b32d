/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* .gnu_debugdata of any bytes: unpacked within bounds, or refused with a text. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/debugdata.h"

#define UNPACKED_MAX_SZ (256u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct fault why = {};
	struct stat st;
	int fd = -1;

	if (debugdata__unpack(data, sz, &fd, &why) != 0) {
		if (fd != -1 || !why.text[0])
			abort();
		return 0;
	}
	if (fstat(fd, &st) != 0 || st.st_size > UNPACKED_MAX_SZ)
		abort();
	close(fd);
	return 0;
}
