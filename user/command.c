/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct command {
	const char *name; /* argv[0], borrowed */
	pid_t pid;
	int hold_fd;   /* a byte written here releases the child; closing it ends the child */
	int result_fd; /* the child's errno if exec failed, end of file if it did not */
	int status;
	bool released;
	bool ended;
};

/* In the child: nothing but async-signal-safe calls, for the sake of threads there may be. */
static _Noreturn void child(char *const argv[], int hold_fd, int result_fd)
{
	char go;
	int err;

	if (read(hold_fd, &go, 1) != 1)
		_exit(COMMAND_STATUS_FAILED);
	execvp(argv[0], argv);
	err = errno;
	if (write(result_fd, &err, sizeof(err)) < 0)
		_exit(COMMAND_STATUS_FAILED);
	_exit(err == ENOENT ? COMMAND_STATUS_NOT_FOUND : COMMAND_STATUS_NOT_EXECUTABLE);
}

int command__start(char *const argv[], struct command **ret_command, struct fault *why)
{
	struct command *command = calloc(1, sizeof(*command));
	int hold[2] = { -1, -1 };
	int result[2] = { -1, -1 };
	int err;

	if (!command)
		return fault__set(why, -ENOMEM, "no memory");
	if (pipe2(hold, O_CLOEXEC) || pipe2(result, O_CLOEXEC))
		goto fail;
	command->pid = fork();
	if (command->pid < 0)
		goto fail;
	if (!command->pid) {
		/* the write end must go, or the recorder's death would not be seen */
		close(hold[1]);
		child(argv, hold[0], result[1]);
	}
	close(hold[0]);
	close(result[1]);
	command->name = argv[0];
	command->hold_fd = hold[1];
	command->result_fd = result[0];
	*ret_command = command;
	return 0;
fail:
	err = fault__set(why, -errno, "%s: cannot be started: %s", argv[0], strerror(errno));
	for (int i = 0; i < 2; i++) {
		if (hold[i] >= 0)
			close(hold[i]);
		if (result[i] >= 0)
			close(result[i]);
	}
	free(command);
	return err;
}

pid_t command__pid(const struct command *command)
{
	return command->pid;
}

int command__release(struct command *command, struct fault *why)
{
	int exec_errno;
	ssize_t got;

	command->released = true;
	if (write(command->hold_fd, "", 1) != 1)
		return fault__set(why, -errno, "%s: cannot be started: %s", command->name,
				  strerror(errno));
	do {
		got = read(command->result_fd, &exec_errno, sizeof(exec_errno));
	} while (got < 0 && errno == EINTR);
	if (got == sizeof(exec_errno))
		return fault__set(why, -exec_errno, "%s: %s", command->name, strerror(exec_errno));
	return 0;
}

bool command__ended(struct command *command, int *ret_status)
{
	int status;

	if (!command->ended) {
		if (waitpid(command->pid, &status, WNOHANG) != command->pid)
			return false;
		command->ended = true;
		command->status =
			WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	*ret_status = command->status;
	return true;
}

void command__signal(const struct command *command, int signal)
{
	if (!command->ended)
		kill(command->pid, signal);
}

void command__free(struct command *command)
{
	if (!command)
		return;
	close(command->hold_fd);
	close(command->result_fd);
	if (!command->released && !command->ended)
		waitpid(command->pid, NULL, 0);
	free(command);
}
