/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* C that neither throws nor jumps; its calls still end in many ways: survive_plain SCENARIO. */
#define FUNCTIONS(F)                                                                               \
	F(leaf)                                                                                    \
	F(sleeps)                                                                                  \
	F(mixes)                                                                                   \
	F(makes)                                                                                   \
	F(hidden)                                                                                  \
	F(outer) F(front) F(back) F(ping) F(pong) F(descend) F(forks) F(vforks) F(spawns) F(execs) \
		F(faults) F(raises) F(busy) F(dies)
#include "survive_truth.h"

#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

/* --- plain: arguments and results in every kind of register, and in memory ------------------ */

struct big {
	long words[9];
};

TRACED double mixes(int a, double b, long c, float d, short e, long double f, long g, long h,
		    double i, long j, long k)
{
	double sum;

	ENTERS(mixes);
	sum = a + 2 * b + 3 * (double)c + 4 * d + 5 * e + 6 * (double)f + 7 * (double)g +
	      8 * (double)h + 9 * i + 10 * (double)j + 11 * (double)k;
	ENDS(mixes, RETURNED);
	return sum;
}

TRACED struct big makes(struct big from, int n)
{
	ENTERS(makes);
	for (int i = 0; i < 9; i++)
		from.words[i] += i * n;
	ENDS(makes, RETURNED);
	return from;
}

/* Only .symtab knows it. */
static __attribute__((noipa)) int hidden(int a)
{
	ENTERS(hidden);
	if (a % 3 == 0) {
		ENDS(hidden, RETURNED);
		return a * 7;
	}
	for (int i = 0; i < a % 5; i++)
		a ^= i << 3;
	ENDS(hidden, RETURNED);
	return a;
}

TRACED int outer(int round)
{
	struct big big = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };

	ENTERS(outer);
	for (int i = 0; i < 30; i++) {
		mix(leaf(i));
		mix(hidden(i));
		mix((long)mixes(i, 0.5, i * 3, 1.5f, 2, 2.5L, 6, 7, 8.5, 9, 10));
		big = makes(big, i);
		mix(big.words[8]);
		if (i == 15)
			gate_inside(round);
	}
	ENDS(outer, RETURNED);
	return round;
}

static void run_plain(int round)
{
	mix(outer(round));
	sleep_once();
}

/* --- tail calls ----------------------------------------------------------------------------- */

static int current_round;

TRACED long back(long x)
{
	ENTERS(back);
	if (x == 3)
		gate_inside(current_round);
	ENDS(back, RETURNED);
	return x * 3;
}

TRACED long front(long x)
{
	ENTERS(front);
	ENDS(front, RETURNED);
	return back(x + 1);
}

static void run_tail(int round)
{
	current_round = round;
	for (int i = 0; i < 10; i++)
		mix(front(i));
	sleep_once();
}

TRACED long pong(long steps);

TRACED long ping(long steps)
{
	ENTERS(ping);
	if (steps == 7)
		gate_inside(current_round);
	ENDS(ping, RETURNED);
	return steps ? pong(steps - 1) : 11;
}

TRACED long pong(long steps)
{
	ENTERS(pong);
	ENDS(pong, RETURNED);
	return steps ? ping(steps - 1) : 12;
}

static void run_mutual(int round)
{
	current_round = round;
	for (int i = 0; i < 40; i++)
		mix(ping(i));
	sleep_once();
}

/* More jumps than the kernel has room for replaced return addresses. */
static void run_chain(int round)
{
	current_round = round;
	mix(ping(1000));
	mix(ping(1001));
}

TRACED long descend(long levels)
{
	long below;

	ENTERS(descend);
	if (levels > 1) {
		below = descend(levels - 1);
	} else {
		gate_inside(current_round);
		below = 0;
	}
	ENDS(descend, RETURNED);
	return below + levels % 7;
}

static void run_deep(int round)
{
	current_round = round;
	mix(descend(round == 1 ? 10000 : 1000));
}

/* --- processes ------------------------------------------------------------------------------ */

/* Returns in both processes. */
TRACED pid_t forks(int round)
{
	pid_t pid;

	ENTERS(forks);
	gate_inside(round);
	pid = fork();
	ENDS(forks, pid ? RETURNED : UNMATCHED);
	return pid;
}

static void run_fork(int round)
{
	pid_t pid;
	int status;

	for (int i = 0; i < 3; i++) {
		pid = forks(round);
		if (!pid) {
			call_leaf(4);
			_exit(leaf(16));
		}
		waitpid(pid, &status, 0);
		mix(WEXITSTATUS(status));
		call_leaf(4);
	}
	sleep_once();
}

/* The child runs on the parent's stack and ends there. */
TRACED int vforks(int round)
{
	volatile int status;
	pid_t pid;

	ENTERS(vforks);
	gate_inside(round);
	pid = vfork();
	if (!pid)
		_exit(leaf(20));
	waitpid(pid, (int *)&status, 0);
	ENDS(vforks, RETURNED);
	return WEXITSTATUS(status);
}

/* The child becomes another program. */
TRACED int spawns(void)
{
	char *const arguments[] = { (char *)"false", NULL }, *const nothing[] = { NULL };
	int status = 0;
	pid_t pid;

	ENTERS(spawns);
	if (posix_spawn(&pid, "/bin/false", NULL, NULL, arguments, nothing))
		abort();
	waitpid(pid, &status, 0);
	ENDS(spawns, RETURNED);
	return WEXITSTATUS(status);
}

static void run_vfork(int round)
{
	for (int i = 0; i < 3; i++) {
		mix(vforks(round));
		mix(spawns());
		call_leaf(2);
	}
	sleep_once();
}

TRACED int execs(int round)
{
	char next[2] = { (char)('0' + round + 1) };

	ENTERS(execs);
	gate_inside(round);
	ENDS(execs, EXEC);
	say("round %d goes on in a new program, checksum %lx\n", round, checksum);
	tell_counts();
	execl("/proc/self/exe", "survive_plain", "exec", next, NULL);
	return round;
}

static void run_exec(int round)
{
	call_leaf(5);
	sleep_once();
	if (round + 1 < ROUNDS)
		execs(round);
}

/* --- signals -------------------------------------------------------------------------------- */

static void handle(int signal, void (*handler)(int))
{
	struct sigaction action = {};

	action.sa_handler = handler;
	sigaction(signal, &action, NULL);
}

static char *page;

static void on_fault(int number)
{
	mix(leaf(number));
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

/* Faults; the handler makes the page accessible, and it goes on. */
TRACED int faults(int round)
{
	ENTERS(faults);
	gate_inside(round);
	*page += 3;
	ENDS(faults, RETURNED);
	return *page;
}

static void run_segv(int round)
{
	handle(SIGSEGV, on_fault);
	for (int i = 0; i < 5; i++) {
		page = (char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mix(faults(round));
		munmap(page, 4096);
	}
	sleep_once();
}

/* The handler calls the function that it interrupts: at a known place, */
TRACED int raises(int number)
{
	ENTERS(raises);
	if (number)
		kill(getpid(), number);
	else
		gate_inside(current_round);
	ENDS(raises, RETURNED);
	return number + 1;
}

static void on_raise(int number)
{
	(void)number;
	mix(raises(0));
}

/* and at any instruction. */
static volatile int alarms;

TRACED long busy(long n)
{
	ENTERS(busy);
	for (volatile long i = 0; i < n; i++)
		;
	ENDS(busy, RETURNED);
	return n;
}

static void on_alarm(int number)
{
	(void)number;
	busy(10);
	alarms++;
}

static void run_handler(int round)
{
	const struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {};

	current_round = round;
	handle(SIGUSR1, on_raise);
	for (int i = 0; i < 10; i++)
		mix(raises(SIGUSR1));
	handle(SIGALRM, on_alarm);
	alarms = 0;
	setitimer(ITIMER_REAL, &often, NULL);
	while (alarms < 50)
		busy(1000);
	setitimer(ITIMER_REAL, &never, NULL);
	sleep_once();
}

/* --- the end -------------------------------------------------------------------------------- */

TRACED void dies(int signal)
{
	ENTERS(dies);
	ENDS(dies, KILLED);
	say("checksum %lx\n", checksum);
	tell_counts();
	kill(getpid(), signal);
	for (;;)
		pause();
}

static void run_killed(int round)
{
	const struct rlimit no_core = {};

	setrlimit(RLIMIT_CORE, &no_core);
	mix(outer(round));
	sleep_once();
	if (round + 1 == ROUNDS)
		dies(SIGSEGV);
}

/* From here on, only read, write, exit and sigreturn are allowed; the clock may need another. */
static void run_seccomp(int round)
{
	if (!round && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		abort();
	mix(outer(round));
	for (int i = 0; i < 10; i++)
		mix(front(i));
	mix(descend(20));
	if (round + 1 == ROUNDS) {
		say("checksum %lx\n", checksum);
		tell_counts();
		syscall(SYS_exit, 5);
	}
}

static const struct scenario scenarios[] = {
	{ "plain", run_plain },
	{ "tail", run_tail },
	{ "mutual", run_mutual },
	{ "chain", run_chain },
	{ "deep", run_deep },
	{ "fork", run_fork },
	{ "vfork", run_vfork },
	{ "exec", run_exec },
	{ "segv", run_segv },
	{ "handler", run_handler },
	{ "killed", run_killed },
	{ "seccomp", run_seccomp },
	{},
};

int main(int argc, char **argv)
{
	return run_scenario(scenarios, argc, argv);
}
