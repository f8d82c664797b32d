/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lives of processes: what a fork, an exec or an exit means for the calls that are open and
 * for which processes are recorded.
 */
#include "frames.bpf.h"
#include "judged.bpf.h"
#include "spans.bpf.h"

/* There is any filter, or there may come to be one. */
const volatile bool may_filter __weak = false;
/* The globs of `process =`; rule n is globs[n - 1]. They may become more. */
volatile __u32 glob_cnt __weak = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TACHO_RULES_MAX);
	__type(key, u32);
	__type(value, struct tacho_glob);
} globs __weak SEC(".maps");

/* How a thread that is exiting leaves the calls that are open in it. */
static __always_inline u32 ending_of(struct task_struct *task)
{
	if (BPF_CORE_READ(task, exit_code) & 0x7f)
		return TACHO_ENDED_KILLED;
	if (compat_exec_in_progress(BPF_CORE_READ(task, signal)))
		return TACHO_ENDED_EXEC;
	return TACHO_ENDED_THREAD_EXIT;
}

static __always_inline void close_calls(struct task_struct *task, u32 ended, u32 tid)
{
	struct closing c = {
		.thread = bpf_task_storage_get(&threads, task, 0, 0),
		.ending = {
			.comm = (u64)task->comm,
			.ended = ended,
			.pid = task->tgid,
			.tid = tid,
		},
	};

	if (!c.thread || !c.thread->depth)
		return;
	/* At this point the task has the name of its next program already. */
	if (ended == TACHO_ENDED_EXEC)
		c.ending.comm = (u64)c.thread->comm;
	moment_end(&c.end);
	frames_close_all(&c);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	u32 pid = task->tgid;

	close_calls(task, ending_of(task), task->pid);
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0;
	spans_close_all(pid, ending_of(task));
	if (may_filter)
		bpf_map_delete_elem(&processes, &pid);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct tacho_process process;
	struct tacho_process *known;
	u32 pid = parent->tgid;

	if (!may_filter || (u32)child->tgid == pid)
		return 0;
	known = bpf_map_lookup_elem(&processes, &pid);
	if (!known)
		return 0;
	process = *known;
	if (!scope_follows_forks)
		process.rules &= ~TACHO_RULE_SCOPE;
	pid = child->tgid;
	if (process.rules && bpf_map_update_elem(&processes, &pid, &process, BPF_ANY))
		count_trouble(process_table_full);
	return 0;
}

/* Reads the command line as the file /proc/PID/cmdline shows it, with blanks for the NULs between
 * the arguments. Returns its length, or a negative number. */
static __always_inline long read_command(struct task_struct *task, struct judged_text *line)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long end = BPF_CORE_READ(task, mm, arg_end);
	u64 sz = end - start;

	if (end <= start)
		return 0;
	if (sz > TACHO_COMMAND_SZ)
		sz = TACHO_COMMAND_SZ;
	/* The pages were written by execve a moment ago, so that nothing can fault. */
	if (bpf_probe_read_user(line->text, sz, (void *)start))
		return -1;
	return sz;
}

static long blank_one(u32 i, struct judging *j)
{
	if (!j->judged->text[i & (TACHO_COMMAND_SZ - 1)])
		j->judged->text[i & (TACHO_COMMAND_SZ - 1)] = ' ';
	return 0;
}

static long judge_rule(u32 i, struct judging *j)
{
	j->glob = bpf_map_lookup_elem(&globs, &i);
	if (!j->glob)
		return 1;
	judge(j);
	if (!j->judged->match.done)
		count_trouble(command_unreadable);
	if (j->judged->match.matched)
		j->judged->rules |= 1ULL << ((i + 1) & 63);
	return 0;
}

/* The rules that the new program of the current process satisfies. */
static __always_inline u64 judge_command(struct task_struct *task)
{
	struct judging j = {};
	u64 rules = 0;
	long sz = -1;

	j.judged = judged_text_get(task);
	if (j.judged)
		sz = read_command(task, j.judged);
	if (sz < 0) {
		count_trouble(command_unreadable);
	} else {
		if (sz > 0 && !j.judged->text[(sz - 1) & (TACHO_COMMAND_SZ - 1)])
			sz--;
		j.judged->sz = sz;
		j.judged->rules = 0;
		bpf_loop(sz, blank_one, &j, 0);
		bpf_loop(glob_cnt, judge_rule, &j, 0);
		rules = j.judged->rules;
	}
	bpf_task_storage_delete(&judged_texts, task);
	return rules;
}

static __always_inline void set_rules(u32 pid, u64 rules)
{
	struct tacho_process process = { .rules = rules };

	if (!rules)
		bpf_map_delete_elem(&processes, &pid);
	else if (bpf_map_update_elem(&processes, &pid, &process, BPF_ANY))
		count_trouble(process_table_full);
}

/* User space looks whether files that it follows are in there. */
static __always_inline void tell_exec(struct task_struct *task)
{
	u32 mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	struct tacho_exec *record;

	if (mount_namespace == own_mount_namespace)
		return;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return;
	record->head.kind = TACHO_RECORD_EXEC;
	record->head.size = sizeof(*record);
	record->pid = task->tgid;
	record->mount_namespace = mount_namespace;
	bpf_ringbuf_submit(record, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, pid_t old_tid)
{
	struct tacho_process *known;
	u32 pid = task->tgid;
	u64 rules = 0;

	close_calls(task, TACHO_ENDED_EXEC, old_tid);
	spans_close_all(pid, TACHO_ENDED_EXEC);
	bpf_task_storage_delete(&threads, task);
	if (own_mount_namespace)
		tell_exec(task);
	if (!may_filter)
		return 0;
	/* The scope outlives an exec, the rest is judged anew. */
	known = bpf_map_lookup_elem(&processes, &pid);
	if (known && known->rules & (TACHO_RULE_SCOPE | TACHO_RULE_SCOPE_AT_EXEC))
		rules = TACHO_RULE_SCOPE;
	if (glob_cnt)
		rules |= judge_command(task);
	set_rules(pid, rules);
	return 0;
}

#define NEVER_READ ((s64)(~0ULL >> 1))

/* CLOCK_MONOTONIC less the run queues' clock, as far as it is known. */
static s64 run_queue_offset_ns = NEVER_READ;

/*
 * The time by the run queues' clock, which nobody can read: it stands in exec_start, as it was when
 * the current task was charged last. User space has made that a moment ago, by sleeping; the
 * smallest difference ever seen is from the freshest reading.
 */
static __always_inline u64 run_queue_now_ns(u64 now_ns)
{
	struct task_struct *self = bpf_get_current_task_btf();
	s64 offset_ns = now_ns - (self->se.exec_start + compat_time_taken(self));

	if (offset_ns < run_queue_offset_ns)
		run_queue_offset_ns = offset_ns;
	return now_ns - run_queue_offset_ns;
}

/*
 * The moment as it is for another task, tens of microseconds off. One that is not on a CPU was
 * charged to the end when it left; it would be put on a CPU now, and would have waited for it since
 * it was queued. One that is on a CPU is read as if it did so itself.
 */
static __always_inline void moment_of_other(struct task_struct *task, struct tacho_moment *moment)
{
	u64 charged_until_ns;
	u64 queued_ns = 0;

	moment->ns = bpf_ktime_get_ns();
	if (!usage_wanted)
		return;
	charged_until_ns = run_queue_now_ns(moment->ns);
	if (compat_counts_run_delay(task)) {
		moment->run_delay_ns = task->sched_info.run_delay;
		queued_ns = task->sched_info.last_queued;
	}
	if (compat_is_on_cpu(task))
		charged_until_ns = task->se.exec_start + compat_time_taken(task);
	else if (queued_ns && queued_ns < charged_until_ns)
		moment->run_delay_ns += charged_until_ns - queued_ns;
	moment->off_cpu_ns = charged_until_ns - task->se.sum_exec_runtime;
	read_counters(task, moment);
}

/* Run once at the end of the recording, after the probes are gone: what is open still. */
SEC("iter/task")
int close_open_calls(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct closing c = { .ending.ended = TACHO_ENDED_OPEN };

	if (!task)
		return 0;
	if (task->pid == task->tgid)
		spans_close_all(task->pid, TACHO_ENDED_OPEN);
	c.thread = bpf_task_storage_get(&threads, task, 0, 0);
	if (!c.thread)
		return 0;
	moment_of_other(task, &c.end);
	c.ending.comm = (u64)task->comm;
	c.ending.pid = task->tgid;
	c.ending.tid = task->pid;
	frames_close_all(&c);
	return 0;
}

/* Closes the frame if its state is not selected any more. The thread may be running: what is read
 * here is right if the frame can then be claimed. */
static __noinline long close_nth_unselected(u32 i, struct closing *c)
{
	struct tacho_frame *frame;
	struct tacho_frame copy;
	u64 word;
	u32 index;

	if (i >= c->depth)
		return 1;
	index = c->depth - 1 - i;
	frame = frame_at(c->thread, index);
	if (!frame)
		return 0;
	word = *frame_word(frame);
	if (!is_unselected(FRAME_WORD_STATE(word)))
		return 0;
	copy = *frame;
	copy.state = FRAME_WORD_STATE(word);
	c->ending.probe = FRAME_WORD_PROBE(word);
	c->ending.depth = index;
	c->ending.captured = frame_captured_key(c->thread, index, c->ending.probe);
	if (frame_claim_word(frame, word))
		send_activity(&copy, &c->ending, &c->end);
	return 0;
}

/* Run when states have been deselected and their probes are gone: their calls that are open are
 * closed for good. */
SEC("iter/task")
int close_unselected_calls(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct closing c = { .ending.ended = TACHO_ENDED_OPEN };

	if (!task) { /* all have been seen */
		spans_close_unselected();
		return 0;
	}
	c.thread = bpf_task_storage_get(&threads, task, 0, 0);
	if (!c.thread)
		return 0;
	c.depth = c.thread->depth;
	if (!c.depth)
		return 0;
	moment_of_other(task, &c.end);
	c.ending.comm = (u64)task->comm;
	c.ending.pid = task->tgid;
	c.ending.tid = task->pid;
	LOOP(c.depth, close_nth_unselected, &c);
	return 0;
}

char LICENSE[] SEC("license") __weak = "Dual BSD/GPL";
