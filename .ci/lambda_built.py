"""Whether a directory holds every function of the workspace, as a program for a processor.

Usage: lambda_built.py x86-64|arm64 DIRECTORY
"""

import pathlib
import struct
import sys

# ELF's numbers of processors.
MACHINES = {"x86-64": 62, "arm64": 183}


def machine(program: pathlib.Path) -> int:
    """What an ELF file says that it runs on."""
    with program.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF":
        sys.exit(f"{program} is no program")
    return struct.unpack_from("<H", head, 18)[0]


def main() -> None:
    processor, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    expected = {source.stem for source in pathlib.Path("functions/src/bin").glob("*.rs")}
    built = {program.parent.name: program for program in directory.glob("*/bootstrap")}
    if set(built) != expected:
        sys.exit(f"missing {expected - set(built)}, spare {set(built) - expected}")
    for name, program in built.items():
        if machine(program) != MACHINES[processor]:
            sys.exit(f"{name} is not for {processor}")
    sizes = sorted(program.stat().st_size / 1024 / 1024 for program in built.values())
    middle = sizes[len(sizes) // 2]
    print(
        f"{len(built)} functions for {processor}: "
        f"{sizes[0]:.1f} to {sizes[-1]:.1f} MiB, {middle:.1f} in the middle"
    )


main()
