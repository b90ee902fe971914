"""Builds what is generated from the contract: Python stubs and the descriptor set.

`python protos/build.py` rebuilds `protos/gen/` in place; `--out FOLDER` builds somewhere else, for `make check` to
compare. The same contract gives the same bytes: protoc comes from the locked requirements, files go in sorted.
"""

import argparse
import shutil
import sys
from importlib import metadata, resources
from pathlib import Path

from grpc_tools import protoc

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS / "gen"
# Every file of the contract and of what it imports, with comments: for the gateway, reflection, lint and breaking.
DESCRIPTOR_SET = "contract.binpb"


def sources() -> list[str]:
    """The contract's files, relative to `protos/`, sorted."""
    return sorted(str(file.relative_to(PROTOS)) for file in PROTOS.glob("egov/**/*.proto"))


def include_folders() -> list[str]:
    """Where imports are found: the contract, `google/api` as its wheel ships it, `google/protobuf` as protoc does."""
    wheel = metadata.distribution("googleapis-common-protos")
    google_api = Path(str(wheel.locate_file(""))).resolve()
    google_protobuf = resources.files("grpc_tools") / "_proto"
    return [str(PROTOS), str(google_api), str(google_protobuf)]


def build(out: Path) -> None:
    """Builds stubs and descriptor set below `out`, and removes what is no longer generated."""
    stubs = out / "python"
    shutil.rmtree(stubs, ignore_errors=True)
    stubs.mkdir(parents=True)
    arguments = [f"-I{folder}" for folder in include_folders()]
    arguments += [f"--python_out={stubs}", f"--grpc_python_out={stubs}"]
    # mypy-protobuf types options and enums, which protoc's own stub files do not.
    plugin = Path(sys.executable).parent / "protoc-gen-mypy"
    arguments += [f"--plugin=protoc-gen-mypy={plugin}", f"--mypy_out=quiet:{stubs}"]
    arguments += ["--include_imports", "--include_source_info", f"--descriptor_set_out={out / DESCRIPTOR_SET}"]
    code = protoc.main(["protoc", *arguments, *sources()])
    if code != 0:
        sys.exit(code)


def main() -> None:
    """Builds as the command line says."""
    options = argparse.ArgumentParser(description="Builds stubs and descriptor set from the contract.")
    options.add_argument("--out", type=Path, default=GENERATED, help="folder to build in; protos/gen by default")
    build(options.parse_args().out)


if __name__ == "__main__":
    main()
