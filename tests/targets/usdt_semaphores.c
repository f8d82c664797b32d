/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Probes that cost nothing until somebody counts up their semaphores. */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#define SEMAPHORE __attribute__((unused, section(".probes")))

void usdt_semaphores(int number);

unsigned short tacho_test_guarded_semaphore SEMAPHORE;
unsigned short tacho_test_also_guarded_semaphore SEMAPHORE;
static volatile unsigned short tacho_test_twice_semaphore SEMAPHORE;

void usdt_semaphores(int number)
{
	if (*(volatile unsigned short *)&tacho_test_guarded_semaphore)
		STAP_PROBE1(tacho_test, guarded, number);
	if (*(volatile unsigned short *)&tacho_test_also_guarded_semaphore)
		STAP_PROBE1(tacho_test, also_guarded, number + 1);
	if (tacho_test_twice_semaphore)
		STAP_PROBE1(tacho_test, twice, number + 2);
}
