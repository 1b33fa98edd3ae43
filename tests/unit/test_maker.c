// SPDX-License-Identifier: BSD-2-Clause
/* Whose is what a process made, once that has ended? */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/maker.h"

/* A process that made something. Return: it, as it says of itself. */
static struct maker make(int *say)
{
	struct maker maker;
	int to[2], from[2];

	cr_assert_eq(pipe(to), 0);
	cr_assert_eq(pipe(from), 0);
	if (!fork()) {
		close(to[1]);
		maker = maker_self();
		if (write(from[1], &maker, sizeof(maker)) == sizeof(maker))
			while (read(to[0], &maker, 1) > 0)
				;
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	cr_assert_eq(read(from[0], &maker, sizeof(maker)), (ssize_t)sizeof(maker));
	close(from[0]);
	*say = to[1];
	return maker;
}

/* A process that ended and that nobody has waited for has ended; without a stdin its descriptor is 0. */
Test(maker, what_it_made_is_ours_once_it_has_ended)
{
	struct maker self = maker_self(), other;
	siginfo_t info;
	int say;

	cr_assert(maker_is_us(&self));
	for (int has_stdin = 1; has_stdin >= 0; has_stdin--) {
		other = make(&say);
		if (!has_stdin)
			close(STDIN_FILENO);
		cr_assert(!maker_is_us(&other), "it lives");
		close(say);
		cr_assert_eq(waitid(P_PID, (id_t)other.pid, &info, WEXITED | WNOWAIT), 0);
		cr_assert(maker_is_us(&other), "nobody has waited for it");
		cr_assert_eq(waitpid(other.pid, NULL, 0), other.pid);
		cr_assert(maker_is_us(&other), "it is gone");
		other.pid_namespace++;
		cr_assert(!maker_is_us(&other), "who knows what lives there?");
	}
}
