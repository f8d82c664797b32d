/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that do not just return: prog_ends SCENARIO [NUMBER]. */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(waits)                                                                                   \
	F(forks) F(vforks) F(execs) F(leaves) F(quits) F(dies) F(catches) F(passed) F(jumps)       \
		F(descend)
#include "prog_truth.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>

static jmp_buf landing;
static volatile int *volatile nowhere;
static volatile bool released; /* never: keeps the compiler from seeing that nothing returns */
static int inside[2];	       /* a pipe: a byte says that a thread is inside its call */

/* --- other threads, in the middle of a call when something happens ------------------------- */

TRACED void waits(void)
{
	COUNT(waits);
	while (write(inside[1], "", 1) != 1)
		;
	while (!released)
		pause();
}

static void *waiting_thread(void *arg)
{
	waits();
	return arg;
}

static pthread_t start_waiting(void)
{
	pthread_t thread;
	char byte;

	if (!inside[1] && pipe(inside))
		abort();
	pthread_create(&thread, NULL, waiting_thread, NULL);
	if (read(inside[0], &byte, 1) != 1)
		abort();
	return thread;
}

/* --- processes ----------------------------------------------------------------------------- */

/* Returns in both processes. */
TRACED pid_t forks(void)
{
	pid_t pid;

	COUNT(forks);
	pid = fork();
	if (pid)
		waitpid(pid, NULL, 0);
	return pid;
}

static void run_fork(long n)
{
	for (long i = 0; i < n; i++) {
		if (!forks()) {
			call_leaf(2);
			_exit(0);
		}
	}
}

/* The child runs on the parent's stack and ends there. */
TRACED void vforks(void)
{
	pid_t pid;

	COUNT(vforks);
	pid = vfork();
	if (!pid) {
		leaf(0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	leaf(1);
	STAY();
}

static void run_vfork(long n)
{
	for (long i = 0; i < n; i++)
		vforks();
}

TRACED void execs(const char *scenario, const char *number)
{
	COUNT(execs);
	say_calls();
	execl("/proc/self/exe", "prog_ends", scenario, number, NULL);
	STAY();
}

static void run_exec(long n)
{
	(void)n;
	note("pid", getpid());
	call_leaf(2);
	execs("leaf", "3");
}

static void *exec_thread(void *arg)
{
	char byte;

	note("tid", thread_id());
	if (read(inside[0], &byte, 1) == 1) /* the first thread is inside, too */
		execs("leaf", "3");
	return arg;
}

/* Another thread than the first execs while two are in a call, one of them the first. */
static void run_thread_exec(long n)
{
	pthread_t thread;

	(void)n;
	note("pid", getpid());
	start_waiting();
	pthread_create(&thread, NULL, exec_thread, NULL);
	waits();
}

/* --- threads ------------------------------------------------------------------------------- */

TRACED void leaves(void)
{
	COUNT(leaves);
	if (!released)
		pthread_exit(NULL);
}

static void *leaving_thread(void *arg)
{
	note("tid", thread_id());
	leaf(0);
	leaves();
	return arg;
}

static void run_pthread_exit(long n)
{
	pthread_t thread;

	for (long i = 0; i < n; i++) {
		pthread_create(&thread, NULL, leaving_thread, NULL);
		pthread_join(thread, NULL);
	}
}

static void run_cancel(long n)
{
	pthread_t thread;

	for (long i = 0; i < n; i++) {
		thread = start_waiting();
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	call_leaf(2);
}

/* --- the end of the process ---------------------------------------------------------------- */

TRACED void quits(int status)
{
	COUNT(quits);
	say_calls();
	if (!released)
		exit(status);
}

static void run_exit(long n)
{
	start_waiting();
	quits(n);
}

TRACED void dies(int signal)
{
	COUNT(dies);
	say_calls();
	if (signal == SIGSEGV)
		*nowhere = 0;
	kill(getpid(), signal);
	while (!released)
		pause();
}

static void run_die(long n)
{
	const struct rlimit no_core = {};

	setrlimit(RLIMIT_CORE, &no_core);
	start_waiting();
	dies(n);
}

/* --- jumps --------------------------------------------------------------------------------- */

TRACED void jumps(void)
{
	COUNT(jumps);
	if (!released)
		longjmp(landing, 1);
}

TRACED void passed(void)
{
	COUNT(passed);
	jumps();
	STAY();
}

/* Lands here; the two above are gone. */
TRACED void catches(void)
{
	COUNT(catches);
	if (!setjmp(landing))
		passed();
	leaf(0);
	STAY();
}

static void run_caught(long n)
{
	for (long i = 0; i < n; i++)
		catches();
}

static void run_longjmp(long n)
{
	for (volatile long i = 0; i < n; i++) {
		if (!setjmp(landing))
			passed();
	}
	leaf(0);
}

TRACED void descend(long levels)
{
	COUNT(descend);
	if (levels > 1)
		descend(levels - 1);
	else
		jumps();
	STAY();
}

static void run_longjmp_deep(long n)
{
	if (!setjmp(landing))
		descend(n);
	for (int i = 0; i < 5; i++)
		leaf(i);
}

/* --- a call that lasts until it is told to end --------------------------------------------- */

static long read_number(void)
{
	char line[32];

	return fgets(line, sizeof(line), stdin) ? atol(line) : 0;
}

TRACED void listens(void)
{
	printf("inside\n");
	read_number();
	STAY();
}

/* Then as many calls as each line says. */
static void run_listen(long n)
{
	listens();
	while ((n = read_number())) {
		call_leaf(n);
		printf("done\n");
	}
}

static const struct scenario scenarios[] = {
	{ "leaf", call_leaf },
	{ "fork", run_fork },
	{ "vfork", run_vfork },
	{ "exec", run_exec },
	{ "thread_exec", run_thread_exec },
	{ "pthread_exit", run_pthread_exit },
	{ "cancel", run_cancel },
	{ "exit", run_exit },
	{ "die", run_die },
	{ "caught", run_caught },
	{ "longjmp", run_longjmp },
	{ "longjmp_deep", run_longjmp_deep },
	{ "listen", run_listen },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
