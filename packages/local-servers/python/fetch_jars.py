"""Downloads the jar files that a lock file lists into a folder, without Java and Maven. The caller checks their hashes."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from jgo.maven import MavenContext


def fetch(maven: MavenContext, coordinates: str, folder: Path) -> None:
    """Downloads one file. Its coordinates are group:artifact:version, and packaging:classifier unless it is a plain jar."""
    group, artifact, version, *rest = coordinates.split(":")
    packaging, classifier = rest or ("jar", "")
    component = maven.project(group, artifact).at_version(version)
    file = component.artifact(classifier, packaging)
    shutil.move(file.resolve(), folder / file.filename)


def main(lock: str, folder: Path) -> None:
    lines = Path(lock).read_text(encoding="utf-8").splitlines()
    wanted = [line.split()[0] for line in lines if not line.startswith("#")]
    with TemporaryDirectory(dir=folder) as repository, ThreadPoolExecutor(8) as pool:
        maven = MavenContext(repo_cache=Path(repository))
        list(pool.map(lambda coordinates: fetch(maven, coordinates, folder), wanted))


try:
    main(sys.argv[1], Path(sys.argv[2]))
except (OSError, RuntimeError) as error:
    sys.exit(f"error: {error}")
