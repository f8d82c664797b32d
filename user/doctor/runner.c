/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "runner.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../clock.h"
#include "targets.h"

#define ANSWER_TIMEOUT_MS 5000

struct order {
	uint64_t target;
	uint64_t budget_ns;
};

/* --- the child ------------------------------------------------------------------------------ */

#if defined(__x86_64__)
#define OWN_AUDIT_ARCH AUDIT_ARCH_X86_64
#else
#define OWN_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#define ALLOW(number)                                                                              \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Everything that the child does from here on, and nothing that a probe might do in its name. */
static int install_filter(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_AUDIT_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_read),
		ALLOW(SYS_write),
		ALLOW(SYS_clock_gettime), /* where the vDSO cannot read the clock */
		ALLOW(SYS_rt_sigreturn),
		ALLOW(SYS_restart_syscall),
		ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

static struct runner_result call_target(const struct order *order)
{
	void (*call)(void) = doctor_targets[order->target].call;
	struct runner_result result = {};
	uint64_t start = clock_monotonic_ns();

	do {
		for (int i = 0; i < RUNNER_BATCH; i++)
			call();
		result.calls += RUNNER_BATCH;
		result.ns = clock_monotonic_ns() - start;
	} while (result.ns < order->budget_ns);
	return result;
}

/* What a probe may do to a process is to end it, not to run some handler of the parent's. */
static void die_of_faults(void)
{
	static const int faults[] = { SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGSYS, SIGFPE };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], SIG_DFL);
}

/* Leaves nothing of the parent's to run or to flush, and makes no other system call: exit handlers
 * and sanitizers may make some that a filter forbids. */
static void leave(int status)
{
	while (true)
		syscall(SYS_exit_group, status);
}

/* Says first how it went, with an int. */
static void child(int fd, pid_t parent, bool filtered)
{
	struct runner_result result;
	struct order order;
	int err = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		leave(1); /* it died before that */
	die_of_faults();
	if (filtered)
		err = install_filter();
	if (write(fd, &err, sizeof(err)) != sizeof(err) || err)
		leave(1);
	while (read(fd, &order, sizeof(order)) == sizeof(order)) {
		if (order.target >= doctor_target_cnt)
			leave(1);
		result = call_target(&order);
		if (write(fd, &result, sizeof(result)) != sizeof(result))
			leave(1);
	}
	leave(0);
}

/* --- the parent ----------------------------------------------------------------------------- */

/* -ECHILD when the child has closed its end: by dying. */
static int receive(const struct runner *runner, void *answer, size_t sz)
{
	struct pollfd poll_fd = { .fd = runner->fd, .events = POLLIN };
	ssize_t got;
	int ready;

	do {
		ready = poll(&poll_fd, 1, ANSWER_TIMEOUT_MS);
	} while (ready < 0 && errno == EINTR);
	if (!ready)
		return -ETIMEDOUT;
	got = ready < 0 ? -1 : recv(runner->fd, answer, sz, MSG_DONTWAIT);
	if (got < 0 && errno != ECONNRESET)
		return -errno;
	return got == (ssize_t)sz ? 0 : -ECHILD;
}

int runner__start(bool filtered, struct runner *ret_runner)
{
	struct runner runner;
	pid_t parent = getpid();
	int pair[2];
	int answer;
	int err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	runner.pid = fork();
	err = -errno;
	if (!runner.pid) {
		close(pair[0]);
		child(pair[1], parent, filtered);
	}
	close(pair[1]);
	if (runner.pid < 0) {
		close(pair[0]);
		return err;
	}
	runner.fd = pair[0];
	err = receive(&runner, &answer, sizeof(answer));
	if (!err && answer)
		err = -EOPNOTSUPP;
	if (err) {
		runner__stop(&runner);
		return err;
	}
	*ret_runner = runner;
	return 0;
}

int runner__run(struct runner *runner, size_t target, uint64_t budget_ns,
		struct runner_result *ret_result)
{
	struct order order = { .target = target, .budget_ns = budget_ns };
	int err;

	if (send(runner->fd, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
		return errno == EPIPE || errno == ECONNRESET ? -ECHILD : -errno;
	err = receive(runner, ret_result, sizeof(*ret_result));
	if (err == -ETIMEDOUT)
		kill(runner->pid, SIGKILL);
	return err;
}

int runner__stop(struct runner *runner)
{
	struct pollfd poll_fd = { .fd = runner->fd };
	int status = 0;

	/* It reads the end of its orders, and its end of the connection closes when it is gone. */
	shutdown(runner->fd, SHUT_WR);
	if (poll(&poll_fd, 1, ANSWER_TIMEOUT_MS) != 1)
		kill(runner->pid, SIGKILL);
	close(runner->fd);
	while (waitpid(runner->pid, &status, 0) < 0 && errno == EINTR)
		;
	*runner = (struct runner) { .fd = -1 };
	return status;
}
