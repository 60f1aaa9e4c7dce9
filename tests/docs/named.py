#!/usr/bin/env python3
"""Every `path` and `Class::function` that the walk through the code names exists: `named.py`. What
else looks like a name of the library (`with_underscores`, `Capital`) must be in it too."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["lib/docs/walk-through.md", "CONTRIBUTING.md"]


def code():
    paths = [*ROOT.glob("lib/kodama/**/*.[ch]pp"), *ROOT.glob("app/*.[ch]pp")]
    return {path: re.sub(r"//.*", "", path.read_text()) for path in paths}


def body_of(name, texts):
    """What lies between the braces of a class, or nothing."""
    for text in texts:
        found = re.search(rf"\b(?:class|struct)\s+(?:KODAMA_\w+\s+)?{name}\b[^;{{()]*\{{", text)
        if found:
            return text[found.end():text.find("\n};", found.end())]
    return None


def exists(word, texts):
    if "/" in word:
        return (ROOT / word.split(" ")[0]).exists()
    owner, _, member = word.rpartition("::")
    if owner:
        body = body_of(owner.rpartition("::")[2], texts)
        return body is not None and re.search(rf"\b{member}\b", body) is not None
    return any(re.search(rf"\b{word}\b", text) for text in texts)


def main():
    texts = list(code().values())
    missing, named = [], 0
    for page in PAGES:
        prose = re.sub(r"(?s)```.*?```", "", (ROOT / page).read_text())
        for word in re.findall(r"`([A-Za-z_][\w:]*(?:/[\w./-]+)?)`", prose):
            of_the_library = page == PAGES[0] and re.search(r"[a-z]_[a-z]|^[A-Z][a-z]", word)
            if "/" in word or "::" in word or of_the_library:
                named += 1
                if not exists(word, texts):
                    missing.append(f"{page}: {word} does not exist")
    print(f"{named} names")
    print("\n".join(missing))
    return 1 if missing or named < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
