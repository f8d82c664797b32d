/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * read_stats ROUNDS: the least that a tick costs when it is done by reading /proc/PID/stat of every
 * process, in C, without looking at what was read. Prints the CPU time of a round in nanoseconds.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int read_one(int proc_fd, const char *pid)
{
	char path[64], text[1024];
	ssize_t sz;
	int fd;

	snprintf(path, sizeof(path), "%s/stat", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	sz = read(fd, text, sizeof(text));
	close(fd);
	return sz > 0;
}

static int read_all(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int cnt = 0;

	if (!proc)
		return 0;
	while ((entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			cnt += read_one(dirfd(proc), entry->d_name);
	}
	closedir(proc);
	return cnt;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 10;
	struct timespec ts;
	int cnt = 0;

	for (int i = 0; i < rounds; i++)
		cnt = read_all();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	if (!cnt || rounds < 1)
		return 1;
	printf("%.0f\n", (ts.tv_sec * 1e9 + ts.tv_nsec) / rounds);
	return 0;
}
