/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is attached where: for each file and state links of their own, so that a state can be taken
 * away without disturbing the calls of others; and one for the file's hooks, which all states
 * share.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

/* --- attaching ----------------------------------------------------------------------------- */

static int explain_attach_failure(const struct prober *prober, const struct attach_target *target,
				  int err, size_t bad, const struct prober_places *places,
				  struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	const char *reason = err == -524 /* ENOTSUPP, known to the kernel only */
				     ? "the kernel cannot probe this instruction"
				     : strerror(-err);
	const char *advice = "";

	if (err == -EMFILE)
		advice = " (raise the limit on open files, LimitNOFILE= or ulimit -n)";
	if (bad >= target->cnt)
		return fault__set(why, err, "%s: attaching failed: %s%s", target->path, reason,
				  advice);
	return fault__set(why, err, "%s:%s (offset 0x%llx): attaching failed: %s%s", target->path,
			  places->probes[bad] == UINT32_MAX
				  ? "unwinding"
				  : plan->probes[places->probes[bad]].function,
			  (unsigned long long)target->places[bad].offset, reason, advice);
}

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#endif

/* A file of another machine can be planned for but not probed; one that was rewritten in place
 * since it was planned has other instructions where the plan wants its probes. */
static int check_attachable(const struct planned_binary *binary, struct fault *why)
{
	if (elf_file__machine(binary->elf) != HOST_MACHINE)
		return fault__set(why, -ENOEXEC, "%s: built for another machine than this one",
				  binary->path);
	if (elf_file__unchanged(binary->elf))
		return 0;
	return fault__set(why, -ESTALE,
			  "%s: the file changed while the probes were being planned (start again)",
			  binary->path);
}

/* --- attachments ----------------------------------------------------------------------------- */

/* Neither the states of one file nor the files of one state share a slot before there are many. */
static size_t slot_of(uint32_t binary, uint32_t state)
{
	return (binary * 0x9e3779b1u + state) % ATTACHMENT_SLOTS;
}

struct attachment *prober__find_attachment(const struct prober *prober, uint32_t binary,
					   uint32_t state)
{
	struct attachment *attachment;

	for (uint32_t i = prober->attachment_slots[slot_of(binary, state)]; i;
	     i = attachment->next) {
		attachment = &prober->attachments[i - 1];
		if (attachment->binary == binary && attachment->state == state)
			return attachment;
	}
	return NULL;
}

static struct attachment *want_attachment(struct prober *prober, uint32_t binary, uint32_t state)
{
	struct attachment *attachment = prober__find_attachment(prober, binary, state);
	uint32_t *slot = &prober->attachment_slots[slot_of(binary, state)];

	if (attachment)
		return attachment;
	attachment =
		reallocarray(prober->attachments, prober->attachment_cnt + 1, sizeof(*attachment));
	if (!attachment)
		return NULL;
	prober->attachments = attachment;
	attachment += prober->attachment_cnt++;
	*attachment = (struct attachment) { .binary = binary, .state = state, .next = *slot };
	*slot = prober->attachment_cnt;
	return attachment;
}

static bool attach_links__any(const struct attach_links *links)
{
	return links->fd_cnt || links->link_cnt;
}

static bool attachment__any(const struct attachment *attachment)
{
	return attach_links__any(&attachment->begins) || attach_links__any(&attachment->ends);
}

bool prober__is_attached(const struct prober *prober, uint32_t binary)
{
	for (size_t i = 0; i < prober->attachment_cnt; i++) {
		if (prober->attachments[i].binary == binary &&
		    attachment__any(&prober->attachments[i]))
			return true;
	}
	return false;
}

bool prober__has_probe(const struct prober *prober, uint32_t probe)
{
	const struct planned_probe *planned = &prober->options.plan->probes[probe];
	const struct attachment *attachment =
		prober__find_attachment(prober, planned->binary, planned->state);

	return attachment && probe < attachment->cnt && attachment__any(attachment);
}

/* --- selecting states ------------------------------------------------------------------------ */

static void select_in_kernel(struct prober *prober, uint32_t state, bool selected)
{
	volatile __u64 *word = &prober->bpf->bss->unselected[state / 64];
	uint64_t bit = 1ULL << state % 64;

	*word = selected ? *word & ~bit : *word | bit;
}

void prober__select(struct prober *prober, uint32_t state, bool selected)
{
	select_in_kernel(prober, prober__kernel_state(prober, state), selected);
	if (plan__is_python(prober->options.plan, state))
		prober__select_python_label(prober, state, selected);
	/* Its labels too, those that nobody has told us of as well. */
	for (size_t i = prober->options.plan->reserved_labels;
	     plan__is_marks(prober->options.plan, state) && i < prober->labels_max; i++)
		select_in_kernel(prober, prober->states_max + i, selected);
}

bool prober__is_selected(const struct prober *prober, uint32_t state)
{
	state = prober__kernel_state(prober, state);
	return !(prober->bpf->bss->unselected[state / 64] >> state % 64 & 1);
}

/* Stacks are cut back for calls, not for pairs and points. */
static bool wants_hooks(const struct prober *prober)
{
	const struct plan *plan = prober->options.plan;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];

		if (probe->kind == PLANNED_CALL && plan->binaries[probe->binary].elf &&
		    prober__is_selected(prober, probe->state))
			return true;
	}
	return false;
}

/* --- attaching ------------------------------------------------------------------------------- */

/* Attaches the ends, or the others. */
static int attach_half(struct prober *prober, const struct planned_binary *binary,
		       const struct prober_places *places, bool marks, bool ends,
		       struct attach_links *ret_links, struct fault *why)
{
	struct attach_target target = { .fd = elf_file__fd(binary->elf),
					.path = binary->path,
					.marks = marks };
	struct prober_places half = {};
	struct attach_links links = {};
	size_t bad;
	int err = 0;

	half.items = calloc(places->cnt, sizeof(*half.items));
	half.probes = calloc(places->cnt, sizeof(*half.probes));
	if (!half.items || !half.probes)
		err = fault__set(why, -ENOMEM, "no memory to attach to %s", binary->path);
	for (size_t i = 0; !err && i < places->cnt; i++) {
		if (tacho_place_is_end(TACHO_COOKIE_PLACE(places->items[i].cookie)) != ends)
			continue;
		half.items[half.cnt] = places->items[i];
		half.probes[half.cnt++] = places->probes[i];
	}
	if (!err && half.cnt) {
		target.places = half.items;
		target.cnt = half.cnt;
		bad = half.cnt;
		err = prober->way->attach(prober->bpf, &target, &links, &bad);
		if (err)
			explain_attach_failure(prober, &target, err, bad, &half, why);
	}
	if (err)
		attach_links__free(&links);
	else
		*ret_links = links;
	prober_places__free(&half);
	return err;
}

/* Adds the links that the state has in the file and that are not there yet, as one. */
static int attach_state(struct prober *prober, uint32_t binary, uint32_t state,
			struct attachment *made, struct fault *why)
{
	const struct planned_binary *b = &prober->options.plan->binaries[binary];
	bool marks = plan__is_marks(prober->options.plan, state);
	struct prober_places places = {};
	int err;

	*made = (struct attachment) { .binary = binary, .state = state };
	err = prober__make_places(prober, binary, state, &places, why);
	if (!err && places.cnt)
		err = attach_half(prober, b, &places, marks, true, &made->ends, why);
	if (!err && places.cnt)
		err = attach_half(prober, b, &places, marks, false, &made->begins, why);
	prober_places__free(&places);
	return err;
}

/* The states that have probes in the file that are not attached, each once, and HOOKS; malloced. */
static int find_work(const struct prober *prober, uint32_t binary, uint32_t **ret_states,
		     size_t *ret_cnt)
{
	const struct plan *plan = prober->options.plan;
	uint32_t *states = calloc(plan->state_cnt + 1, sizeof(*states));
	bool *seen = calloc(plan->state_cnt + 1, sizeof(*seen));
	const struct attachment *hooks = prober__find_attachment(prober, binary, HOOKS);
	size_t cnt = 0;

	if (!states || !seen) {
		free(states);
		free(seen);
		return -ENOMEM;
	}
	for (size_t i = hooks ? hooks->cnt : 0; !cnt && i < plan->hook_cnt; i++) {
		if (plan->hooks[i].binary == binary && wants_hooks(prober))
			states[cnt++] = HOOKS;
	}
	for (size_t i = 0; i < plan->probe_cnt; i++) {
		const struct planned_probe *probe = &plan->probes[i];
		const struct attachment *a;

		if (probe->binary != binary || seen[probe->state] || probe->kind == PLANNED_LABEL ||
		    !prober__is_selected(prober, probe->state))
			continue;
		a = prober__find_attachment(prober, binary, probe->state);
		if (a && i < a->cnt)
			continue;
		seen[probe->state] = true;
		states[cnt++] = probe->state;
	}
	free(seen);
	*ret_states = states;
	*ret_cnt = cnt;
	return 0;
}

/* To be called when there is room for it: cannot fail halfway. */
static int keep(struct prober *prober, struct attachment *made)
{
	struct attachment *attachment = want_attachment(prober, made->binary, made->state);

	if (!attachment || attach_links__move(&attachment->ends, &made->ends) ||
	    attach_links__move(&attachment->begins, &made->begins))
		return -ENOMEM;
	attachment->cnt = made->state == HOOKS ? prober->options.plan->hook_cnt
					       : prober->options.plan->probe_cnt;
	return 0;
}

static int attach_states(struct prober *prober, uint32_t binary, const uint32_t *states, size_t cnt,
			 struct fault *why)
{
	const struct planned_binary *b = &prober->options.plan->binaries[binary];
	struct attachment *made = calloc(cnt, sizeof(*made));
	int err = made ? check_attachable(b, why) : -ENOMEM;

	for (size_t i = 0; !err && i < cnt; i++)
		err = attach_state(prober, binary, states[i], &made[i], why);
	for (size_t i = 0; !err && i < cnt; i++)
		err = keep(prober, &made[i]);
	for (size_t i = 0; made && i < cnt; i++) { /* empty when all went well */
		attach_links__free(&made[i].begins);
		attach_links__free(&made[i].ends);
	}
	free(made);
	return err == -ENOMEM ? fault__set(why, err, "no memory to attach to %s", b->path) : err;
}

int prober__attach(struct prober *prober, uint32_t binary, struct fault *why)
{
	uint32_t *states = NULL;
	size_t cnt = 0;
	int err;

	err = find_work(prober, binary, &states, &cnt);
	if (err)
		return fault__set(why, err, "no memory to attach to %s",
				  prober->options.plan->binaries[binary].path);
	if (cnt)
		err = attach_states(prober, binary, states, cnt, why);
	free(states);
	return err ? err : cnt != 0;
}

/* --- detaching ------------------------------------------------------------------------------- */

/* Moves the links of the attachments that are chosen into two heaps. Without memory for that, they
 * are taken away one after the other. */
static bool gather(struct prober *prober, bool (*chosen)(const struct prober *, size_t, uint32_t),
		   uint32_t binary, struct attachment *heaps)
{
	bool any = false;

	*heaps = (struct attachment) {};
	for (size_t i = 0; i < prober->attachment_cnt; i++) {
		struct attachment *attachment = &prober->attachments[i];

		if (!attachment__any(attachment) || !chosen(prober, i, binary))
			continue;
		any = true;
		if (attach_links__move(&heaps->begins, &attachment->begins))
			attach_links__free(&attachment->begins);
		if (attach_links__move(&heaps->ends, &attachment->ends))
			attach_links__free(&attachment->ends);
	}
	return any;
}

static bool is_in_file(const struct prober *prober, size_t i, uint32_t binary)
{
	return prober->attachments[i].binary == binary;
}

/* The kernel is held up by calls that others keep being entered in: see bpf/common.bpf.h. */
static void stop_hijacking(void *ctx)
{
	struct prober *prober = ctx;

	prober->bpf->bss->no_hijack = true;
}

void prober__detach(struct prober *prober, uint32_t binary)
{
	struct attachment heaps;

	gather(prober, is_in_file, binary, &heaps);
	attach_links__free_watched(&heaps.begins, stop_hijacking, prober);
	attach_links__free_watched(&heaps.ends, stop_hijacking, prober);
	prober->bpf->bss->no_hijack = false;
}

static bool is_unselected(const struct prober *prober, size_t i, uint32_t hooks_wanted)
{
	const struct attachment *attachment = &prober->attachments[i];

	return attachment->state == HOOKS ? !hooks_wanted
					  : !prober__is_selected(prober, attachment->state);
}

/*
 * Others may go on, so that the kernel may be held up for as long as they like (bpf/common.bpf.h).
 * What it waits for then is only to free its memory: no program runs at these places any more.
 */
bool prober__detach_unselected(struct prober *prober)
{
	uint32_t hooks_wanted = wants_hooks(prober);
	struct attachment heaps;

	for (size_t i = 0; i < prober->attachment_cnt; i++) {
		if (is_unselected(prober, i, hooks_wanted))
			prober->attachments[i].cnt = 0; /* to be attached again, all of it */
	}
	if (!gather(prober, is_unselected, hooks_wanted, &heaps))
		return false;
	attach_links__free_patiently(&heaps.begins);
	attach_links__free_patiently(&heaps.ends);
	return true;
}

static bool is_any(const struct prober *prober, size_t i, uint32_t unused)
{
	(void)prober, (void)i, (void)unused;
	return true;
}

void prober__detach_all(struct prober *prober)
{
	struct attachment heaps;

	if (prober->bpf)
		prober->bpf->bss->recording = false;
	gather(prober, is_any, 0, &heaps);
	if (attach_links__move(&heaps.begins, &heaps.ends))
		attach_links__free(&heaps.ends);
	attach_links__free(&heaps.begins);
}
