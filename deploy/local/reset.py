"""`make reset`: forgets the state of `make run`; what was fetched stays.

python -m deploy.local.reset [--cache]
"""

from __future__ import annotations

import argparse
import sys

from deploy.local.errors import StackError
from deploy.local.places import Places, forget
from deploy.local.stack import Stack
from deploy.local.stackfile import run_folder


def main() -> int:
    """The command. 1 with one sentence while the stack runs."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.reset", description="Forget the state of `make run`.")
    parser.add_argument("--cache", action="store_true", help="what was fetched as well")
    asked = parser.parse_args()
    try:
        Stack(run_folder()).forget()
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    if asked.cache:
        forget(Places.of(run_folder()).cache)
    print(f"{run_folder()} is empty" + ("" if asked.cache else " but for what was fetched"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
