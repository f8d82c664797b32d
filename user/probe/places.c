/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From planned probes to places with cookies and, where a cookie does not hold it all, specs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prober_internal.h"
#include "tacho_bpf.skel.h"

/* Specs for files and states that appear while recording. */
#define SPECS_SPARE 1024

/* --- specs --------------------------------------------------------------------------------- */

/* What the values of a probe need; all of its places share it. */
static void describe_values(const struct planned_probe *probe, struct tacho_spec *spec)
{
	for (size_t i = 0; i < TACHO_CAPTURES_MAX; i++) {
		const struct tacho_fetch *fetch = &probe->values[i].fetch;

		if (fetch->kind == TACHO_FETCH_NONE)
			break;
		spec->fetches[spec->fetch_cnt++] = *fetch;
		spec->has_values = 1;
		spec->has_text |= fetch->text_sz != 0;
		spec->entry_values |= !fetch->at_end;
	}
	/* Strings are put together in memory, from the beginning of the call on. */
	spec->entry_values |= spec->has_text;
	spec->has_values |= probe->return_type != TACHO_VALUE_NONE;
	spec->key = probe->key.fetch;
}

static struct tacho_spec entry_spec(const struct planned_probe *probe)
{
	struct tacho_spec spec = { .sp_delta = probe->sp_delta };

	if (probe->entry_offset > TACHO_ENTRY_OFFSET_MAX)
		spec.entry_offset = probe->entry_offset;
	spec.by_goroutine = probe->by_goroutine;
	describe_values(probe, &spec);
	return spec;
}

static struct tacho_spec exit_spec(const struct planned_probe *probe,
				   const struct planned_exit *exit)
{
	struct tacho_spec spec = { .jump = exit->jump, .by_goroutine = probe->by_goroutine };

	return spec;
}

static bool is_needed(const struct tacho_spec *spec)
{
	static const struct tacho_spec none;

	return memcmp(spec, &none, sizeof(none)) != 0;
}

static size_t specs_needed(const struct plan *plan)
{
	size_t cnt = 1;

	for (size_t i = 0; i < plan->probe_cnt; i++) {
		struct tacho_spec spec = entry_spec(&plan->probes[i]);

		cnt += is_needed(&spec) + plan->probes[i].maybe_cnt +
		       2 * plan->probes[i].by_goroutine;
	}
	return cnt;
}

int prober__make_room_for_specs(struct prober *prober, struct fault *why)
{
	size_t needed = specs_needed(prober->options.plan);
	struct specs *specs = &prober->specs;

	if (needed > TACHO_SPECS_MAX)
		return fault__set(why, -E2BIG,
				  "the plan needs %zu different descriptions of places, and %d is "
				  "the limit (record fewer functions)",
				  needed, TACHO_SPECS_MAX);
	specs->max = 2 * needed + SPECS_SPARE;
	if (specs->max > TACHO_SPECS_MAX)
		specs->max = TACHO_SPECS_MAX;
	for (specs->slot_cnt = 1; specs->slot_cnt < 2 * specs->max;)
		specs->slot_cnt *= 2;
	specs->items = calloc(specs->max, sizeof(*specs->items));
	specs->slots = calloc(specs->slot_cnt, sizeof(*specs->slots));
	specs->cnt = 1;
	return specs->items && specs->slots ? 0 : fault__set(why, -ENOMEM, "no memory");
}

/* FNV-1a, by 64-bit words. */
static uint64_t hash_spec(const struct tacho_spec *spec)
{
	uint64_t words[sizeof(*spec) / sizeof(uint64_t)];
	uint64_t hash = 0xcbf29ce484222325ULL;

	_Static_assert(sizeof(words) == sizeof(*spec), "specs are whole words");
	memcpy(words, spec, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

/* Where the number of a spec with this content stands, or is to stand. */
static uint32_t *find_slot(const struct specs *specs, const struct tacho_spec *spec)
{
	size_t at = hash_spec(spec);

	for (;; at++) {
		uint32_t *slot = &specs->slots[at & (specs->slot_cnt - 1)];

		if (!*slot || !memcmp(&specs->items[*slot], spec, sizeof(*spec)))
			return slot;
	}
}

/* The number of a spec with this content; 0 when it says nothing. */
static int intern_spec(struct prober *prober, const struct tacho_spec *spec, uint32_t *ret_number,
		       struct fault *why)
{
	struct specs *specs = &prober->specs;
	__u32 number = specs->cnt;
	uint32_t *slot;

	*ret_number = 0;
	if (!is_needed(spec))
		return 0;
	slot = find_slot(specs, spec);
	if (*slot) {
		*ret_number = *slot;
		return 0;
	}
	if (number == specs->max)
		return fault__set(why, -ENOSPC,
				  "no more probes of this kind can be added while recording (start "
				  "again)");
	if (bpf_map_update_elem(bpf_map__fd(prober->bpf->maps.specs), &number, spec, BPF_ANY))
		return fault__set(why, -errno, "BPF map 'specs': %s", strerror(errno));
	specs->items[number] = *spec;
	specs->cnt++;
	*slot = number;
	*ret_number = number;
	return 0;
}

/* --- places -------------------------------------------------------------------------------- */

static void add_place(struct prober_places *places, uint64_t offset, uint64_t cookie,
		      uint64_t semaphore_offset, uint32_t probe)
{
	places->items[places->cnt] = (struct attach_place) { .offset = offset,
							     .cookie = cookie,
							     .semaphore_offset = semaphore_offset };
	places->probes[places->cnt++] = probe;
}

static enum tacho_place entry_place(const struct planned_probe *probe)
{
	switch (probe->kind) {
	case PLANNED_BEGIN:
		return TACHO_PLACE_BEGIN;
	case PLANNED_END:
		return TACHO_PLACE_END;
	case PLANNED_POINT:
		return TACHO_PLACE_POINT;
	case PLANNED_MARK:
		return probe->mark == TACHO_MARK_END || probe->mark == TACHO_MARK_KEY_END ||
				       probe->mark == TACHO_MARK_GC_DONE
			       ? TACHO_PLACE_END
			       : TACHO_PLACE_BEGIN;
	default:
		return probe->fast ? TACHO_PLACE_HIJACK : TACHO_PLACE_ENTRY;
	}
}

/* Of a mark the state is known; what it is, is not. */
static uint64_t entry_cookie(const struct prober *prober, uint32_t number, uint32_t spec_number)
{
	const struct planned_probe *p = &prober->options.plan->probes[number];
	uint32_t in_cookie = p->entry_offset <= TACHO_ENTRY_OFFSET_MAX ? p->entry_offset : 0;

	return TACHO_COOKIE(entry_place(p), prober->state_rules[p->state],
			    p->kind == PLANNED_MARK ? (uint32_t)p->mark : p->state, number,
			    spec_number, in_cookie);
}

static int add_probe_places(struct prober *prober, uint32_t number, struct prober_places *places,
			    struct fault *why)
{
	const struct planned_probe *p = &prober->options.plan->probes[number];
	uint32_t rule = prober->state_rules[p->state];
	struct tacho_spec spec = entry_spec(p);
	uint32_t spec_number;
	int err;

	err = intern_spec(prober, &spec, &spec_number, why);
	if (err)
		return err;
	add_place(places, p->offset, entry_cookie(prober, number, spec_number), p->semaphore_offset,
		  number);
	for (size_t i = 0; i < p->exit_cnt; i++) {
		const struct planned_exit *exit = &p->exits[i];
		enum tacho_place kind = exit->tail_call ? TACHO_PLACE_LEAVE : TACHO_PLACE_EXIT;

		spec = exit_spec(p, exit);
		err = intern_spec(prober, &spec, &spec_number, why);
		if (err)
			return err;
		add_place(places, exit->offset,
			  TACHO_COOKIE(kind, rule, p->state, number, spec_number, 0), 0, number);
	}
	return 0;
}

static bool is_wanted(const struct plan *plan, size_t number, uint32_t binary, uint32_t state)
{
	return plan->probes[number].kind != PLANNED_LABEL &&
	       plan->probes[number].binary == binary && plan->probes[number].state == state;
}

static int add_state_places(struct prober *prober, uint32_t binary, uint32_t state, size_t first,
			    struct prober_places *places, struct fault *why)
{
	const struct plan *plan = prober->options.plan;
	size_t room = 0;
	int err = 0;

	for (size_t i = first; i < plan->probe_cnt; i++) {
		if (is_wanted(plan, i, binary, state))
			room += 1 + plan->probes[i].exit_cnt;
	}
	places->items = calloc(room + 1, sizeof(*places->items));
	places->probes = calloc(room + 1, sizeof(*places->probes));
	if (!places->items || !places->probes)
		err = fault__set(why, -ENOMEM, "no memory to attach to %s",
				 plan->binaries[binary].path);
	for (size_t i = first; !err && i < plan->probe_cnt; i++) {
		if (is_wanted(plan, i, binary, state))
			err = add_probe_places(prober, i, places, why);
	}
	return err;
}

static int add_hook_places(const struct plan *plan, uint32_t binary, size_t first,
			   struct prober_places *places, struct fault *why)
{
	places->items = calloc(plan->hook_cnt + 1, sizeof(*places->items));
	places->probes = calloc(plan->hook_cnt + 1, sizeof(*places->probes));
	if (!places->items || !places->probes)
		return fault__set(why, -ENOMEM, "no memory to attach to %s",
				  plan->binaries[binary].path);
	for (size_t i = first; i < plan->hook_cnt; i++) {
		const struct planned_hook *hook = &plan->hooks[i];

		if (hook->binary == binary)
			add_place(places, hook->offset,
				  TACHO_COOKIE(TACHO_PLACE_UNWIND, 0, hook->what, 0, 0, 0), 0,
				  UINT32_MAX);
	}
	return 0;
}

int prober__make_places(struct prober *prober, uint32_t binary, uint32_t state,
			struct prober_places *ret_places, struct fault *why)
{
	const struct attachment *before = prober__find_attachment(prober, binary, state);
	size_t first = before ? before->cnt : 0;
	struct prober_places places = {};
	int err;

	if (state == HOOKS)
		err = add_hook_places(prober->options.plan, binary, first, &places, why);
	else
		err = add_state_places(prober, binary, state, first, &places, why);
	if (err)
		prober_places__free(&places);
	else
		*ret_places = places;
	return err;
}

void prober_places__free(struct prober_places *places)
{
	free(places->items);
	free(places->probes);
	*places = (struct prober_places) {};
}
