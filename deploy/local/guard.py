"""Becomes another program that ends when its parent does.

    guard.py PARENT SIGNAL UID GID PROGRAM [ARGUMENT ...]

PARENT is the process id that started it, SIGNAL what to get when that process ends; UID and GID are the account to
run as, -1 for our own. It is run as a file, with the standard library only: it is the whole start-up of every part.
The account is changed here and not by the caller, since changing it forgets the signal, and since the account may not
be able to enter the folder of the Python interpreter.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Take the account, tie the life to the parent's, become the program."""
    parent, signal, uid, gid = (int(argument) for argument in sys.argv[1:5])
    libc = ctypes.CDLL(None, use_errno=True)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if libc.prctl(PR_SET_PDEATHSIG, signal) != 0:
        sys.exit("prctl: the life of this process cannot be tied to its parent's")
    # The parent may have ended before the line above.
    if os.getppid() != parent:
        sys.exit("the parent has ended")
    os.execvp(sys.argv[5], sys.argv[5:])


main()
