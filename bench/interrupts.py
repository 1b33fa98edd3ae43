# SPDX-License-Identifier: BSD-2-Clause
"""Ctrl-C, SIGTERM and SIGHUP raise Interrupted, once: taking away what was made is not disturbed by a second one. In
between the start of a process and its entry in a list of those to be ended they wait, see held()."""
import contextlib
import signal

# What is ignored from the start stays so: that of a terminal that goes, under nohup.
NUMBERS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
                if signal.getsignal(number) != signal.SIG_IGN)


class Interrupted(Exception):
    pass


class _State:
    is_held = has_come = is_over = False


def _raise():
    if _State.has_come and not _State.is_held and not _State.is_over:
        _State.is_over = True
        raise Interrupted


def _come(_number, _frame):
    _State.has_come = True
    _raise()


def install():
    _State.is_held = _State.has_come = _State.is_over = False
    for number in NUMBERS:
        signal.signal(number, _come)


@contextlib.contextmanager
def held():
    _State.is_held = True
    try:
        yield
    finally:
        _State.is_held = False
        _raise()


def end():
    """From here on none, also not to what is started."""
    _State.is_over = True
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)
