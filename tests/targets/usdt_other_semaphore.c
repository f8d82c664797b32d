/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One probe in two files, each with a semaphore of its own. */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

void usdt_other_semaphore(int number);

static volatile unsigned short tacho_test_twice_semaphore
	__attribute__((unused, section(".probes")));

void usdt_other_semaphore(int number)
{
	if (tacho_test_twice_semaphore)
		STAP_PROBE1(tacho_test, twice, number + 3);
}
