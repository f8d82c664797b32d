/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* States that are added to a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/plan.h"
#include "plan_fixture.h"

struct fixture {
	struct scratch scratch;
	char program[96];
	struct config *config;
	struct plan *plan;
};

static struct config *load(struct fixture *f, const char *states)
{
	struct config *config = config__new();
	struct fault why = {};

	assert_non_null(config);
	scratch__write(&f->scratch, "conf", states, strlen(states));
	if (config__load(config, scratch__at(&f->scratch, "conf"), &why) ||
	    config__finish(config, &why))
		fail_msg("%s", why.text);
	return config;
}

/* "[state NAME] function = PROGRAM:FUNCTION" */
static void write_state(const struct fixture *f, char text[256], const char *name,
			const char *function)
{
	snprintf(text, 256, "[state %s]\nfunction = %s:%s\n", name, f->program, function);
}

static int set_up(void **state)
{
	const struct plan_options wanted = { .wait = true };
	struct fixture *f = calloc(1, sizeof(*f));
	struct fault why = {};
	char text[256];

	assert_non_null(f);
	scratch__make(&f->scratch);
	put_program(&f->scratch, "program", planned_symbols);
	snprintf(f->program, sizeof(f->program), "%s", scratch__at(&f->scratch, "program"));
	write_state(f, text, "A", "pushing");
	f->config = load(f, text);
	if (plan__new(f->config, &wanted, &f->plan, &why))
		fail_msg("%s", why.text);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	plan__free(f->plan);
	config__free(f->config);
	scratch__remove(&f->scratch);
	free(f);
	return 0;
}

static int add_all(struct fixture *f, const char *text, struct fault *why)
{
	const bool all[4] = { true, true, true, true };
	struct config *config = load(f, text);
	int err = plan__add_states(f->plan, config, all, why);

	config__free(config); /* the plan has what it needs */
	return err;
}

static void a_state_is_added_behind_the_others_and_outlives_its_config(void **state)
{
	struct fixture *f = *state;
	const struct plan_mark before = plan__mark(f->plan);
	struct fault why = {};
	char text[256];

	write_state(f, text, "B", "simple");
	assert_int_equal(add_all(f, text, &why), 0);
	assert_int_equal(f->plan->state_cnt, 2);
	assert_string_equal(f->plan->states[1].name, "B");
	assert_int_equal(f->plan->binary_cnt, before.binary_cnt);
	assert_int_equal(f->plan->probe_cnt, 2);
	assert_int_equal(f->plan->probes[1].state, 1);
	assert_int_equal(f->plan->probes[1].target, 1);
	assert_string_equal(f->plan->probes[1].function, "simple");
	assert_true(f->plan->states[1].types_settled);
}

static void what_cannot_be_planned_leaves_the_plan_as_it_was(void **state)
{
	struct fixture *f = *state;
	const struct plan_mark before = plan__mark(f->plan);
	struct fault why = {};
	char text[512], never[256];

	write_state(f, text, "B", "simple");
	write_state(f, never, "C", "never+0x3");
	strcat(text, never);
	assert_int_not_equal(add_all(f, text, &why), 0);
	assert_non_null(strstr(why.text, "state C"));
	assert_int_equal(f->plan->state_cnt, before.state_cnt);
	assert_int_equal(f->plan->target_cnt, before.target_cnt);
	assert_int_equal(f->plan->probe_cnt, before.probe_cnt);
	write_state(f, text, "B", "simple");
	assert_int_equal(add_all(f, text, &why), 0);
	assert_int_equal(f->plan->state_cnt, 2);
}

static void what_is_not_there_yet_is_pending(void **state)
{
	struct fixture *f = *state;
	struct fault why = {};

	assert_int_equal(add_all(f, "[state B]\nfunction = /no/such/file:f\n", &why), 0);
	assert_true(f->plan->targets[1].pending);
	assert_int_equal(f->plan->probe_cnt, 1);
}

static void what_was_added_can_be_taken_back(void **state)
{
	struct fixture *f = *state;
	const struct plan_mark before = plan__mark(f->plan);
	char text[256];

	write_state(f, text, "B", "pushing");
	assert_int_equal(add_all(f, text, NULL), 0);
	plan__cut_back(f->plan, &before);
	assert_int_equal(f->plan->state_cnt, 1);
	assert_int_equal(f->plan->target_cnt, 1);
	assert_int_equal(f->plan->probe_cnt, 1);
}

static void a_name_may_come_again_with_another_meaning(void **state)
{
	struct fixture *f = *state;
	const struct plan_mark before = plan__mark(f->plan);
	char text[256];

	for (int i = 0; i < 100; i++) {
		write_state(f, text, "A", i % 2 ? "pushing" : "simple");
		assert_int_equal(add_all(f, text, NULL), 0);
	}
	assert_int_equal(f->plan->state_cnt, 101);
	assert_int_equal(f->plan->binary_cnt, before.binary_cnt);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_state_is_added_behind_the_others_and_outlives_its_config),
		CASE(what_cannot_be_planned_leaves_the_plan_as_it_was),
		CASE(what_is_not_there_yet_is_pending),
		CASE(what_was_added_can_be_taken_back),
		CASE(a_name_may_come_again_with_another_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
