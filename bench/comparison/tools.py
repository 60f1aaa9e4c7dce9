"""Builds what is measured, and finds the programs."""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# As app/run builds, and the benchmark with it.
BUILD = """set -euo pipefail
source "$0/app/setup.sh"
require "${packages_to_build[@]}"
mapfile -t options < <(release_options)
configure "$root/build-bench" "${options[@]}" -Dtests=false -Dbench=true
compile "$root/build-bench" -j "$(nproc)"
"""


class Unusable(Exception):
    """Something that has to be there is not."""


class Tools:
    def __init__(self, build_folder=None):
        self.folder = pathlib.Path(build_folder).resolve() if build_folder else None

    def build(self):
        """Unless a folder was given; what is there already is not built again."""
        if self.folder is None:
            done = subprocess.run(["bash", "-c", BUILD, str(ROOT)], check=False)
            if done.returncode != 0:
                raise Unusable("the release build failed: see above")
            self.folder = ROOT / "build-bench"
        for name in ("kodama", "kodama-load", "kodama-conform"):
            if self.find(name) is None:
                raise Unusable(f"{name} is not in the build folder")
        flags = self.build_options()
        if flags.get("b_sanitize", "none") not in ("none", []):
            raise Unusable("the build folder holds sanitized programs, whose figures mean nothing")

    def find(self, name):
        """The program of this name in the build folder, or None."""
        for folder in ("app", "bench", "."):
            found = sorted(path for path in (self.folder / folder).glob(f"**/{name}")
                           if path.is_file() and os.access(path, os.X_OK))
            if found:
                return found[0]
        return None

    def introspected(self, what):
        text = text_of(self.folder / "meson-info" / f"intro-{what}.json")
        return json.loads(text) if text else None

    def build_options(self):
        options = self.introspected("buildoptions") or []
        wanted = {"buildtype", "optimization", "debug", "b_ndebug", "b_lto", "b_sanitize",
                  "assertions", "checked_ring", "cpp_args", "default_library"}
        return {one["name"]: one["value"] for one in options if one["name"] in wanted}

    def meson_version(self):
        path = self.folder / "meson-info" / "meson-info.json"
        return json.loads(text)["meson_version"]["full"] if (text := text_of(path)) else None

    def compiler(self):
        """What the compiler that built it all calls itself."""
        commands = json.loads(text_of(self.folder / "compile_commands.json") or "[]")
        words = commands[0]["command"].split() if commands else []
        names = [word for word in words[:2] if pathlib.Path(word).name != "ccache"]
        return output_of([names[0], "--version"]).partition("\n")[0] if names else "unknown"


def text_of(path):
    """None where it cannot be read."""
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def output_of(command, timeout=20):
    """stdout of a program that may fail or be missing: then ''."""
    try:
        return subprocess.run(list(map(str, command)), capture_output=True, text=True,
                              timeout=timeout, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def scrubbed(text):
    """Without the paths and names of this machine: what is written may be published."""
    for path in {str(ROOT), str(pathlib.Path.home()), os.getcwd()} - {"/"}:
        text = text.replace(path, "")
    text = re.sub(r"(?<![\w.])/[\w.@+-]+(/[\w.@+-]+)+", lambda match: match[0].split("/")[-1], text)
    return text.replace(os.uname().nodename, "HOST") if len(os.uname().nodename) > 3 else text
