/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Coroutines that are switched within traced calls, so that the open calls of one thread lie on
 * several stacks and end in another order than they began: survive_coroutines SCENARIO.
 */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(works) F(yields) F(resumes) F(passes) F(jumps)
#include "survive_truth.h"

#include <setjmp.h>
#include <ucontext.h>

#define COROUTINES 4
#define STACK_SZ 65536

static struct coroutine {
	ucontext_t context;
	char *stack;
	bool done;
	long result;
} coroutines[COROUTINES];
static ucontext_t scheduler;
static struct coroutine *current;
static int current_round;

/* To the scheduler, and back when it is this one's turn again. */
TRACED void yields(void)
{
	ENTERS(yields);
	swapcontext(&current->context, &scheduler);
	ENDS(yields, RETURNED);
}

TRACED long works(int id, int depth)
{
	long below = id;

	ENTERS(works);
	yields();
	if (depth)
		below += works(id, depth - 1);
	if (id == 2 && depth == 1)
		gate_inside(current_round);
	mix(leaf(id + depth));
	yields();
	ENDS(works, RETURNED);
	return below;
}

/* --- jumps, on one stack, while the calls of the others are alive --------------------------- */

static bool jumping;

TRACED void jumps(jmp_buf landing)
{
	ENTERS(jumps);
	longjmp(landing, 1);
}

TRACED void passes(jmp_buf landing)
{
	ENTERS(passes);
	jumps(landing);
	STAY();
}

static __attribute__((noinline)) void jump_once(void)
{
	volatile long left_ns = wall_now();
	jmp_buf landing;

	if (!setjmp(landing))
		passes(landing);
	PASSED(jumps, UNWOUND, 1, left_ns);
	PASSED(passes, UNWOUND, 1, left_ns);
}

/* --- the scheduler -------------------------------------------------------------------------- */

static void begin(void)
{
	struct coroutine *self = current;

	for (int i = 0; i < 3; i++) {
		self->result += works((int)(self - coroutines), 3);
		if (jumping)
			jump_once();
	}
	self->done = true;
}

TRACED bool resumes(struct coroutine *coroutine)
{
	ENTERS(resumes);
	current = coroutine;
	swapcontext(&scheduler, &coroutine->context);
	ENDS(resumes, RETURNED);
	return !coroutine->done;
}

static void prepare(struct coroutine *c)
{
	*c = (struct coroutine) { .stack = malloc(STACK_SZ) };
	getcontext(&c->context);
	c->context.uc_stack.ss_sp = c->stack;
	c->context.uc_stack.ss_size = STACK_SZ;
	c->context.uc_link = &scheduler;
	makecontext(&c->context, begin, 0);
}

/* Each at another pace, so that they do not end as they began. */
static void run_coroutines(int round)
{
	int alive = COROUTINES;

	current_round = round;
	for (struct coroutine *c = coroutines; c < coroutines + COROUTINES; c++)
		prepare(c);
	for (int turn = 0; alive; turn++) {
		struct coroutine *c = &coroutines[(turn * 7 + turn / 5) % COROUTINES];

		if (c->done)
			continue;
		if (!resumes(c))
			alive--;
		if (jumping)
			jump_once();
	}
	for (struct coroutine *c = coroutines; c < coroutines + COROUTINES; c++) {
		mix(c->result);
		free(c->stack);
	}
	sleep_once();
}

static void run_jumping(int round)
{
	jumping = true;
	run_coroutines(round);
}

static const struct scenario scenarios[] = {
	{ "coroutines", run_coroutines },
	{ "coroutines_longjmp", run_jumping },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
