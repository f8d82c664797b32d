/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Jumps over calls: survive_jumps SCENARIO. */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(lands) F(passes) F(jumps) F(faults) F(raises)
#include "survive_truth.h"

#include <setjmp.h>
#include <signal.h>

static sigjmp_buf landing;
static int current_round;
static long left_ns; /* when the jump began */

/* --- longjmp -------------------------------------------------------------------------------- */

TRACED void jumps(int how)
{
	ENTERS(jumps);
	gate_inside(current_round);
	left_ns = wall_now();
	if (how == 1)
		_longjmp(landing, how);
	else if (how == 2)
		siglongjmp(landing, how);
	else
		longjmp(landing, how);
}

TRACED long passes(int how, int depth)
{
	ENTERS(passes);
	call_leaf(1);
	if (depth)
		depth += passes(how, depth - 1);
	else
		jumps(how);
	STAY();
	return depth;
}

/* Jumps back to itself, naps with the stack unused, and calls again. */
TRACED int lands(int how, bool naps)
{
	volatile int landed;

	ENTERS(lands);
	landed = sigsetjmp(landing, how == 2);
	if (!landed)
		passes(how, 4);
	PASSED(jumps, UNWOUND, 1, left_ns);
	PASSED(passes, UNWOUND, 5, left_ns);
	if (naps)
		nap();
	call_leaf(2);
	ENDS(lands, RETURNED);
	return landed;
}

static void run_longjmp(int round)
{
	current_round = round;
	for (int i = 0; i < 20; i++)
		mix(lands(i % 3 + 1, i < 3));
	sleep_once();
}

/* --- siglongjmp out of a signal handler ----------------------------------------------------- */

static volatile int *volatile nowhere;

static void on_signal(int number)
{
	call_leaf(1);
	left_ns = wall_now();
	siglongjmp(landing, number);
}

TRACED void raises(int number)
{
	ENTERS(raises);
	gate_inside(current_round);
	kill(getpid(), number);
	STAY();
}

TRACED void faults(void)
{
	ENTERS(faults);
	gate_inside(current_round);
	*nowhere = 1;
	STAY();
}

static void catch_jumping(int round, int flags)
{
	struct sigaction action = {};
	volatile int landed;

	current_round = round;
	action.sa_handler = on_signal;
	action.sa_flags = flags;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	for (volatile int i = 0; i < 10; i++) {
		landed = sigsetjmp(landing, 1);
		if (!landed && i % 2)
			raises(SIGUSR1);
		else if (!landed)
			faults();
		else if (landed == SIGUSR1)
			PASSED(raises, UNWOUND, 1, left_ns);
		else
			PASSED(faults, UNWOUND, 1, left_ns);
		if (i < 2)
			nap();
		call_leaf(1);
		mix(landed);
	}
	sleep_once();
}

static void run_siglongjmp(int round)
{
	catch_jumping(round, 0);
}

#ifdef ALTERNATE_STACK
static void run_sigaltstack(int round)
{
	const stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };

	if (!stack.ss_sp || sigaltstack(&stack, NULL))
		abort();
	catch_jumping(round, SA_ONSTACK);
}
#endif

static const struct scenario scenarios[] = {
	{ "longjmp", run_longjmp },
	{ "siglongjmp", run_siglongjmp },
#ifdef ALTERNATE_STACK
	{ "sigaltstack", run_sigaltstack },
#endif
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
