/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * empty_session OBJECT FILE session|multi OFFSET[:SEMAPHORE],... COMMAND ARG...
 * Runs COMMAND with a program that does nothing (empty.bpf.c), or hardly anything (least.bpf.c),
 * attached at file offsets: with `session` (Linux 6.13) at the return too, with `multi` there only.
 * If the program has a map named `ring`, what it sends is thrown away.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTACH_UPROBE_MULTI 48
#define ATTACH_UPROBE_SESSION 57
#define PLACES_MAX 64

struct uprobe_multi_attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, reserved;
};

static struct bpf_object *object;

struct places {
	uint64_t offsets[PLACES_MAX];
	uint64_t semaphores[PLACES_MAX]; /* 0: none */
	int cnt;
};

static int attach(const char *object_path, const char *path, int type, const struct places *places)
{
	struct uprobe_multi_attr attr = { .attach_type = type, .cnt = places->cnt };
	struct bpf_program *program;

	object = bpf_object__open(object_path);
	if (!object)
		return -1;
	program = bpf_object__next_program(object, NULL);
	bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)type);
	if (bpf_object__load(object))
		return -1;
	attr.prog_fd = bpf_program__fd(program);
	attr.path = (uint64_t)(uintptr_t)path;
	attr.offsets = (uint64_t)(uintptr_t)places->offsets;
	attr.ref_ctr_offsets = (uint64_t)(uintptr_t)places->semaphores;
	return syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

static int throw_away(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

/* Waits for the end of the child, and empties the ring meanwhile. */
static int wait_for(pid_t child, int *ret_status)
{
	int ring_fd = bpf_object__find_map_fd_by_name(object, "ring");
	struct ring_buffer *ring =
		ring_fd < 0 ? NULL : ring_buffer__new(ring_fd, throw_away, NULL, NULL);
	pid_t ended;

	do {
		if (ring)
			ring_buffer__consume(ring);
		usleep(ring ? 10000 : 0);
		ended = waitpid(child, ret_status, ring ? WNOHANG : 0);
	} while (!ended);
	ring_buffer__free(ring);
	return ended == child ? 0 : -1;
}

/* False if there are too many. */
static bool parse_places(char *text, struct places *places)
{
	char *end;

	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		if (places->cnt == PLACES_MAX)
			return false;
		places->offsets[places->cnt] = strtoull(word, &end, 0);
		places->semaphores[places->cnt++] = *end == ':' ? strtoull(end + 1, NULL, 0) : 0;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct places places = {};
	int status, type;
	pid_t child;

	if (argc < 6 || !parse_places(argv[4], &places)) {
		fprintf(stderr, "usage: empty_session OBJECT FILE session|multi "
				"OFFSET[:SEMAPHORE],... COMMAND ARG...\n");
		return 2;
	}
	type = strcmp(argv[3], "multi") ? ATTACH_UPROBE_SESSION : ATTACH_UPROBE_MULTI;
	if (attach(argv[1], argv[2], type, &places) < 0) {
		fprintf(stderr, "empty_session: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	child = fork();
	if (!child) {
		execv(argv[5], argv + 5);
		_exit(127);
	}
	if (child < 0 || wait_for(child, &status))
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
