# SPDX-License-Identifier: Apache-2.0
"""The file system that a kernel boots into: busybox, the binaries under test with their libraries, a few tools, and
those modules of the kernel that the tests' networks need."""
import pathlib
import re
import shutil
import subprocess

from packages import Kernel, Refusal, output_of

# dash, since the shell of busybox takes its own ip before all others.
TOOLS = ("/bin/dash", "/bin/ip", "/usr/sbin/nft", "/bin/kmod")
# Modules by their name, and all that those need: pairs of interfaces, and rules that drop packets.
MODULES = ("veth", "nf_tables", "nft_numgen", "nft_limit", "nft_ct", "nft_counter", "nft_reject_inet", "nft_compat")
HERE = pathlib.Path(__file__).resolve().parent


def libraries_of(binary: pathlib.Path) -> set[pathlib.Path]:
    said = output_of(["ldd", str(binary)], f"{binary} has no list of libraries")
    if "not found" in said:
        raise Refusal(f"{binary}: a library is missing: {said}")
    return {pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", said)}


def put(source: pathlib.Path, root: pathlib.Path, target: str) -> None:
    place = root / target.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, place)


def pack(root: pathlib.Path, archive: pathlib.Path) -> None:
    files = subprocess.run(["find", ".", "-print0"], cwd=root, check=True, capture_output=True).stdout
    with archive.open("wb") as out:
        done = subprocess.run(["cpio", "-0", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root, input=files,
                              stdout=out, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Refusal(f"cpio could not pack {root}: {done.stderr.decode()}")


def userland(work: pathlib.Path, binaries: list[pathlib.Path], files: dict[str, str]) -> pathlib.Path:
    """The same for every kernel: an archive with `binaries` in /bin and the texts of `files`."""
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    for directory in ("bin", "dev", "proc", "sys", "tmp", "run", "etc", "var"):
        (root / directory).mkdir(parents=True)
    (root / "sbin").symlink_to("bin")
    (root / "var/run").symlink_to("../run")
    busybox = shutil.which("busybox")
    if busybox is None:
        raise Refusal("busybox is missing: apt-get install busybox-static")
    put(pathlib.Path(busybox), root, "/bin/busybox")
    needed = set()
    for binary in [*binaries, *map(pathlib.Path, TOOLS)]:
        put(binary.resolve(), root, f"/bin/{binary.name}")
        needed |= libraries_of(binary)
    for binary in binaries:
        subprocess.run(["strip", str(root / "bin" / binary.name)], check=True)
    for library in needed:
        put(library, root, str(library))
    (root / "bin/sh").symlink_to("dash")
    for tool in ("modprobe", "insmod", "lsmod"):
        (root / "bin" / tool).symlink_to("kmod")
    put(HERE / "guest.sh", root, "/init")
    (root / "init").chmod(0o755)
    for name, text in files.items():
        (root / name.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (root / name.lstrip("/")).write_text(text)
    pack(root, work / "userland.cpio")
    return work / "userland.cpio"


def modules(work: pathlib.Path, kernel: Kernel) -> pathlib.Path:
    """Those of MODULES that this kernel has as files, in a second archive."""
    root = work / "modules"
    shutil.rmtree(root, ignore_errors=True)
    place = root / "lib/modules" / kernel.release
    place.mkdir(parents=True)
    needs = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[pathlib.Path(path).name.split(".ko")[0]] = [path, *others.split()]
    for path in {path for name in MODULES for path in needs.get(name, [])}:
        put(kernel.modules / path, place, path)
    for index in [*kernel.modules.glob("modules.builtin*"), kernel.modules / "modules.order"]:
        if index.exists():
            shutil.copy(index, place)
    output_of(["/sbin/depmod", "-b", str(root), kernel.release], f"{kernel.release}: modules cannot be indexed")
    pack(root, work / "modules.cpio")
    return work / "modules.cpio"
