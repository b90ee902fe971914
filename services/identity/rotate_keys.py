"""Exchange the key that tokens are signed with: `python -m services.identity.rotate_keys [--force]`.

Works on the folder IDENTITY_KEYS; running replicas pick it up within a second. `--force` is for a stolen key: tokens
that it signed are refused as soon as verifiers renew their key set, and members get new ones.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from services.identity.keys import KeyRing, KeysError, rotate
from services.kernel.clock import SystemClock


def main(arguments: list[str]) -> int:
    """Rotate; 0 when done, 1 when it is too early or the keys are damaged, 2 when the command line is wrong."""
    folder = os.environ.get("IDENTITY_KEYS", "")
    if not folder or arguments not in ([], ["--force"]):
        sys.stderr.write("usage: IDENTITY_KEYS=<folder> python -m services.identity.rotate_keys [--force]\n")
        return 2
    try:
        KeyRing(Path(folder))
        keys = rotate(Path(folder), SystemClock().now(), force=bool(arguments))
    except KeysError as error:
        sys.stderr.write(f"rotate_keys: {error}\n")
        return 1
    for key in keys:
        sys.stdout.write(f"{key.state:8} {key.kid}  since {key.since.isoformat(timespec='seconds')}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
