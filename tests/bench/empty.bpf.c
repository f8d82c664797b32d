/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The floor: a session program that does nothing, for entry and return. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("uprobe")
int empty(void *regs)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
