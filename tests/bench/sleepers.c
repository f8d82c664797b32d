/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sleepers COUNT: so many processes that do nothing, until stdin ends. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int cnt = argc > 1 ? atoi(argv[1]) : 0;
	char byte;

	for (int i = 0; i < cnt; i++) {
		switch (fork()) {
		case -1:
			perror("fork");
			return 1;
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
