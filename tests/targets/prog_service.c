/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A program that does what it is told, one order a line, and answers each with a line: orders come
 * as arguments, or on stdin if there are none. An argument that begins with `tag` is no order.
 *
 *	call N    calls leaf() N times
 *	fork N    a child does, and is waited for
 *	spawn N   a new program of this file does, says nothing, and is waited for
 *	thread N  a thread does, stays, and says its number instead of `done`
 *	trap N    at SIGTERM leaf() N times, then exit status 5
 *	ignore N  at SIGTERM just says `ignored`
 *	quit N    exit status N
 *	die N     ends by signal N
 */
#define FUNCTIONS(F) F(early) F(leaf)
#include "prog_truth.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

static int calls_at_term;

TRACED void early(void)
{
	COUNT(early);
	STAY();
}

__attribute__((constructor)) static void before_main(void)
{
	early();
}

static void do_fork(long n)
{
	pid_t pid = fork();

	if (!pid) {
		call_leaf(n);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void do_spawn(long n)
{
	char order[32];
	pid_t pid;

	snprintf(order, sizeof(order), "call %ld", n);
	pid = fork();
	if (!pid) {
		if (freopen("/dev/null", "w", stdout))
			execl("/proc/self/exe", "prog_service", "tag-spawned", order, NULL);
		abort();
	}
	waitpid(pid, NULL, 0);
}

static void *staying_thread(void *n)
{
	call_leaf((long)n);
	printf("%ld\n", thread_id());
	for (;;)
		pause();
	return NULL;
}

static void do_thread(long n)
{
	pthread_t thread;

	pthread_create(&thread, NULL, staying_thread, (void *)(long)n);
}

static void on_term(int signal)
{
	(void)signal;
	call_leaf(calls_at_term);
	_exit(5);
}

static void do_trap(long n)
{
	calls_at_term = n;
	signal(SIGTERM, on_term);
}

static void on_ignored(int signal)
{
	(void)signal;
	if (write(1, "ignored\n", 8) < 0)
		_exit(1);
}

static void do_ignore(long n)
{
	const struct sigaction action = { .sa_handler = on_ignored, .sa_flags = SA_RESTART };

	(void)n;
	sigaction(SIGTERM, &action, NULL);
}

static void do_quit(long n)
{
	exit((int)n);
}

static void do_die(long n)
{
	kill(getpid(), (int)n);
	pause();
}

static const struct order {
	const char *name;
	void (*follow)(long n);
	bool answers; /* itself */
} orders[] = {
	{ "call", call_leaf, false },  { "fork", do_fork, false }, { "spawn", do_spawn, false },
	{ "thread", do_thread, true }, { "trap", do_trap, false }, { "ignore", do_ignore, false },
	{ "quit", do_quit, false },    { "die", do_die, false },
};

static void follow(const char *line)
{
	char name[16];
	long n;

	if (sscanf(line, "%15s %ld", name, &n) != 2)
		exit(2);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(orders[i].name, name))
			continue;
		orders[i].follow(n);
		if (!orders[i].answers)
			printf("done\n");
		return;
	}
	exit(2);
}

int main(int argc, char **argv)
{
	bool ordered = false;
	char line[64];

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "tag", 3))
			continue;
		ordered = true;
		follow(argv[i]);
	}
	while (!ordered && fgets(line, sizeof(line), stdin))
		follow(line);
	return 0;
}
