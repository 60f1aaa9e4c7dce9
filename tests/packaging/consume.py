#!/usr/bin/env python3
"""Uses kodama as somebody who installed it does: `consume.py WAY --build FOLDER --compiler CXX`.
Installs into a temporary folder, builds consumer.cpp and lib/examples/simulate_shout.cpp in one of
the WAYS, and runs both. Exits with 77 and the reason where a tool is missing."""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "lib/examples"
SKIPPED = 77


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(SKIPPED)


def need(tool):
    return shutil.which(tool) or skip(f"there is no {tool}")


def run(*command, env=None):
    """What it prints; ends the test where it fails."""
    print("+", *map(str, command), flush=True)
    own = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False,
                          env={**own, **(env or {})})
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(done.returncode if done.returncode == SKIPPED else 1)
    return done.stdout


def expect(condition, what):
    if not condition:
        print("not as it should be:", what)
        sys.exit(1)


class Installation:
    """The build folder, installed below `folder`, which is no root: as DESTDIR has it."""

    def __init__(self, build, folder):
        introspected = run("meson", "introspect", "--buildoptions", build)
        options = {one["name"]: one["value"] for one in json.loads(introspected)}
        run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--tags", "runtime,devel",
            env={"DESTDIR": str(folder)})
        self.root = folder
        self.prefix = folder / options["prefix"].lstrip("/")
        self.libraries = self.prefix / options["libdir"]
        self.env = {
            "PKG_CONFIG_PATH": str(self.libraries / "pkgconfig"),
            "PKG_CONFIG_SYSROOT_DIR": str(folder),
        }
        self.run_env = {"LD_LIBRARY_PATH": str(self.libraries)}

    def flags(self, package, *arguments):
        return run("pkg-config", *arguments, "--cflags", "--libs", package, env=self.env).split()


def try_both(folder, env=None):
    run(folder / "consumer", env=env)
    run(folder / "simulator", "--runs", "20", env=env)


def with_pkg_config(installed, work, compiler, static=False):
    need("pkg-config")
    how = ["-static"] if static else []
    flags = {name: installed.flags(name, *(["--static"] if static else []))
             for name in ["kodama", "kodama-simulation"]}
    expect(("-luring" in flags["kodama"]) == static,
           "liburing is the library's own affair, unless it is linked statically")
    if static and re.search("error|cannot find", link_statically(compiler, work)):
        skip("this system has no static C++ library")
    run(*compiler, "-std=c++20", *how, HERE / "consumer.cpp", *flags["kodama"],
        "-o", work / "consumer")
    run(*compiler, "-std=c++20", *how, EXAMPLES / "simulate_shout.cpp",
        *flags["kodama-simulation"], "-o", work / "simulator")
    try_both(work, None if static else installed.run_env)
    if not static:
        needed = run("readelf", "-d", work / "consumer")
        expect(re.search(r"NEEDED.*\[libkodama\.so\.\d", needed), "the soname has a version")
        headers = run(*compiler, "-std=c++20", "-M", HERE / "consumer.cpp", *flags["kodama"])
        expect(not re.search(r"liburing|io_uring\.h", headers), "liburing is in no public header")


def link_statically(compiler, work):
    """What a compiler says that is asked for an empty static program."""
    source = work / "empty.cpp"
    source.write_text("#include <string>\nint main() { return std::string().size(); }\n")
    done = subprocess.run([*compiler, "-static", str(source), "-o", str(work / "empty")],
                          capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 else ""


def with_pkg_config_static(installed, work, compiler):
    with_pkg_config(installed, work, compiler, static=True)


def copy_sources(work, version):
    shutil.copy(HERE / "consumer.cpp", work)
    for path in EXAMPLES.glob("*shout*"):
        shutil.copy(path, work)
    text = (HERE / "CMakeLists.txt").read_text().replace("@VERSION@", version)
    (work / "CMakeLists.txt").write_text(text)
    shutil.copy(HERE / "subproject.meson", work / "meson.build")


def with_cmake(installed, work, compiler):
    need("cmake")
    version = run("pkg-config", "--modversion", "kodama", env=installed.env).strip()
    copy_sources(work, version)
    for static in ["OFF", "ON"]:
        build = work / f"static-{static}"
        run("cmake", "-S", work, "-B", build, f"-DCMAKE_PREFIX_PATH={installed.prefix}",
            f"-Dkodama_USE_STATIC_LIBS={static}", f"-DCMAKE_CXX_COMPILER={compiler[-1]}")
        run("cmake", "--build", build, *(["--target", "consumer"] if static == "ON" else []))
        run(build / "consumer")
    run(work / "static-OFF/simulator", "--runs", "20")
    too_new = work / "CMakeLists.txt"
    too_new.write_text(too_new.read_text().replace(version, "9.9"))
    refused = subprocess.run(["cmake", "-S", work, "-B", work / "too-new",
                              f"-DCMAKE_PREFIX_PATH={installed.prefix}"],
                             capture_output=True, text=True, check=False)
    expect(refused.returncode != 0 and "9.9" in refused.stderr, "it is not the version 9.9")


def with_subproject(_, work, compiler):
    """The simulator only in a full run: this compiles the library once more."""
    copy_sources(work, "0")
    (work / "subprojects").mkdir(exist_ok=True)
    if not (work / "subprojects/kodama").is_symlink():
        (work / "subprojects/kodama").symlink_to(ROOT)
    build = work / "build"
    if not (build / "build.ninja").exists():
        run("meson", "setup", build, work, "--wrap-mode=nofallback", "--force-fallback-for=kodama",
            "--default-library=static", env={"CXX": shlex.join(compiler)})
    run("ninja", "-C", build, "consumer")
    run(build / "consumer")
    if os.environ.get("KODAMA_TEST_SCALE") == "full":
        run("ninja", "-C", build, "simulator")
        run(build / "simulator", "--runs", "20")


WAYS = {"pkg-config": with_pkg_config, "pkg-config-static": with_pkg_config_static,
        "cmake": with_cmake, "subproject": with_subproject}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True, help="a command, in one word")
    arguments = parser.parse_args()
    compiler = shlex.split(arguments.compiler)
    need(compiler[-1])
    with tempfile.TemporaryDirectory() as temporary:
        if arguments.way == "subproject":  # kept, so that Ninja has little to do the next time
            name = "subproject-" + pathlib.Path(compiler[-1]).name
            work = arguments.build / "tests/packaging" / name
            work.mkdir(exist_ok=True)
            with_subproject(None, work, compiler)
        else:
            work = pathlib.Path(temporary) / "work"
            work.mkdir()
            installed = Installation(arguments.build, pathlib.Path(temporary) / "root")
            WAYS[arguments.way](installed, work, compiler)


if __name__ == "__main__":
    main()
