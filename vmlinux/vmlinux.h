/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, as far as the BPF programs use them; CO-RE finds the real offsets at load
 * time. Members that are not read are left out. Nothing here depends on the build host.
 *
 * What changed between kernels is said where it is; how both forms are read stands in
 * bpf/compat.bpf.h.
 */
#ifndef __VMLINUX_H__ /* the name that libbpf's bpf_tracing.h looks for */
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef signed int __s32;
typedef unsigned int __u32;
typedef signed long long __s64;
typedef unsigned long long __u64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef int pid_t;
typedef __SIZE_TYPE__ size_t;

#ifndef __cplusplus
typedef _Bool bool;
enum { false = 0, true = 1 };
#endif

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_EXIST = 2,
};

enum {
	BPF_F_NO_PREALLOC = 1,
};

enum {
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

enum {
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

enum {
	BPF_RB_AVAIL_DATA = 0,
};

/* Read from the running kernel's BTF, to ask whether it has the helper at all. */
enum bpf_func_id {
	BPF_FUNC_find_vma = 180,	       /* Linux 5.17, 7c7e3d31e785 */
	BPF_FUNC_loop = 181,		       /* Linux 5.17, e6f2dd0f8067 */
	BPF_FUNC_map_lookup_percpu_elem = 195, /* Linux 5.19, 07343110b293 */
};

/* The context of a uprobe program: not relocated, its layout is the architecture's ABI. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
	u64 pstate;
};
struct pt_regs;
#else
#error "give -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct task_struct;

struct list_head {
	struct list_head *next;
};

typedef struct {
	unsigned int sequence;
} seqcount_t;

typedef struct {
	seqcount_t seqcount;
} seqcount_spinlock_t;

typedef struct {
	seqcount_spinlock_t seqcount;
} seqlock_t;

/* What /proc/PID/stat showed last (cputime_adjust). */
struct prev_cputime {
	u64 utime;
	u64 stime;
};

struct task_io_accounting {
	u64 read_bytes; /* both: CONFIG_TASK_IO_ACCOUNTING */
	u64 write_bytes;
};

/* A thread group. What its threads have used is added to it as they are released (__exit_signal),
 * under stats_lock; the first thread, too, when it is. */
struct signal_struct {
	atomic_t live; /* threads that have not come to the end of do_exit */
	int nr_threads;
	struct list_head thread_head;
	int group_exit_code;
	unsigned int flags;
	struct task_struct *group_exec_task; /* Linux 5.16, 60700e38fb68: was group_exit_task */
	seqlock_t stats_lock;
	u64 utime;
	u64 stime;
	struct prev_cputime prev_cputime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	unsigned long maxrss; /* pages */
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
};

/* kernel/events/uprobes.c: the area that holds the trampoline of hijacked returns. */
struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct percpu_counter {
	s64 count;
	s32 *counters; /* CONFIG_SMP: what each CPU has not added to count yet */
};

struct mm_struct {
	unsigned long hiwater_rss;
	unsigned long total_vm;
	unsigned long arg_start;
	unsigned long arg_end;
	struct percpu_counter rss_stat[4]; /* Linux 6.2, f1a7941243c1: had been atomic numbers */
	struct uprobes_state uprobes_state;
};

struct uprobe_task {
	unsigned int depth; /* hijacked returns that are open */
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct kernfs_node {
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

/* Of each hierarchy one cgroup; shared by all tasks that are in the same ones. */
struct css_set {
	struct cgroup *dfl_cgrp; /* in the v2 hierarchy */
};

struct rq;

struct cfs_rq {
	struct rq *rq; /* CONFIG_FAIR_GROUP_SCHED */
};

/* What the scheduler counts for a task; kept by the fair, real-time and deadline classes alike. */
struct sched_entity {
	u64 exec_start;
	u64 sum_exec_runtime;
	struct cfs_rq *cfs_rq; /* CONFIG_FAIR_GROUP_SCHED */
};

/* Empty without CONFIG_SCHED_INFO. */
struct sched_info {
	unsigned long long run_delay;
	unsigned long long last_queued;
};

/* kernel/sched/sched.h: the run queue of a CPU. */
struct rq {
	u64 clock;
	u64 clock_task;
	u64 prev_irq_time;	/* CONFIG_IRQ_TIME_ACCOUNTING */
	u64 prev_steal_time_rq; /* CONFIG_PARAVIRT_TIME_ACCOUNTING */
};

struct task_struct {
	unsigned int flags;
	int on_cpu; /* CONFIG_SMP */
	struct sched_entity se;
	struct sched_info sched_info;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct list_head thread_node;
	u64 utime;
	u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	u64 start_time; /* CLOCK_MONOTONIC */
	u64 start_boottime;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct task_io_accounting ioac;
	struct css_set *cgroups;
	pid_t pid;
	pid_t tgid;
	int exit_code;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct uprobe_task *utask;
	struct nsproxy *nsproxy;
	unsigned long sas_ss_sp; /* sigaltstack(2) */
	size_t sas_ss_size;
	char comm[16];
};

struct linux_binprm;

/* A BPF map of an array type, as the kernel has it. */
struct bpf_array {
	void *pptrs[0]; /* of a per-CPU array: the elements' per-CPU addresses */
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
