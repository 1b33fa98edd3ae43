// SPDX-License-Identifier: BSD-2-Clause
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/child.h"

/* The child must not return from the test, and not assert. */
pid_t child_idle(void)
{
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test fail */
	while (child == 0)
		pause();
	return child;
}

void child_kill(pid_t child)
{
	int status;

	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
}

int child_status(pid_t child)
{
	int status;

	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "%x", (unsigned int)status);
	return WEXITSTATUS(status);
}
