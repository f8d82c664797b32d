/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * empty_marks OBJECT FILE OFFSET:SEMAPHORE... -- COMMAND ARG...
 * Runs COMMAND with an empty program at file offsets that have semaphores: the floor of what
 * recorded marks cost.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ATTACH_UPROBE_MULTI 48
#define PLACES_MAX 64

struct uprobe_multi_attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, reserved;
};

static int attach(const char *object_path, const char *path, char **places, uint32_t cnt)
{
	struct bpf_object *object = bpf_object__open(object_path);
	uint64_t offsets[PLACES_MAX], semaphores[PLACES_MAX];
	struct uprobe_multi_attr attr = { .attach_type = ATTACH_UPROBE_MULTI, .cnt = cnt };
	struct bpf_program *program;
	char *end;

	if (!object)
		return -1;
	program = bpf_object__next_program(object, NULL);
	bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	if (bpf_object__load(object))
		return -1;
	for (uint32_t i = 0; i < cnt; i++) {
		offsets[i] = strtoull(places[i], &end, 0);
		semaphores[i] = *end == ':' ? strtoull(end + 1, NULL, 0) : 0;
	}
	attr.prog_fd = (uint32_t)bpf_program__fd(program);
	attr.path = (uint64_t)(uintptr_t)path;
	attr.offsets = (uint64_t)(uintptr_t)offsets;
	attr.ref_ctr_offsets = (uint64_t)(uintptr_t)semaphores;
	return (int)syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	int status, dashes = 3;
	pid_t child;

	while (dashes < argc && strcmp(argv[dashes], "--") != 0)
		dashes++;
	if (dashes + 1 >= argc || dashes - 3 > PLACES_MAX) {
		fprintf(stderr, "usage: empty_marks OBJECT FILE OFFSET:SEMAPHORE... -- COMMAND\n");
		return 2;
	}
	if (attach(argv[1], argv[2], argv + 3, (uint32_t)(dashes - 3)) < 0) {
		fprintf(stderr, "empty_marks: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	child = fork();
	if (!child) {
		execvp(argv[dashes + 1], argv + dashes + 1);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
