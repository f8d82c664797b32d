/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * empty_session OBJECT FILE OFFSET COMMAND ARG...
 * Runs COMMAND with an empty session program (Linux 6.13) attached at a file offset.
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

#define ATTACH_UPROBE_SESSION 57

struct uprobe_multi_attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, reserved;
};

static int attach(const char *object_path, const char *path, uint64_t offset)
{
	struct bpf_object *object = bpf_object__open(object_path);
	struct uprobe_multi_attr attr = { .attach_type = ATTACH_UPROBE_SESSION, .cnt = 1 };
	struct bpf_program *program;

	if (!object)
		return -1;
	program = bpf_object__next_program(object, NULL);
	bpf_program__set_expected_attach_type(program, (enum bpf_attach_type)ATTACH_UPROBE_SESSION);
	if (bpf_object__load(object))
		return -1;
	attr.prog_fd = bpf_program__fd(program);
	attr.path = (uint64_t)(uintptr_t)path;
	attr.offsets = (uint64_t)(uintptr_t)&offset;
	return syscall(__NR_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	if (argc < 5) {
		fprintf(stderr, "usage: empty_session OBJECT FILE OFFSET COMMAND ARG...\n");
		return 2;
	}
	if (attach(argv[1], argv[2], strtoull(argv[3], NULL, 0)) < 0) {
		fprintf(stderr, "empty_session: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	child = fork();
	if (!child) {
		execv(argv[4], argv + 4);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
