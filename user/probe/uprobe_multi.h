/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Links for many uprobes at once, as the bpf system call takes them: libbpf has functions for these
 * only since 1.3 (multi) and 1.5 (session). From include/uapi/linux/bpf.h of newer kernels.
 */
#ifndef TACHO_USER_PROBE_UPROBE_MULTI_H
#define TACHO_USER_PROBE_UPROBE_MULTI_H

#include <linux/types.h>

/* enum bpf_attach_type */
enum {
	ATTACH_UPROBE_MULTI = 48,   /* Linux 6.6, 89ae89f53d20 */
	ATTACH_UPROBE_SESSION = 57, /* Linux 6.13, d920179b3d48 */
};

#define UPROBE_MULTI_RETURN 1 /* BPF_F_UPROBE_MULTI_RETURN */

/* union bpf_attr.link_create with its uprobe_multi arm. */
struct uprobe_multi_attr {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__aligned_u64 path;
	__aligned_u64 offsets;
	__aligned_u64 ref_ctr_offsets;
	__aligned_u64 cookies;
	__u32 cnt;
	__u32 multi_flags;
	__u32 pid;
	__u32 reserved;
};

#endif
