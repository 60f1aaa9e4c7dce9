"""The project's sources as text, for tidy.py."""

import ast
import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
CPP_SUFFIXES = {".cpp", ".hpp"}


class Source:
    def __init__(self, path):
        self.path = path.as_posix()
        self.suffix = path.suffix
        self.text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        self.lines = self.text.splitlines()
        inside = self.path.split("/")[2:] if self.path.startswith("lib/kodama/") else None
        self.in_lib = inside is not None
        self.layer = None if inside is None else "/".join(inside[:-1])
        self.name = None if inside is None else "/".join(inside)
        self.is_cpp = self.suffix in CPP_SUFFIXES
        self.is_shell = self.suffix in {".sh", ""} and self.text.startswith("#!/usr/bin/env bash")

    @functools.cached_property
    def code(self):
        """The lines without comments and without what string literals say."""
        def blank(match):
            return '""' if match[0][0] == '"' else "\n" * match[0].count("\n")
        pattern = (r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
                   r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])'")
        return re.sub(pattern, blank, self.text, flags=re.S).split("\n")

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            if found := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
                yield number, found[1], found[2]

    def find(self, pattern):
        for number, line in enumerate(self.code, 1):
            if found := re.search(pattern, line):
                yield number, found[0]


def listed_by_git():
    """What git tracks or does not ignore; None without git, and outside a checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return [pathlib.Path(name) for name in listed.stdout.split("\0") if name]


@functools.cache
def sources():
    paths = listed_by_git()
    if paths is None:
        found = ROOT.rglob("*")
        paths = [path.relative_to(ROOT) for path in found if path.is_file()]
        hidden = re.compile(r"build|subprojects|\.git$|__pycache__")
        paths = [path for path in paths if not any(hidden.match(part) for part in path.parts[:-1])]
    suffixes = {*CPP_SUFFIXES, ".py", ".sh", ""}
    wanted = [path for path in sorted(set(paths))
              if path.suffix in suffixes and (ROOT / path).is_file()]
    read = [Source(path) for path in wanted]
    return [one for one in read if one.is_cpp or one.suffix == ".py" or one.is_shell]


def library(*layers):
    """The C++ files of lib/kodama, or of some of its folders."""
    return [one for one in sources() if one.is_cpp and one.in_lib
            and (not layers or one.layer.split("/")[0] in layers)]


def cpp_function_lengths(source):
    """By its braces, so a heuristic."""
    stack, header, header_line = [], "", 1
    scope = re.compile(r"\s*(?:template\s*<.*>\s*)?(?:inline\s+)?"
                       r"(?:namespace|class|struct|union|enum|extern)\b.*[^)\s]\s*$", re.S)
    for number, line in enumerate(source.code, 1):
        if line.lstrip().startswith("#"):
            continue
        previous = " "
        for character in line + "\n":
            if character == "{":
                inside = any(kind == "function" for kind, _ in stack)
                body = previous.isspace() and "(" in header and not inside
                kind = "function" if body and not scope.fullmatch(header) else "block"
                stack.append((kind if previous.isspace() else "value", header_line))
            if character == "}" and stack:
                kind, first = stack.pop()
                if kind == "function":
                    yield first, number - first + 1
                header = header + " " if kind == "value" else ""
            elif character in "{;" and not (stack and stack[-1][0] == "value"):
                header = ""
            else:
                header_line = header_line if header.strip() else number
                header += character
            previous = character


def function_lengths(source):
    """(first line, number of lines) of each function."""
    if source.is_cpp:
        yield from cpp_function_lengths(source)
    elif source.suffix == ".py":
        for node in ast.walk(ast.parse(source.text)):
            if isinstance(node, ast.FunctionDef):
                yield node.lineno, node.end_lineno - node.lineno + 1
