"""Makes `.venv` from the locked requirements. Standard library only.

`python3 deploy/local/bootstrap.py [--dev]`. Runs on any Python from 3.6, so that one that is too old, too new or not
whole gets a clear sentence instead of a traceback; hence the plain syntax. Exit code 0: `.venv` is ready. 1: one
sentence on standard error says why not. A warm start reads one stamp and returns.
"""

import argparse
import ctypes
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple  # noqa: F401 - used in type comments

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "bootstrap.json"
LOG = VENV / "bootstrap.log"
REQUIREMENTS = ROOT / "deploy" / "requirements"
OLDEST, NEWEST = (3, 11), (3, 13)
# Envoy's wheel asks for it.
OLDEST_GLIBC = (2, 31)
# Relative to site-packages, so that the folder of the project can be moved.
PATHS = "../../../..\n../../../../protos/gen/python\n"
TAIL_LINES = 15

# What pip says, and the sentence for it. The first that is found wins.
PIP_FAILURES = (
    ("DO NOT MATCH THE HASHES", "HASH"),
    ("No space left on device", "DISK"),
    ("NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Network is unreachable", "NETWORK"),
    ("Temporary failure in name resolution|Connection refused|Connection reset|RemoteDisconnected", "NETWORK"),
    ("SSLError|CERTIFICATE_VERIFY_FAILED", "TLS"),
    ("from versions: none", "NETWORK"),
    ("No matching distribution found", "MISSING"),
)

# Sentences, Chinese and English; the language follows the locale.
TEXTS = {
    "PYTHON": (
        "需要 Python 3.11 至 3.13，而 {path} 是 {found}；请安装其中之一后重试，或用 make PYTHON=<路径> 指定。",
        "Python 3.11 to 3.13 is needed, and {path} is {found}: install one of them and try again, or name it with "
        "make PYTHON=<path>.",
    ),
    "PLATFORM": (
        "本机栈需要 Linux x86_64，而这里是 {found}；请改用这样的机器、虚拟机或容器。",
        "The stack runs on Linux x86_64, and this is {found}: use such a machine, a virtual machine or a container.",
    ),
    "LIBC": (
        "需要 glibc 2.31 或更新版本，而这里是 {found}；请改用较新的发行版。",
        "glibc 2.31 or newer is needed, and this is {found}: use a newer distribution.",
    ),
    "VENV": (
        "{path} 缺少模块 {module}，无法创建虚拟环境；请安装发行版的 python{version}-venv 软件包后重试。",
        "{path} lacks the module {module} and cannot make a virtual environment: install your distribution's package "
        "python{version}-venv and try again.",
    ),
    "VENV_FAILED": ("无法在 {path} 创建虚拟环境。", "No virtual environment could be made in {path}."),
    "NETWORK": (
        "首次运行需要下载软件包，而网络不通；请检查网络或代理设置后重试，已下载的部分会保留。",
        "The first run downloads packages, and the network cannot be reached: check it or your proxy settings and "
        "try again; what was downloaded is kept.",
    ),
    "TLS": (
        "软件包来源的 TLS 证书无法验证；请检查系统时间与受信任的根证书（PIP_CERT）后重试。",
        "The package source's TLS certificate cannot be verified: check the clock and the trusted roots (PIP_CERT) "
        "and try again.",
    ),
    "HASH": (
        "下载的软件包与锁定的哈希值不符，未安装；可能是网络或镜像改动了内容，请换一个来源后重试。",
        "A downloaded package does not match its locked hash and was not installed: the network or a mirror changed "
        "it; try again with another source.",
    ),
    "MISSING": (
        "软件包来源缺少某个锁定的版本；镜像可能落后，请换一个来源后重试。",
        "The package source lacks a locked version: a mirror may be behind; try again with another source.",
    ),
    "DISK": ("磁盘空间不足；约需 1 GB，请清理后重试。", "The disk is full: about 1 GB is needed; make room and retry."),
    "WRITE": ("无法写入 {path}：{found}。", "{path} cannot be written: {found}."),
    "PIP": ("安装软件包失败，见 {path}。", "The packages could not be installed; see {path}."),
    "STOPPED": ("已中断；再次运行会接着做。", "Stopped; run it again to go on."),
}


class Stop(Exception):
    """The environment cannot be made. `key` names the sentence, `tail` is shown before it."""

    def __init__(self, key, tail=(), **params):  # type: (str, Tuple[str, ...], str) -> None
        super().__init__(key)
        self.tail = tail
        self.sentence = TEXTS[key][0 if speaks_chinese() else 1].format(**params)


class Step:
    """One line of progress: what is done, and the seconds it took. On a terminal it counts while it runs."""

    def __init__(self, name):  # type: (str) -> None
        self.name = name
        self.began = time.monotonic()
        self.live = sys.stdout.isatty()

    def show(self, note):  # type: (str) -> None
        if self.live:
            room = shutil.get_terminal_size().columns - 1
            text = "  {} {:5.1f} s  {}".format(self.name, time.monotonic() - self.began, note)
            sys.stdout.write("\r\x1b[K" + text[:room])
            sys.stdout.flush()

    def end(self, note=""):  # type: (str) -> None
        start = "\r\x1b[K" if self.live else ""
        seconds = time.monotonic() - self.began
        sys.stdout.write("{}  {:<28} {:5.1f} s  {}".format(start, self.name, seconds, note).rstrip() + "\n")
        sys.stdout.flush()


def speaks_chinese():  # type: () -> bool
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return locale.lower().startswith("zh")


def check_machine():  # type: () -> None
    """Refuses what the locked packages cannot run on, before anything is written."""
    system, machine = platform.system(), platform.machine()
    if (system, machine) != ("Linux", "x86_64") or sys.maxsize < 2**32:
        raise Stop("PLATFORM", found="{} {}".format(system, machine))
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise Stop("PYTHON", path=sys.executable, found=platform.python_version())
    glibc = glibc_version()
    if glibc is None or glibc < OLDEST_GLIBC:
        found = "glibc {}.{}".format(*glibc) if glibc else "another C library"
        raise Stop("LIBC", found=found)


def glibc_version():  # type: () -> Optional[Tuple[int, int]]
    try:
        version = ctypes.CDLL(None).gnu_get_libc_version
    except (AttributeError, OSError):
        return None
    version.restype = ctypes.c_char_p
    major, minor = version().decode("ascii").split(".")[:2]
    return int(major), int(minor)


def locked(dev):  # type: (bool) -> Dict[str, str]
    """SHA-256 of each locked file that is asked for, by name."""
    names = ["runtime", "dev"] if dev else ["runtime"]
    return {name: hashlib.sha256((REQUIREMENTS / (name + ".txt")).read_bytes()).hexdigest() for name in names}


def stamped():  # type: () -> Dict[str, str]
    """What `.venv` was last made from; empty if it is not whole."""
    if not os.access(str(PYTHON), os.X_OK):
        return {}
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def covers(stamp, wanted):  # type: (Dict[str, str], Dict[str, str]) -> bool
    return all(stamp.get(name) == digest for name, digest in wanted.items())


def make_venv():  # type: () -> None
    """A virtual environment that runs and has pip. One that does is kept: an interrupted installation goes on."""
    if running_inside() or (works(["-c", "import pip"]) and works(["-c", range_check()])):
        return
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            version = "{}.{}".format(*sys.version_info[:2])
            raise Stop("VENV", path=sys.executable, module=module, version=version) from None
    step = Step("virtual environment")
    step.show("")
    shutil.rmtree(str(VENV), ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if made.returncode != 0:
        lines = made.stdout.decode("utf-8", "replace").splitlines()
        raise Stop("VENV_FAILED", tuple(lines[-TAIL_LINES:]), path=str(VENV))
    step.end("Python " + platform.python_version())


def running_inside():  # type: () -> bool
    return Path(sys.prefix).resolve() == VENV.resolve()


def range_check():  # type: () -> str
    return "import sys; sys.exit(not {} <= sys.version_info[:2] <= {})".format(OLDEST, NEWEST)


def works(arguments):  # type: (List[str]) -> bool
    try:
        ran = subprocess.run(
            [str(PYTHON)] + arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return False
    return ran.returncode == 0


def install(names):  # type: (List[str]) -> None
    """Installs the locked files by hash; everything pip says goes to the log."""
    files = [REQUIREMENTS / (name + ".txt") for name in names]
    total = len({pin for file in files for pin in re.findall(r"^([\w.-]+)==", file.read_text("utf-8"), re.M)})
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    for file in files:
        command += ["-r", str(file)]
    step = Step("packages ({})".format(", ".join(names)))
    step.show("")
    code, lines = run_pip(command, step, total)
    if code != 0:
        said = "\n".join(lines)
        key = next((key for pattern, key in PIP_FAILURES if re.search(pattern, said)), "PIP")
        raise Stop(key, tuple(lines[-TAIL_LINES:]), path=str(LOG))
    step.end("{} packages, checked by hash".format(total))


def run_pip(command, step, total):  # type: (List[str], Step, int) -> Tuple[int, List[str]]
    """Runs pip to its end, counting packages. Returns its exit code and what it said."""
    lines = []  # type: List[str]
    done = 0
    # A session of its own would survive Ctrl-C; in ours, pip ends with us.
    with LOG.open("w", encoding="utf-8") as log:
        pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=str(ROOT))
        try:
            assert pip.stdout is not None
            for raw in pip.stdout:
                line = raw.decode("utf-8", "replace").rstrip()
                log.write(line + "\n")
                log.flush()
                lines.append(line)
                done += line.startswith(("Collecting ", "Requirement already satisfied"))
                name = line.split()[1].split("==")[0] if line.startswith("Collecting ") else ""
                step.show("{}/{} {}".format(done, total, name or line.strip()[:40]))
        except BaseException:
            pip.terminate()
            pip.wait()
            raise
        return pip.wait(), lines


def write_paths():  # type: () -> None
    """Puts the project and the generated stubs on the environment's path."""
    for site in VENV.glob("lib/python3.*/site-packages"):
        (site / "project.pth").write_text(PATHS, encoding="utf-8")


def bootstrap(dev):  # type: (bool) -> None
    wanted = locked(dev)
    if covers(stamped(), wanted):
        return
    check_machine()
    # Two runs side by side: the second waits, then finds the stamp.
    lock = os.open(str(REQUIREMENTS), os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    stamp = stamped()
    if covers(stamp, wanted):
        return
    wanted = locked(dev or "dev" in stamp)
    try:
        make_venv()
        install(sorted(wanted, reverse=True))
        write_paths()
        STAMP.write_text(json.dumps(wanted), encoding="utf-8")
    except OSError as error:
        raise Stop("WRITE", path=str(VENV), found=error.strerror or type(error).__name__) from error


def main():  # type: () -> int
    options = argparse.ArgumentParser(description="Makes .venv from the locked requirements.")
    options.add_argument("--dev", action="store_true", help="also what checks and tests need")
    try:
        bootstrap(options.parse_args().dev)
    except Stop as stop:
        for line in stop.tail:
            sys.stderr.write("    " + line + "\n")
        sys.stderr.write(stop.sentence + "\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n" + TEXTS["STOPPED"][0 if speaks_chinese() else 1] + "\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
