# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels, each from its own suite: an apt of its own fetches them, so that the machine's apt never hears
of those suites. Where something cannot be fetched a Refusal says what and why."""
import pathlib
import re
import subprocess
import time

KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
META = "linux-image-cloud-amd64"
LISTS_LAST_SECONDS = 12 * 3600
# A mirror that lags is as good: what it signed is tested here and installed nowhere.
CONFIGURATION = """Dir::State "{here}"; Dir::State::lists "{here}/lists"; Dir::State::status "{here}/status";
Dir::Cache "{here}"; Dir::Cache::archives "{here}/archives";
Dir::Etc::SourceList "{here}/sources.list"; Dir::Etc::SourceParts "{here}/none"; Dir::Etc::Parts "{here}/none";
Dir::Etc::Preferences "{here}/none/none"; Dir::Etc::PreferencesParts "{here}/none";
APT::Architecture "amd64"; APT::Architectures "amd64"; APT::Sandbox::User "root";
Acquire::Languages "none"; Acquire::PDiffs "false"; Acquire::Retries "3"; Acquire::Check-Valid-Until "false";
"""


class Refusal(Exception):
    """A sentence for whoever runs the test."""


def output_of(command: list[str], why: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or ["no word"])[-1]
        raise Refusal(f"{why}: {last}")
    return done.stdout


def mirror() -> str:
    """The mirror that this machine's own apt takes its suite from."""
    release = pathlib.Path("/etc/os-release").read_text()
    codename = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    rows = output_of(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                      "Created-By: Packages"], "apt does not list its sources")
    for row in rows.splitlines():
        uri, suite, component = row.split()
        if codename and suite == codename[1] and component == "main":
            return uri
    raise Refusal("no kernel can be fetched: apt's sources have no Debian suite of this machine's own release")


class Suite:
    """An apt with one source."""

    def __init__(self, name: str, cache: pathlib.Path):
        self.name = name
        self.here = (cache / "suites" / name).resolve()
        for directory in ("lists/partial", "archives/partial", "none"):
            (self.here / directory).mkdir(parents=True, exist_ok=True)
        (self.here / "status").touch()
        self.configuration = self.here / "apt.conf"
        self.configuration.write_text(CONFIGURATION.format(here=self.here))

    def apt(self, *words: str, why: str, cwd: pathlib.Path | None = None) -> str:
        return output_of(list(words), f"{self.name}: {why}", cwd=cwd,
                         env={"APT_CONFIG": str(self.configuration), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                              "LC_ALL": "C"})

    def update(self) -> None:
        stamp = self.here / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_LAST_SECONDS:
            return
        if not KEYRING.exists():
            raise Refusal(f"{self.name}: {KEYRING} is missing: apt-get install debian-archive-keyring")
        source = f"deb [signed-by={KEYRING}] {mirror()} {self.name} main\n"
        (self.here / "sources.list").write_text(source)
        self.apt("apt-get", "update", "-qq", "--error-on=any", why="its list of packages cannot be fetched")
        stamp.touch()

    def fields(self, package: str) -> dict[str, str]:
        shown = self.apt("apt-cache", "show", "--no-all-versions", package, why=f"it has no {package}")
        return dict(re.findall(r"^([\w-]+): (.*)$", shown, re.MULTILINE))

    def kernel(self) -> tuple[str, str]:
        """Version of the newest kernel, and its release as uname says it."""
        self.update()
        fields = self.fields(META)
        release = re.search(r"linux-image-(\d\S*)", fields["Depends"])
        if not release:
            raise Refusal(f"{self.name}: {META} depends on no kernel: {fields['Depends']}")
        return fields["Version"], release[1]

    def download(self, package: str, into: pathlib.Path) -> pathlib.Path:
        into.mkdir(parents=True, exist_ok=True)
        self.apt("apt-get", "download", "-qq", package, cwd=into, why=f"{package} cannot be fetched")
        return next(into.glob(f"{package}_*.deb"))


class Kernel:
    """What boots: the image and its modules, unpacked."""

    def __init__(self, release: str, root: pathlib.Path):
        self.release = release
        self.image = root / "vmlinuz"
        self.modules = root / "lib/modules" / release


def is_newer(version: str, than: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "gt", than], check=False).returncode == 0


def unpack(package: pathlib.Path, root: pathlib.Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    output_of(["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --exclude="./usr/share" --exclude="*/sound" '
               '--exclude="*/drivers/[a-mo-z]*" --exclude="*/System.map*"', "sh", str(package), str(root)],
              f"{package.name} cannot be unpacked")


def fetch(suites: list[str], cache: pathlib.Path) -> Kernel:
    """The newest of these suites' kernels; the parts are those that its packages have had since 7.0, too."""
    chosen = version = release = None
    for suite in (Suite(name, cache) for name in suites):
        its_version, its_release = suite.kernel()
        if chosen is None or is_newer(its_version, version):
            chosen, version, release = suite, its_version, its_release
    root = cache / "kernels" / version.replace("~", "-")
    kernel = Kernel(release, root)
    if kernel.image.exists():
        return kernel
    depends = chosen.fields(f"linux-image-{release}")["Depends"]
    packages = [f"linux-image-{release}"]
    packages += [part for part in (f"linux-binary-{release}", f"linux-modules-{release}") if part in depends]
    for package in packages:
        unpack(chosen.download(package, cache / "packages"), root)
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")
    output_of(["/sbin/depmod", "-b", str(root), release], f"{release}: its modules cannot be indexed")
    image = next(iter([*root.glob("boot/vmlinuz-*"), *root.glob("usr/lib/modules/*/vmlinuz")]), None)
    if image is None:
        raise Refusal(f"{chosen.name}: {', '.join(packages)} hold no kernel image")
    image.rename(kernel.image)
    return kernel
