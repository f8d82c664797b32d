/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tacho doctor tries: a program for each thing that some kernel cannot do. It opens this
 * object anew for each trial and loads one program with the map that it needs, so that what one
 * kernel lacks spoils nothing but its own trial.
 *
 * Each program says in `seen` that it has run and has got what it asked for: a program that loads
 * and attaches has shown nothing yet.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define TRIAL_LOOPS 4

struct {
	__u64 runs; /* that did what they tried */
	__u64 cookie;
	__u64 turns; /* of a loop */
} seen;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16); /* a multiple of every page size */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} storage SEC(".maps");

static __always_inline void succeeded(void)
{
	__sync_fetch_and_add(&seen.runs, 1);
}

/* For what a probe costs. The value tells a session link (Linux 6.13) whether to replace the return
 * address. */
SEC("uprobe")
int nothing(void *ctx)
{
	return 0;
}

SEC("uprobe")
int nothing_at_entry(void *ctx)
{
	return 1;
}

SEC("uprobe")
int try_probe(void *ctx)
{
	succeeded();
	return 0;
}

SEC("uprobe")
int try_cookie(void *ctx)
{
	seen.cookie = bpf_get_attach_cookie(ctx);
	succeeded();
	return 0;
}

SEC("uprobe")
int try_ring(void *ctx)
{
	u64 value = 1;

	if (!bpf_ringbuf_output(&ring, &value, sizeof(value), 0))
		succeeded();
	return 0;
}

SEC("uprobe")
int try_task_storage(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (bpf_task_storage_get(&storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		succeeded();
	return 0;
}

/* What lockdown=confidentiality forbids. */
SEC("uprobe")
int try_kernel_memory(void *ctx)
{
	u64 word;

	if (!bpf_probe_read_kernel(&word, sizeof(word), (void *)bpf_get_current_task()))
		succeeded();
	return 0;
}

/* Counts in a global variable: before ab5cfac139ab (Linux 6.7) the verifier takes it that a
 * callback runs once, and for dead code what needs more of a variable on the stack. */
static long loop_once(u32 i, void *ctx)
{
	__sync_fetch_and_add(&seen.turns, 1);
	return 0;
}

SEC("uprobe")
int try_loop(void *ctx)
{
	bpf_loop(TRIAL_LOOPS, loop_once, 0, 0);
	if (seen.turns >= TRIAL_LOOPS)
		succeeded();
	return 0;
}

static long vma_found(struct task_struct *task, void *vma, u64 *found)
{
	*found = 1;
	return 0;
}

SEC("uprobe")
int try_find_vma(struct pt_regs *regs)
{
	u64 found = 0;

	bpf_find_vma(bpf_get_current_task_btf(), PT_REGS_IP(regs), vma_found, &found, 0);
	if (found)
		succeeded();
	return 0;
}

SEC("tp_btf/sched_process_exit")
int try_tracepoint(void *ctx)
{
	succeeded();
	return 0;
}

/* struct bpf_iter__task: the ABI, and so nothing to relocate. One relocation in the object, and
 * libbpf reads the kernel's BTF for every trial. */
struct task_iteration {
	void *meta;
	struct task_struct *task;
};

SEC("iter/task")
int try_iterator(struct task_iteration *ctx)
{
	if (ctx->task)
		succeeded();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
