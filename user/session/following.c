/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that come, go and change while recording.
 *
 *   not there yet         watched; attached when it appears
 *   replaced (upgrade)    the new file is attached too; the old one is let go when no process has
 * it mapped any more about to be written   its probes are taken away first, while the writer is
 * held up; what has been written is attached afterwards in a container        looked for through
 * the root of a process that runs there, whenever one begins to run a program
 *
 * Tags of the file watch: a target's number for its names; GUARD_TAG | the binary's number for its
 * content, and LIBRARY_TAG | the same for the name of a library that unwinds.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../clock.h"
#include "../elf/locate.h"
#include "../follow/file_watch.h"
#include "../follow/in_use.h"
#include "../message.h"
#include "session_internal.h"

#define GUARD_TAG (1ULL << 32)
#define LIBRARY_TAG (2ULL << 32)
#define TAG_NUMBER(tag) ((uint32_t)(tag))

/* Looking into a container costs a few system calls a target. */
#define NAMESPACE_PAUSE_NS 1000000000ULL
#define NAMESPACES_MAX 256
/* Scanning all processes' mappings. */
#define IN_USE_PAUSE_NS 10000000000ULL

struct namespace
{
	uint32_t number;
	pid_t pid; /* that ran a program there last */
	uint64_t looked_ns;
	bool due;
};

struct followed_binary {
	bool replaced; /* another file has its name now */
};

struct follow {
	struct file_watch *watch;
	struct followed_binary *binaries; /* as the plan's */
	size_t binary_cnt;
	struct namespace *namespaces;
	size_t namespace_cnt;
	uint64_t in_use_ns; /* when last looked */
	bool told_unguarded;
};

int session__follow_fd(const struct session *s)
{
	return file_watch__fd(s->follow->watch);
}

/* --- attaching ------------------------------------------------------------------------------- */

static int grow_binaries(struct follow *f, size_t cnt)
{
	struct followed_binary *grown;

	if (cnt <= f->binary_cnt)
		return 0;
	grown = reallocarray(f->binaries, cnt, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + f->binary_cnt, 0, (cnt - f->binary_cnt) * sizeof(*grown));
	f->binaries = grown;
	f->binary_cnt = cnt;
	return 0;
}

/* True when the file may be attached to: nobody is writing into it. */
static bool guard(struct session *s, uint32_t binary)
{
	const struct planned_binary *b = &s->options->plan->binaries[binary];
	struct fault why = {};
	int got =
		file_watch__guard(s->follow->watch, elf_file__fd(b->elf), GUARD_TAG | binary, &why);

	if (got == -EEXIST || got == FILE_WATCH_LEASED)
		return true;
	if (got == FILE_WATCH_BUSY) {
		message("record: %s: %s (attached when that is done)", b->path, why.text);
		return false;
	}
	if (!s->follow->told_unguarded)
		message("record: %s: %s (should it be overwritten in place, its probes are taken "
			"away only afterwards)",
			b->path, why.text);
	s->follow->told_unguarded = true;
	return true;
}

static size_t first_probe_of(const struct session *s, uint32_t binary, size_t from)
{
	const struct plan *plan = s->options->plan;

	while (from < plan->probe_cnt && plan->probes[from].binary != binary)
		from++;
	return from;
}

/* Attaches what is new in this file. */
static int attach_binary(struct session *s, uint32_t binary, size_t first_new, struct fault *why)
{
	int err;

	if (!s->options->plan->binaries[binary].elf || !guard(s, binary))
		return 0;
	err = prober__attach(s->prober, binary, why);
	if (err > 0)
		session__put_placed(s, binary, first_probe_of(s, binary, first_new),
				    TACHO_PLACED_ATTACHED);
	return err < 0 ? err : 0;
}

static int attach_from(struct session *s, size_t first_new, struct fault *why)
{
	struct plan *plan = s->options->plan;
	int err;

	err = grow_binaries(s->follow, plan->binary_cnt);
	if (!err)
		err = session__put_new_probes(s);
	if (err)
		return fault__set(why, err, "no memory");
	for (uint32_t i = 0; !err && i < plan->binary_cnt; i++)
		err = attach_binary(s, i, first_new, why);
	return err;
}

static void detach_binary(struct session *s, uint32_t binary)
{
	if (!prober__is_attached(s->prober, binary))
		return;
	prober__detach(s->prober, binary);
	session__drain(s); /* what it recorded belongs before this */
	session__put_placed(s, binary, 0, TACHO_PLACED_DETACHED);
}

/* --- looking again --------------------------------------------------------------------------- */

static bool same_root(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The target is in this file now; those that it was found in before are old. */
static void mark_replaced(struct session *s, uint32_t target, uint32_t current, const char *root)
{
	const struct plan *plan = s->options->plan;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];

		if (probe->target == target && probe->binary < s->follow->binary_cnt &&
		    same_root(plan->binaries[probe->binary].root, root))
			s->follow->binaries[probe->binary].replaced = probe->binary != current;
	}
}

static void tell_found(const struct session *s, uint32_t target, size_t first_new)
{
	const struct plan *plan = s->options->plan;
	const struct planned_binary *binary = &plan->binaries[plan->probes[first_new].binary];

	message("record: state %s: %s%s%s: %s is attached (build-id %s)",
		plan->states[plan->targets[target].state].name, binary->path,
		binary->root ? " in " : "", binary->root ? binary->root : "",
		plan->targets[target].ref->function,
		*elf_file__build_id(binary->elf) ? elf_file__build_id(binary->elf) : "none");
}

static void look_again(struct session *s, uint32_t number, const char *root)
{
	struct plan *plan = s->options->plan;
	struct planned_target *target = &plan->targets[number];
	size_t first_new = plan->probe_cnt;
	struct fault why = {};
	uint32_t binary;
	int found;

	found = plan__look_again(plan, number, root, &binary, &why);
	if (found == -ENOENT && (root || target->pending))
		return;
	if (found == 0) {
		mark_replaced(s, number, binary, root);
		return;
	}
	if (found < 0) {
		message("record: %s", why.text);
		target->pending |= found == -ENOENT;
		return;
	}
	if (attach_from(s, first_new, &why)) {
		message("record: %s", why.text);
		return;
	}
	mark_replaced(s, number, binary, root);
	tell_found(s, number, first_new);
}

/* Every target that was found in this file. */
static void look_again_for_binary(struct session *s, uint32_t binary)
{
	struct plan *plan = s->options->plan;
	char *root = plan->binaries[binary].root;
	size_t cnt = plan->probe_cnt;
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < cnt; i++) {
		if (plan->probes[i].binary != binary || plan->probes[i].target == last)
			continue;
		last = plan->probes[i].target;
		look_again(s, last, root);
	}
}

static void look_for_hooks(struct session *s)
{
	struct fault why = {};

	if (plan__look_for_hooks(s->options->plan, &why) ||
	    attach_from(s, s->options->plan->probe_cnt, &why))
		message("record: %s", why.text);
}

static void give_up(struct session *s, uint32_t binary)
{
	detach_binary(s, binary);
	file_watch__remove(s->follow->watch, GUARD_TAG | binary);
	plan__give_up(s->options->plan, binary);
}

static void about_to_be_written(struct session *s, uint32_t binary, bool already)
{
	const struct planned_binary *b = &s->options->plan->binaries[binary];

	if (!b->elf)
		return;
	detach_binary(s, binary);
	file_watch__release(s->follow->watch, GUARD_TAG | binary);
	message("record: %s: somebody %s it in place: its probes are taken away%s", b->path,
		already ? "has written into" : "writes into",
		already ? " (too late to be sure that nothing ran over them)" : "");
	plan__give_up(s->options->plan, binary);
}

static void on_file_event(void *ctx, enum file_watch_kind kind, uint64_t tag)
{
	struct session *s = ctx;
	uint32_t number = TAG_NUMBER(tag);

	if (kind != FILE_WATCH_CHANGED)
		about_to_be_written(s, number, kind == FILE_WATCH_WRITTEN);
	else if (tag & GUARD_TAG)
		look_again_for_binary(s, number);
	else if (tag & LIBRARY_TAG)
		look_for_hooks(s);
	else
		look_again(s, number, NULL);
}

void session__handle_file_events(struct session *s)
{
	struct fault why = {};

	if (file_watch__dispatch(s->follow->watch, on_file_event, s, &why))
		message("record: %s", why.text);
}

/* --- containers ------------------------------------------------------------------------------ */

static void look_into(struct session *s, pid_t pid)
{
	struct plan *plan = s->options->plan;
	char root[64];

	snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
	for (uint32_t i = 0; i < plan->target_cnt; i++)
		look_again(s, i, root);
}

static struct namespace *want_namespace(struct follow *f, uint32_t number)
{
	struct namespace *oldest = f->namespaces;

	for (size_t i = 0; i < f->namespace_cnt; i++) {
		if (f->namespaces[i].number == number)
			return &f->namespaces[i];
		if (f->namespaces[i].looked_ns < oldest->looked_ns)
			oldest = &f->namespaces[i];
	}
	if (f->namespace_cnt < NAMESPACES_MAX)
		oldest = &f->namespaces[f->namespace_cnt++];
	*oldest = (struct namespace) { .number = number };
	return oldest;
}

static void look_into_namespace(struct session *s, uint32_t number, pid_t pid)
{
	struct namespace *ns = want_namespace(s->follow, number);
	uint64_t now_ns = clock_monotonic_ns();

	ns->pid = pid;
	ns->due = ns->looked_ns && now_ns - ns->looked_ns < NAMESPACE_PAUSE_NS;
	if (ns->due)
		return;
	ns->looked_ns = now_ns;
	look_into(s, pid);
}

void session__handle_exec(struct session *s, const struct tacho_exec *exec)
{
	if (s->follow)
		look_into_namespace(s, exec->mount_namespace, exec->pid);
}

static int note_namespace(void *ctx, pid_t pid, ino_t number)
{
	look_into_namespace(ctx, number, pid);
	return 0;
}

int session__attach_all(struct session *s, struct fault *why)
{
	int err;

	err = attach_from(s, 0, why);
	if (!err && in_use__each_mount_namespace(note_namespace, s))
		message("record: /proc cannot be read: programs in containers are found when they "
			"start, not those that run already");
	return err;
}

/* --- now and then ---------------------------------------------------------------------------- */

static void let_go_of_old_files(struct session *s)
{
	const struct plan *plan = s->options->plan;
	struct follow *f = s->follow;
	bool in_use;

	for (uint32_t i = 0; i < f->binary_cnt; i++) {
		const struct planned_binary *b = &plan->binaries[i];

		if (!f->binaries[i].replaced || !b->elf ||
		    file_in_use(elf_file__dev(b->elf), elf_file__ino(b->elf), &in_use) || in_use)
			continue;
		message("record: %s: no process runs the replaced file any more (build-id %s): its "
			"probes are taken away",
			b->path, elf_file__build_id(b->elf));
		give_up(s, i);
	}
}

void session__follow_tick(struct session *s)
{
	struct follow *f = s->follow;
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < f->namespace_cnt; i++) {
		if (f->namespaces[i].due &&
		    now_ns - f->namespaces[i].looked_ns >= NAMESPACE_PAUSE_NS)
			look_into_namespace(s, f->namespaces[i].number, f->namespaces[i].pid);
	}
	if (now_ns - f->in_use_ns < IN_USE_PAUSE_NS)
		return;
	f->in_use_ns = now_ns;
	let_go_of_old_files(s);
}

/* --- beginning and end ----------------------------------------------------------------------- */

static int watch_target(struct session *s, uint32_t number, struct fault *why)
{
	const struct function_ref *ref = s->options->plan->targets[number].ref;
	char **paths = NULL;
	size_t cnt = 0;
	int err;

	err = locate_candidates(ref->binary, &paths, &cnt, why);
	for (size_t i = 0; !err && i < cnt; i++)
		err = file_watch__add(s->follow->watch, paths[i], number, why);
	for (size_t i = 0; i < cnt; i++)
		free(paths[i]);
	free(paths);
	return err;
}

static int watch_libraries(struct session *s, struct fault *why)
{
	const struct plan *plan = s->options->plan;
	int err = 0;

	for (size_t i = 0; !err && i < plan->hook_cnt; i++) {
		uint32_t binary = plan->hooks[i].binary;

		if (!plan->binaries[binary].root)
			err = file_watch__add(s->follow->watch, plan->binaries[binary].path,
					      LIBRARY_TAG | binary, why);
	}
	return err;
}

int session__start_following(struct session *s, struct fault *why)
{
	struct plan *plan = s->options->plan;
	int err;

	s->follow = calloc(1, sizeof(*s->follow));
	if (s->follow)
		s->follow->namespaces = calloc(NAMESPACES_MAX, sizeof(*s->follow->namespaces));
	if (!s->follow || !s->follow->namespaces)
		return fault__set(why, -ENOMEM, "no memory");
	err = file_watch__new(&s->follow->watch, why);
	for (uint32_t i = 0; !err && i < plan->target_cnt; i++)
		err = watch_target(s, i, why);
	if (!err)
		err = watch_libraries(s, why);
	return err;
}

void session__stop_following(struct session *s)
{
	struct follow *f = s->follow;

	if (!f)
		return;
	file_watch__free(f->watch);
	free(f->namespaces);
	free(f->binaries);
	free(f);
	s->follow = NULL;
}
