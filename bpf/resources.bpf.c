/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What processes use: a sample of each when user space reads the iterator, and an event when one is
 * made, changes its program, or ends (tacho/process.h). In a skeleton of its own: it may be loaded
 * without any probe, and if it cannot be, user space reads /proc instead.
 *
 * The numbers are the kernel's own, summed as it does it for /proc and wait4(2): what the dead
 * threads have used is in signal_struct, the rest in each task_struct.
 */
#include "compat.bpf.h"
#include "tacho/process.h"

#define EEXIST 17
#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define THREADS_MAX 65536     /* of a process; what those beyond have used is not in its sums */
#define EVENT_SZ __builtin_offsetof(struct tacho_process_event, command)
/* Room is reserved in one of three sizes, since the verifier wants to know it. */
#define SHORT_COMMAND_SZ 256
#define MIDDLE_COMMAND_SZ 1024

const volatile __u64 wake_bytes = 1 << 18;
/* CPUs that there may be, running or not. */
const volatile __u32 cpu_cnt = 1;

/* Sum the pages over all CPUs. What /proc/PID/statm shows: from Linux 6.16 on the sum
 * (82241a83cd15), before it what the CPUs have added up. User space finds out. */
volatile bool exact_rss = true;

/* Told to user space. */
struct tacho_process_trouble trouble;
volatile bool rss_is_per_cpu;

/* For find_cpu: which of the CPUs, and where it writes pointers to, to get numbers back. */
volatile __u32 wanted_cpu;
volatile __u32 wanted_slot;
volatile __u64 pointer;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* set before loading */
} process_events SEC(".maps");

/* Where per-CPU memory is, on each CPU, relative to the address that all share. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set before loading */
	__type(key, u32);
	__type(value, u64);
} cpu_offsets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} per_cpu SEC(".maps");

struct process_key {
	u64 start_boot_ns;
	u64 pid;
};

/* Processes whose end was told of late. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct process_key);
	__type(value, u32);
} told SEC(".maps");

/*
 * The offset of wanted_cpu, without the kernel's symbols, which may not be there: the address that
 * an element of a per-CPU map has on that CPU, less the one that it has for all.
 */
SEC("syscall")
int find_cpu(void *ctx)
{
	u32 zero = 0, slot = wanted_slot;
	u64 *offset = bpf_map_lookup_elem(&cpu_offsets, &slot);
	void *here;
	u64 shared = 0;

	if (!offset ||
	    !bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_map_lookup_percpu_elem))
		return 1;
	here = bpf_map_lookup_percpu_elem(&per_cpu, &zero, wanted_cpu);
	if (!here)
		return 1;
	pointer = (u64)&per_cpu;
	if (bpf_probe_read_kernel(
		    &shared, sizeof(shared),
		    (void *)(pointer + bpf_core_field_offset(struct bpf_array, pptrs))))
		return 1;
	pointer = (u64)here;
	*offset = pointer - shared;
	return 0;
}

struct totals {
	u64 user_ns;
	u64 system_ns;
	u64 runtime_ns;
	u64 minor_faults;
	u64 major_faults;
	u64 voluntary_switches;
	u64 involuntary_switches;
	u64 read_bytes;
	u64 write_bytes;
};

static __always_inline bool counts_io(void)
{
	return bpf_core_field_exists(((struct task_io_accounting *)0)->read_bytes);
}

/* A walk through the threads of a process. */
struct walk {
	struct totals totals;
	u64 node;
	u64 end;
};

static long add_thread(u32 i, struct walk *walk)
{
	struct totals *t = &walk->totals;
	struct task_struct *task;

	if (walk->node == walk->end)
		return 1;
	task = (void *)(walk->node - bpf_core_field_offset(struct task_struct, thread_node));
	t->user_ns += BPF_CORE_READ(task, utime);
	t->system_ns += BPF_CORE_READ(task, stime);
	t->runtime_ns += BPF_CORE_READ(task, se.sum_exec_runtime);
	t->minor_faults += BPF_CORE_READ(task, min_flt);
	t->major_faults += BPF_CORE_READ(task, maj_flt);
	t->voluntary_switches += BPF_CORE_READ(task, nvcsw);
	t->involuntary_switches += BPF_CORE_READ(task, nivcsw);
	if (counts_io()) {
		t->read_bytes += BPF_CORE_READ(task, ioac.read_bytes);
		t->write_bytes += BPF_CORE_READ(task, ioac.write_bytes);
	}
	walk->node = (u64)BPF_CORE_READ(task, thread_node.next);
	return 0;
}

/* The same for a task that the verifier knows, by plain loads. */
static __always_inline void add_only_thread(struct totals *t, struct task_struct *task)
{
	t->user_ns += task->utime;
	t->system_ns += task->stime;
	t->runtime_ns += task->se.sum_exec_runtime;
	t->minor_faults += task->min_flt;
	t->major_faults += task->maj_flt;
	t->voluntary_switches += task->nvcsw;
	t->involuntary_switches += task->nivcsw;
	if (counts_io()) {
		t->read_bytes += task->ioac.read_bytes;
		t->write_bytes += task->ioac.write_bytes;
	}
}

static __always_inline void begin_with_dead(struct totals *t, struct signal_struct *signal)
{
	t->user_ns = signal->utime;
	t->system_ns = signal->stime;
	t->runtime_ns = signal->sum_sched_runtime;
	t->minor_faults = signal->min_flt;
	t->major_faults = signal->maj_flt;
	t->voluntary_switches = signal->nvcsw;
	t->involuntary_switches = signal->nivcsw;
	t->read_bytes = counts_io() ? signal->ioac.read_bytes : 0;
	t->write_bytes = counts_io() ? signal->ioac.write_bytes : 0;
}

/* As thread_group_cputime does it. False when a thread was released meanwhile, so that it may be in
 * the sums twice, or not at all. */
static __always_inline bool sum_once(struct walk *walk, struct task_struct *leader,
				     struct signal_struct *signal)
{
	u32 sequence = signal->stats_lock.seqcount.seqcount.sequence;
	int threads;

	barrier();
	threads = signal->nr_threads;
	begin_with_dead(&walk->totals, signal);
	if (threads == 1) {
		add_only_thread(&walk->totals, leader);
	} else if (threads > 1) {
		walk->node = (u64)signal->thread_head.next;
		walk->end = (u64)signal + bpf_core_field_offset(struct signal_struct, thread_head);
		LOOP(THREADS_MAX, add_thread, walk);
	}
	barrier();
	return !(sequence & 1) && sequence == signal->stats_lock.seqcount.seqcount.sequence;
}

static __always_inline void sum_threads(struct tacho_process_sample *sample,
					struct task_struct *leader, struct signal_struct *signal)
{
	struct walk walk = {};
	struct totals *t = &walk.totals;

	/* Three times at most, and no loop: before Linux 6.5 the verifier may call one with
	 * bpf_loop in it a "back-edge". */
	if (!sum_once(&walk, leader, signal) && !sum_once(&walk, leader, signal))
		sum_once(&walk, leader, signal);
	sample->user_ns = t->user_ns;
	sample->system_ns = t->system_ns;
	sample->runtime_ns = t->runtime_ns;
	sample->minor_faults = t->minor_faults;
	sample->major_faults = t->major_faults;
	sample->voluntary_switches = t->voluntary_switches;
	sample->involuntary_switches = t->involuntary_switches;
	sample->read_bytes = t->read_bytes;
	sample->write_bytes = t->write_bytes;
	if (!counts_io())
		sample->flags |= TACHO_PROCESS_NO_IO;
	sample->threads = signal->nr_threads;
	sample->shown_user_ns = signal->prev_cputime.utime;
	sample->shown_system_ns = signal->prev_cputime.stime;
}

/* The counts of a process's pages, by kind, and where the CPUs keep their parts of them. */
struct pages {
	u64 parts[MM_COUNTERS];
	s64 cnt[MM_COUNTERS];
	bool together; /* the parts are side by side: from Linux 6.6 on, percpu_counter_init_many */
};

static long add_cpu(u32 i, struct pages *pages)
{
	u64 *offset = bpf_map_lookup_elem(&cpu_offsets, &i);
	s32 parts[MM_COUNTERS] = {};

	if (!offset)
		return 1;
	if (pages->together) {
		bpf_probe_read_kernel(parts, sizeof(parts), (void *)(pages->parts[0] + *offset));
	} else {
		for (int k = 0; k < MM_COUNTERS; k++)
			bpf_probe_read_kernel(&parts[k], sizeof(parts[k]),
					      (void *)(pages->parts[k] + *offset));
	}
	for (int k = 0; k < MM_COUNTERS; k++)
		pages->cnt[k] += parts[k];
	return 0;
}

static __always_inline void add_all_cpus(struct pages *pages, struct mm_struct *mm)
{
	u64 first = (u64)mm->rss_stat[MM_FILEPAGES].counters;

	pages->parts[MM_FILEPAGES] = first;
	pages->parts[MM_ANONPAGES] = (u64)mm->rss_stat[MM_ANONPAGES].counters;
	pages->parts[MM_SWAPENTS] = (u64)mm->rss_stat[MM_SWAPENTS].counters;
	pages->parts[MM_SHMEMPAGES] = (u64)mm->rss_stat[MM_SHMEMPAGES].counters;
	pages->together = pages->parts[MM_ANONPAGES] == first + MM_ANONPAGES * sizeof(s32) &&
			  pages->parts[MM_SWAPENTS] == first + MM_SWAPENTS * sizeof(s32) &&
			  pages->parts[MM_SHMEMPAGES] == first + MM_SHMEMPAGES * sizeof(s32);
	LOOP(cpu_cnt, add_cpu, pages);
}

static __always_inline u64 not_negative(s64 value)
{
	return value > 0 ? value : 0;
}

static __always_inline u64 rss_pages(struct mm_struct *mm)
{
	struct mm_struct___before_6_2 *old = (void *)mm;
	struct pages pages = {};

	/* Each written out: with a variable in it, CO-RE does not find the place. */
	if (!compat_rss_is_per_cpu()) {
		pages.cnt[MM_FILEPAGES] = BPF_CORE_READ(old, rss_stat.count[MM_FILEPAGES].counter);
		pages.cnt[MM_ANONPAGES] = BPF_CORE_READ(old, rss_stat.count[MM_ANONPAGES].counter);
		pages.cnt[MM_SHMEMPAGES] =
			BPF_CORE_READ(old, rss_stat.count[MM_SHMEMPAGES].counter);
	} else {
		pages.cnt[MM_FILEPAGES] = mm->rss_stat[MM_FILEPAGES].count;
		pages.cnt[MM_ANONPAGES] = mm->rss_stat[MM_ANONPAGES].count;
		pages.cnt[MM_SHMEMPAGES] = mm->rss_stat[MM_SHMEMPAGES].count;
		if (exact_rss)
			add_all_cpus(&pages, mm);
	}
	return not_negative(pages.cnt[MM_FILEPAGES]) + not_negative(pages.cnt[MM_ANONPAGES]) +
	       not_negative(pages.cnt[MM_SHMEMPAGES]);
}

/* The memory of a task, which may be ending, so that its memory is another's by now. */
static __always_inline void read_memory(struct tacho_process_sample *sample,
					struct task_struct *task, struct signal_struct *signal)
{
	struct mm_struct *mm;

	if (sample->flags & TACHO_PROCESS_KERNEL_THREAD)
		return; /* what it has at times is borrowed */
	mm = task->mm;
	if (mm) {
		sample->rss_pages = rss_pages(mm);
		sample->virtual_pages = mm->total_vm;
		sample->peak_rss_pages = mm->hiwater_rss;
		if (sample->peak_rss_pages < sample->rss_pages)
			sample->peak_rss_pages = sample->rss_pages;
		barrier();
		if (task->mm == mm)
			return;
	}
	sample->rss_pages = 0;
	sample->virtual_pages = 0;
	sample->peak_rss_pages = signal->maxrss;
	sample->flags |= TACHO_PROCESS_NO_MEMORY;
}

static __always_inline void read_cgroup(struct tacho_process_sample *sample,
					struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	struct kernfs_node *node;
	struct cgroup *cgroup;

	if (!set)
		return;
	sample->membership = (u64)set;
	cgroup = set->dfl_cgrp;
	if (!cgroup)
		return;
	node = cgroup->kn;
	if (node)
		sample->cgroup_id = node->id;
}

/* All of it that the first thread itself knows, alive or dead. */
static __always_inline void identify(struct tacho_process_sample *sample,
				     struct task_struct *leader)
{
	__builtin_memset(sample, 0, sizeof(*sample));
	sample->time_ns = bpf_ktime_get_ns();
	sample->start_boot_ns = leader->start_boottime;
	sample->pid = leader->tgid;
	BPF_CORE_READ_INTO(&sample->comm, leader, comm);
	if (leader->flags & PF_KTHREAD)
		sample->flags |= TACHO_PROCESS_KERNEL_THREAD;
}

static __always_inline void tell_end(struct tacho_process_sample *sample,
				     struct task_struct *leader, struct signal_struct *signal)
{
	if (signal->live.counter)
		return;
	sample->flags |= TACHO_PROCESS_ENDED;
	sample->exit_code =
		signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : leader->exit_code;
}

/* memory: the thread that is asked for it. False when there is nothing to tell. */
static __always_inline bool fill_sample(struct tacho_process_sample *sample,
					struct task_struct *leader, struct task_struct *memory)
{
	struct signal_struct *signal = leader->signal;
	struct task_struct *parent = leader->real_parent;

	identify(sample, leader);
	if (!signal)
		return false;
	if (parent)
		sample->ppid = parent->tgid;
	tell_end(sample, leader, signal);
	sum_threads(sample, leader, signal);
	read_memory(sample, memory, signal);
	read_cgroup(sample, leader);
	return true;
}

SEC("iter/task")
int sample_processes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct tacho_process_sample sample;

	if (!task || task->pid != task->tgid)
		return 0;
	rss_is_per_cpu = compat_rss_is_per_cpu();
	if (fill_sample(&sample, task, task))
		bpf_seq_write(ctx->meta->seq, &sample, sizeof(sample));
	return 0;
}

static __always_inline struct tacho_process_event *begin_event(u32 change, u64 sz)
{
	struct tacho_process_event *event = bpf_ringbuf_reserve(&process_events, sz, 0);

	if (!event) {
		__sync_fetch_and_add(&trouble.lost_events, 1);
		return NULL;
	}
	event->change = change;
	event->command_sz = 0;
	event->command_total_sz = 0;
	event->reserved = 0;
	return event;
}

/* A wake-up for each event would cost several times the event itself. */
static __always_inline void submit(struct tacho_process_event *event)
{
	u64 waiting = bpf_ringbuf_query(&process_events, BPF_RB_AVAIL_DATA);

	bpf_ringbuf_submit(event, waiting >= wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(resources_fork, struct task_struct *parent, struct task_struct *child)
{
	struct tacho_process_event *event;

	if (child->tgid == parent->tgid)
		return 0;
	event = begin_event(TACHO_PROCESS_FORKED, EVENT_SZ);
	if (!event)
		return 0;
	identify(&event->sample, child);
	event->sample.ppid = parent->tgid;
	submit(event);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(resources_exec, struct task_struct *task, pid_t old_tid)
{
	struct tacho_process_event *event;
	struct mm_struct *mm = task->mm;
	u64 start, sz, total;

	if (!mm)
		return 0;
	start = mm->arg_start;
	total = mm->arg_end - start;
	sz = total < TACHO_PROCESS_COMMAND_SZ ? total : TACHO_PROCESS_COMMAND_SZ;
	if (sz <= SHORT_COMMAND_SZ)
		event = begin_event(TACHO_PROCESS_EXECED, EVENT_SZ + SHORT_COMMAND_SZ);
	else if (sz <= MIDDLE_COMMAND_SZ)
		event = begin_event(TACHO_PROCESS_EXECED, EVENT_SZ + MIDDLE_COMMAND_SZ);
	else
		event = begin_event(TACHO_PROCESS_EXECED, EVENT_SZ + TACHO_PROCESS_COMMAND_SZ);
	if (!event)
		return 0;
	event->command_total_sz = total;
	/* The pages were written by execve a moment ago, so that nothing can fault. */
	if (!bpf_probe_read_user(event->command, sz, (void *)start))
		event->command_sz = sz;
	fill_sample(&event->sample, task, task);
	submit(event);
	return 0;
}

/* Two threads that exit at once may both find that nobody is alive any more. */
static __always_inline bool is_first_to_tell(struct task_struct *leader)
{
	struct process_key key = { .start_boot_ns = leader->start_boottime, .pid = leader->tgid };
	u32 value = 0;
	/* An int: older kernels leave the upper half of the register zero (Linux 6.1 does). */
	int err = bpf_map_update_elem(&told, &key, &value, BPF_NOEXIST);

	return err != -EEXIST;
}

/*
 * The thread goes on for a while, and what it has run since the last tick is not counted yet:
 * the totals here are not the last. Its memory is there from Linux 6.16 on; before, this came
 * behind exit_mm.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(resources_exit, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct signal_struct *signal = task->signal;
	struct tacho_process_event *event;

	if (!leader || !signal || signal->live.counter || !is_first_to_tell(leader))
		return 0;
	event = begin_event(TACHO_PROCESS_EXITED, EVENT_SZ);
	if (!event)
		return 0;
	fill_sample(&event->sample, leader, task);
	submit(event);
	return 0;
}

/*
 * A task has been released and has run for the last time, and an RCU grace period has passed. Its
 * signal_struct and its cgroups are let go of just behind this (__put_task_struct), its parent may
 * be gone already. If it was the first thread, __exit_signal has added all there was to
 * signal_struct. A first thread that another one took the place of by execve is none any more: it
 * has got that one's tid (exchange_tids, in de_thread).
 *
 * Now and then, under a hypervisor, no tracer is told of the tasks of one batch of RCU callbacks
 * (Linux 6.18: 2 of 30,000): this event may never come.
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(resources_free, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct tacho_process_sample *sample;
	struct tacho_process_event *event;

	if (task->pid != task->tgid || !signal)
		return 0;
	event = begin_event(TACHO_PROCESS_REAPED, EVENT_SZ);
	if (!event)
		return 0;
	sample = &event->sample;
	identify(sample, task);
	tell_end(sample, task, signal);
	sum_threads(sample, task, signal);
	sample->peak_rss_pages = signal->maxrss;
	sample->flags |= TACHO_PROCESS_NO_MEMORY;
	read_cgroup(sample, task);
	submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
