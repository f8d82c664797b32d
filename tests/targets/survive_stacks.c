/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * C whose calls do not nest on one stack, or that looks at its stack, and whose imports do not
 * tell: survive_stacks SCENARIO.
 */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(works) F(yields) F(resumes) F(returns_to) F(traces) F(asks)
#include "survive_truth.h"

#include <execinfo.h>
#include <setjmp.h>

static int current_round;

/* --- coroutines as header-only libraries have them: a few instructions switch the stack ----- */

#define STACK_SZ 65536

static void *scheduler_sp, *coroutine_sp;
static bool done;
static long passed_on;

/* Saves what a callee must save, and goes on where the other stack was left. */
void switch_stack(void **from, void **to);

#if defined(__x86_64__)
#define SWITCH_STACK                                                                               \
	"push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15;"                        \
	"mov %rsp, (%rdi); mov (%rsi), %rsp;"                                                      \
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret;"
#define FRAME_WORDS 8
#define RETURN_WORD 6
#elif defined(__aarch64__)
#define SWITCH_STACK                                                                               \
	"sub sp, sp, #96; stp x19, x20, [sp]; stp x21, x22, [sp, #16]; stp x23, x24, [sp, #32];"   \
	"stp x25, x26, [sp, #48]; stp x27, x28, [sp, #64]; stp x29, x30, [sp, #80];"               \
	"mov x9, sp; str x9, [x0]; ldr x9, [x1]; mov sp, x9;"                                      \
	"ldp x19, x20, [sp]; ldp x21, x22, [sp, #16]; ldp x23, x24, [sp, #32];"                    \
	"ldp x25, x26, [sp, #48]; ldp x27, x28, [sp, #64]; ldp x29, x30, [sp, #80];"               \
	"add sp, sp, #96; ret;"
#define FRAME_WORDS 12
#define RETURN_WORD 11
#endif
__asm__(".text; .type switch_stack, %function; switch_stack:" SWITCH_STACK
	".size switch_stack, . - switch_stack");

TRACED long yields(long value)
{
	ENTERS(yields);
	passed_on = value;
	switch_stack(&coroutine_sp, &scheduler_sp);
	ENDS(yields, RETURNED);
	return passed_on;
}

TRACED long works(int depth)
{
	long sum;

	ENTERS(works);
	sum = yields(depth);
	if (depth)
		sum += works(depth - 1);
	else
		gate_inside(current_round);
	sum += yields(sum) + leaf(depth);
	ENDS(works, RETURNED);
	return sum;
}

static void coroutine(void)
{
	mix(works(5));
	done = true;
	switch_stack(&coroutine_sp, &scheduler_sp);
	abort();
}

TRACED long resumes(long value)
{
	ENTERS(resumes);
	passed_on = value;
	switch_stack(&scheduler_sp, &coroutine_sp);
	ENDS(resumes, RETURNED);
	return passed_on;
}

static void run_switch(int round)
{
	void **stack = malloc(STACK_SZ);
	/* the last word stays empty: the stack is aligned as after a call */
	void **frame = (void **)((char *)stack + STACK_SZ) - FRAME_WORDS;

	memset(frame, 0, FRAME_WORDS * sizeof(*frame));
	frame[RETURN_WORD] = (void *)coroutine;
	coroutine_sp = frame;
	done = false;
	current_round = round;
	for (int i = 0; !done; i++)
		mix(resumes(i));
	free(stack);
	sleep_once();
}

/* --- coroutines on one stack, with setjmp() and longjmp() ----------------------------------- */

static jmp_buf scheduler, suspended;

/* Left by a jump, and come back to by a jump. */
TRACED int returns_to(int depth)
{
	int result = depth;

	ENTERS(returns_to);
	if (depth)
		result += returns_to(depth - 1);
	else if (!setjmp(suspended))
		longjmp(scheduler, 1);
	else
		gate_inside(current_round);
	STAY();
	ENDS(returns_to, RETURNED);
	return result;
}

/* Keeps the suspended calls' part of the stack from being used by others. */
static __attribute__((noipa)) void begin_far_below(int depth)
{
	char room[32768];

	__asm__ volatile("" : : "r"(room) : "memory");
	mix(returns_to(depth));
	__asm__ volatile("" : : "r"(room) : "memory");
	longjmp(scheduler, 2);
}

static void run_setjmp(int round)
{
	volatile int i;

	current_round = round;
	for (i = 0; i < 5; i++) {
		switch (setjmp(scheduler)) {
		case 0:
			begin_far_below(3);
			break;
		case 1:
			mix(leaf(i));
			longjmp(suspended, 1);
		default:
			mix(leaf(i));
		}
	}
	sleep_once();
}

/* --- who called? ---------------------------------------------------------------------------- */

static void run_caller(int round);

TRACED long asks(int round)
{
	long distance;

	ENTERS(asks);
	gate_inside(round);
	distance = (char *)__builtin_return_address(0) - (char *)run_caller;
	ENDS(asks, RETURNED);
	return distance >= 0 && distance < 4096;
}

static __attribute__((noipa)) void run_caller(int round)
{
	say("called by a neighbour: %ld\n", asks(round));
	call_leaf(5);
	sleep_once();
}

/* --- a stack trace -------------------------------------------------------------------------- */

TRACED int traces(int depth)
{
	void *addresses[64];
	int frames;

	ENTERS(traces);
	if (depth) {
		frames = traces(depth - 1);
	} else {
		gate_inside(current_round);
		frames = backtrace(addresses, 64);
	}
	STAY();
	ENDS(traces, RETURNED);
	return frames;
}

static void run_backtrace(int round)
{
	current_round = round;
	say("%d frames\n", traces(0));
	say("%d frames\n", traces(5));
	call_leaf(5);
	sleep_once();
}

static const struct scenario scenarios[] = {
	{ "switch", run_switch },
	{ "setjmp", run_setjmp },
	{ "caller", run_caller },
	{ "backtrace", run_backtrace },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
