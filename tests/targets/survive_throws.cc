// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// C++ exceptions: survive_throws SCENARIO.
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(throws)                                                                                  \
	F(passes)                                                                                  \
	F(catches)                                                                                 \
	F(cleans) F(rethrows) F(nests) F(works) F(for_each) F(visit_two) F(visits)                 \
		F(visits_quietly) F(resumes) F(suspends)
#include "survive_truth.h"

#include <pthread.h>
#include <stdexcept>
#include <string>
#include <ucontext.h>

extern "C" long for_each(int n, long (*visit)(int i, void *context), void *context);

static int current_round;
static thread_local long thrown_ns; // when the last exception was thrown

// --- throw, through calls that have something to destroy ----------------------------------------

// Called while the stack is unwound.
TRACED void cleans(int n)
{
	ENTERS(cleans);
	mix(n);
	ENDS(cleans, RETURNED);
}

struct Cleaner {
	int n;
	~Cleaner()
	{
		cleans(n);
	}
};

TRACED long throws(int i)
{
	ENTERS(throws);
	if (i % 3 == 0) {
		gate_inside(current_round);
		thrown_ns = wall_now();
		throw std::runtime_error("number " + std::to_string(i));
	}
	ENDS(throws, RETURNED);
	return i * 2;
}

TRACED long passes(int i, int depth)
{
	long result;

	ENTERS(passes);
	Cleaner cleaner { depth };
	result = depth ? passes(i, depth - 1) : throws(i);
	ENDS(passes, RETURNED);
	return result + 1;
}

TRACED long catches(int i, bool naps)
{
	long result;

	ENTERS(catches);
	try {
		result = passes(i, 2);
	} catch (const std::runtime_error &error) {
		PASSED(throws, EXCEPTION, 1, thrown_ns);
		PASSED(passes, EXCEPTION, 3, thrown_ns);
		if (naps)
			nap();
		result = static_cast<long>(std::string(error.what()).size());
	}
	call_leaf(1);
	ENDS(catches, RETURNED);
	return result;
}

static void run_throw(int round)
{
	current_round = round;
	for (int i = 0; i < 20; i++)
		mix(catches(i, i == 3));
	sleep_once();
}

// --- rethrow ------------------------------------------------------------------------------------

// Passed itself in the end, after the exception has rested in it.
TRACED long rethrows(int i, bool naps)
{
	ENTERS(rethrows);
	try {
		long result = passes(i, 1);
		ENDS(rethrows, RETURNED);
		return result;
	} catch (const std::exception &) {
		PASSED(throws, EXCEPTION, 1, thrown_ns);
		PASSED(passes, EXCEPTION, 2, thrown_ns);
		if (naps)
			nap();
		call_leaf(1);
		thrown_ns = wall_now();
		throw;
	}
}

// The exception travels as a value, and is thrown again from there.
TRACED long nests(int i, bool naps)
{
	std::exception_ptr pointer;
	long result = 0;

	ENTERS(nests);
	try {
		result = rethrows(i, naps);
	} catch (...) {
		PASSED(rethrows, EXCEPTION, 1, thrown_ns);
		pointer = std::current_exception();
	}
	if (pointer) {
		call_leaf(1);
		thrown_ns = wall_now();
		std::rethrow_exception(pointer);
	}
	ENDS(nests, RETURNED);
	return result;
}

static void run_rethrow(int round)
{
	current_round = round;
	for (int i = 0; i < 20; i++) {
		try {
			mix(nests(i, i == 3));
		} catch (const std::runtime_error &error) {
			PASSED(nests, EXCEPTION, 1, thrown_ns);
			if (i == 3)
				nap();
			mix(error.what()[0]);
		}
		call_leaf(1);
	}
	sleep_once();
}

// --- a handler that throws and catches, and throws something else -------------------------------

TRACED void works(int i)
{
	ENTERS(works);
	try {
		mix(catches(i, false));
		mix(throws(i));
		ENDS(works, RETURNED);
	} catch (const std::runtime_error &) {
		PASSED(throws, EXCEPTION, 1, thrown_ns);
		try {
			Cleaner cleaner { i };
			mix(throws(i + 3));
		} catch (const std::exception &inner) {
			PASSED(throws, EXCEPTION, 1, thrown_ns);
			mix(catches(i + 6, i == 3));
			thrown_ns = wall_now();
			std::throw_with_nested(std::logic_error("outer"));
		}
	}
}

static void run_nested(int round)
{
	current_round = round;
	for (int i = 0; i < 12; i++) {
		try {
			works(i);
		} catch (const std::logic_error &outer) {
			PASSED(works, EXCEPTION, 1, thrown_ns);
			try {
				std::rethrow_if_nested(outer);
			} catch (const std::exception &inner) {
				mix(inner.what()[7]);
			}
		}
		call_leaf(1);
	}
	sleep_once();
}

// --- through the frames of a C library, and out of its callbacks --------------------------------

// The library calls for_each(), which calls visit_two(), which calls these twice.
TRACED long visits(int i, void *context)
{
	int last = *static_cast<int *>(context);

	if (i % 2 == 0)
		ENTERS(visit_two);
	ENTERS(visits);
	mix(leaf(i));
	if (i == last) {
		gate_inside(current_round);
		thrown_ns = wall_now();
		throw std::out_of_range("last");
	}
	if (i % 2 == 1)
		ENDS(visit_two, RETURNED);
	ENDS(visits, RETURNED);
	return i;
}

static void run_through_c(int round)
{
	current_round = round;
	for (int last = 0; last < 12; last++) {
		try {
			ENTERS(for_each);
			mix(for_each(10, visits, &last));
			ENDS(for_each, RETURNED);
		} catch (const std::out_of_range &) {
			PASSED(visits, EXCEPTION, 1, thrown_ns);
			PASSED(visit_two, EXCEPTION, 1, thrown_ns);
			PASSED(for_each, EXCEPTION, 1, thrown_ns);
			if (last == 3)
				nap();
		}
		call_leaf(1);
	}
	sleep_once();
}

// Throws and catches; the C library notices nothing.
TRACED long visits_quietly(int i, void *context)
{
	long result;

	if (i % 2 == 0)
		ENTERS(visit_two);
	ENTERS(visits_quietly);
	if (i == 4)
		gate_inside(*static_cast<int *>(context));
	result = catches(i, false);
	if (i % 2 == 1)
		ENDS(visit_two, RETURNED);
	ENDS(visits_quietly, RETURNED);
	return result;
}

static void run_callback(int round)
{
	current_round = -1; // no gate in throws()
	for (int i = 0; i < 5; i++) {
		ENTERS(for_each);
		mix(for_each(10, visits_quietly, &round));
		ENDS(for_each, RETURNED);
	}
	sleep_once();
}

// --- threads that throw at the same time --------------------------------------------------------

static void *throwing_thread(void *arg)
{
	for (int i = 0; i < 30; i++)
		catches(i, false);
	return arg;
}

static void run_threads(int round)
{
	pthread_t threads[4];

	current_round = -1;
	for (pthread_t &thread : threads)
		pthread_create(&thread, nullptr, throwing_thread, nullptr);
	for (pthread_t &thread : threads)
		pthread_join(thread, nullptr);
	checksum = 0; // the threads have shared it
	current_round = round;
	mix(catches(3, true));
	sleep_once();
}

// --- coroutines that are suspended in calls while others throw ----------------------------------

static ucontext_t scheduler, contexts[3];
static int current_coroutine, to_do;

static void switch_back()
{
	swapcontext(&contexts[current_coroutine], &scheduler);
}

TRACED void resumes(int coroutine)
{
	ENTERS(resumes);
	current_coroutine = coroutine;
	swapcontext(&scheduler, &contexts[coroutine]);
	ENDS(resumes, RETURNED);
}

TRACED long suspends(int i)
{
	ENTERS(suspends);
	switch_back();
	mix(catches(i, false));
	switch_back();
	ENDS(suspends, RETURNED);
	return i;
}

static void coroutine()
{
	int self = current_coroutine;

	for (int i = 0; i < 4; i++) {
		mix(suspends(i * 3 + self));
		mix(catches(i, false));
	}
	to_do--;
	switch_back();
}

static void run_coroutines(int round)
{
	char *stacks[3];

	current_round = round;
	to_do = 3;
	for (int i = 0; i < 3; i++) {
		stacks[i] = static_cast<char *>(malloc(65536));
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = stacks[i];
		contexts[i].uc_stack.ss_size = 65536;
		makecontext(&contexts[i], coroutine, 0);
	}
	for (int turn = 0; to_do; turn++) {
		resumes(turn % 3);
		mix(catches(turn, turn == 3));
	}
	for (char *stack : stacks)
		free(stack);
	sleep_once();
}

static const struct scenario scenarios[] = {
	{ "throw", run_throw },		  { "rethrow", run_rethrow },
	{ "nested", run_nested },	  { "through_c", run_through_c },
	{ "callback", run_callback },	  { "threads", run_threads },
	{ "coroutines", run_coroutines }, {},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
