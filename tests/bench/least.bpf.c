/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The least that records a call: the time at entry, kept where the kernel keeps it for the call,
 * and a record of 32 bytes at the return. It asks neither whose call it is nor what became of
 * others.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern bool bpf_session_is_return(void) __ksym;
extern __u64 *bpf_session_cookie(void) __ksym;

struct record {
	__u64 start_ns, end_ns;
	__u64 pid_tid;
	__u64 cookie;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} ring SEC(".maps");

SEC("uprobe")
int least(void *regs)
{
	__u64 *start_ns = bpf_session_cookie();
	__u64 now_ns = bpf_ktime_get_ns();
	struct record *record;

	if (!bpf_session_is_return()) {
		*start_ns = now_ns;
		return 0;
	}
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return 0;
	record->start_ns = *start_ns;
	record->end_ns = now_ns;
	record->pid_tid = bpf_get_current_pid_tgid();
	record->cookie = bpf_get_attach_cookie(regs);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
