/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * brief COUNT: COUNT processes one after the other, each of which is `brief child` and ends at
 * once: what samplers do not see. Prints how many that were.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	char child_word[] = "child";
	char *const child[] = { argv[0], child_word, NULL };
	char *const environment[] = { NULL };
	int cnt, status, made = 0;
	pid_t pid;

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], child_word))
		return 7;
	cnt = atoi(argv[1]);
	for (int i = 0; i < cnt; i++) {
		if (posix_spawn(&pid, argv[0], NULL, NULL, child, environment))
			return 1;
		if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
			made += WEXITSTATUS(status) == 7;
	}
	printf("brief: %d\n", made);
	return made == cnt && cnt ? 0 : 1;
}
