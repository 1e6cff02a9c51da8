"""Known vulnerabilities of what the lock pins, by pip-audit: `make audit`.

The registry is first asked about one package: mirrors often serve files without advisories, and pip-audit then calls
every package unknown and the whole lock clean.

Exit codes: 0 nothing is known, or nobody can be asked; 1 there are advisories.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "2.10.1"
LOCK = Path(__file__).parents[1] / "requirements.lock"
LIMIT_S = 1200.0  # for some two hundred questions


def ask(uv: str, pins: Path) -> list[dict[str, object]] | str:
    """What pip-audit says of each package, or why it says nothing."""
    command = [uv, "tool", "run", "--quiet", f"pip-audit=={VERSION}", "--requirement", str(pins), "--no-deps",
               "--disable-pip", "--format", "json", "--progress-spinner", "off"]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        found: list[dict[str, object]] = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    except (ValueError, KeyError):
        return next(iter(done.stderr.strip().splitlines()[-1:]), "no answer")
    return found


def judge(found: list[dict[str, object]]) -> tuple[list[str], int]:
    """Advisories as lines, and how many packages somebody knew."""
    known = [package for package in found if "skip_reason" not in package]
    lines = []
    for package in known:
        for advisory in package.get("vulns") or []:  # type: ignore[attr-defined]
            fixed = ", ".join(advisory["fix_versions"]) or "no version"
            lines.append(f"{package['name']} {package['version']}: {advisory['id']}, mended in {fixed}")
    return lines, len(known)


def main(uv: str) -> int:
    """Audit the lock."""
    pin = re.search(r"^[\w.-]+==[^\s;\\]+", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(f"{pin[0]}\n" if pin else "", encoding="utf-8")
        first = ask(uv, one)
    if isinstance(first, str) or not judge(first)[1]:
        why = f" ({first})" if isinstance(first, str) else ""
        sys.stdout.write(f"Not audited: this registry serves no advisories{why}. See docs/security.md.\n")
        return 0
    found = ask(uv, LOCK)
    if isinstance(found, str):
        sys.stdout.write(f"Not audited: pip-audit came to no end ({found}). See docs/security.md.\n")
        return 0
    lines, known = judge(found)
    sys.stdout.write("\n".join([*lines, f"Audited {known} of {len(found)} packages: {len(lines)} advisories.", ""]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "uv"))
