/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "check.h"

#include <errno.h>
#include <stdlib.h>

const char *checked_status__name(enum checked_status status)
{
	static const char *const names[] = {
		[CHECKED_READY] = "ready",
		[CHECKED_PENDING] = "pending",
		[CHECKED_REFUSED] = "refused",
	};

	return names[status];
}

enum checked_status checked_status__of(const struct planned_target *target)
{
	if (target->failed)
		return CHECKED_REFUSED;
	return target->pending ? CHECKED_PENDING : CHECKED_READY;
}

static int judge(struct check *check)
{
	const struct plan *plan = check->plan;

	check->state_cnt = plan->state_cnt;
	check->states = calloc(plan->state_cnt + 1, sizeof(*check->states));
	if (!check->states)
		return -ENOMEM;
	for (size_t i = 0; i < plan->state_cnt; i++)
		check->states[i].config = plan->states[i].config;
	for (size_t i = 0; i < plan->target_cnt; i++) {
		struct checked_state *state = &check->states[plan->targets[i].state];
		enum checked_status status = checked_status__of(&plan->targets[i]);

		if (status > state->status)
			state->status = status;
	}
	for (size_t i = 0; i < plan->state_cnt; i++) {
		if (plan__is_python(plan, i) && !checked_python__is_ready(&check->python))
			check->states[i].status = CHECKED_PENDING;
	}
	for (size_t i = 0; i < plan->state_cnt; i++)
		check->cnt[check->states[i].status]++;
	return 0;
}

int check__new(const struct config *config, struct check **ret_check, struct fault *why)
{
	const struct plan_options wanted = { .wait = true,
					     .keep_going = true,
					     .count_inlined = true };
	struct check *check = calloc(1, sizeof(*check));
	int err;

	if (!check)
		return fault__set(why, -ENOMEM, "no memory for the plan");
	err = plan__new(config, &wanted, &check->plan, why);
	check->has_python = !err && check->plan->reserved_labels;
	if (check->has_python)
		checked_python__find(check->plan, &check->python);
	if (!err && judge(check))
		err = fault__set(why, -ENOMEM, "no memory for the plan");
	if (err)
		check__free(check);
	else
		*ret_check = check;
	return err;
}

void check__free(struct check *check)
{
	if (!check)
		return;
	plan__free(check->plan);
	free(check->states);
	free(check);
}

bool check__all_ready(const struct check *check)
{
	return check->cnt[CHECKED_READY] == check->state_cnt;
}
