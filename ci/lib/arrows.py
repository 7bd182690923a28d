"""Draws an arrow from each file of src/ to those that it takes names from, and fails on a circle: of
files, or of the modules of the crate's root. Tests and comments are left out. A re-export is no
arrow of its own: a name that is taken through one is taken from the place where it is defined.
"""

import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"
PATH = re.compile(r"\$?\b((?:crate|super|self)(?:::\w+)+)")


def code_of(file):
    """The text without strings, comments and the tests at its end."""
    text = re.sub(r"""'(?:\\.|[^'\\])'|"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/""", " ", file.read_text(), flags=re.S)
    return re.split(r"#\[cfg\((?:all\()?test\b[^\]]*\]\s*mod\b", text)[0]


def expanded(tree):
    """The paths of a tree such as `crate::{a::{B, C as D}, e}`, each as a list of its names."""
    tree = re.sub(r"\s+as\s+\w+", "", tree).strip().removeprefix("::")
    if "{" not in tree:
        return [re.sub(r"\s", "", tree).split("::")] if tree else []
    before, inner = tree.split("{", 1)
    parts, depth = [""], 0
    for letter in inner[: inner.rindex("}")]:
        depth += (letter == "{") - (letter == "}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    prefix = [name for name in re.sub(r"\s", "", before).split("::") if name]
    return [prefix + path for part in parts for path in expanded(part)]


def depth_in_blocks(text, place):
    """How many modules written out in this file enclose the place."""
    spans = []
    for match in re.finditer(r"\bmod\s+\w+\s*\{", text):
        end, depth = match.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        spans.append((match.start(), end))
    return sum(start < place < end for start, end in spans)


class Module:
    def __init__(self, file):
        self.file = str(file.relative_to(SRC.parent))
        self.name = tuple(part for part in file.relative_to(SRC).with_suffix("").parts if part not in ("mod", "lib"))
        text = code_of(file)
        self.macros = re.findall(r"#\[macro_export\]\s*macro_rules!\s*(\w+)", text)
        self.taken, self.exported = [], {}
        for match in re.finditer(r"\b(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", text):
            for path in expanded(match[2]):
                path = self.from_here(path, depth_in_blocks(text, match.start()))
                if match[1]:
                    self.exported[path[-1]] = path
                else:
                    self.taken.append(path)
        text = re.sub(r"\buse\s+[^;]+;", lambda use: " " * len(use[0]), text)
        for match in PATH.finditer(text):
            self.taken.append(self.from_here(match[1].split("::"), depth_in_blocks(text, match.start())))

    def from_here(self, path, blocks):
        """The path from the crate's root, or as it is: then it begins with a module below or another crate."""
        here, path = list(self.name), list(path)
        if path[0] == "crate":
            return ["crate", *path[1:]]
        if path[0] not in ("self", "super"):
            return path
        while path[0] in ("self", "super"):
            if path.pop(0) == "super":
                if blocks:
                    blocks -= 1
                else:
                    here.pop()
        return ["crate", *here, *path]


def owner(modules, module, path, seen=()):
    """The module that defines what the path names; None for another crate."""
    if path[0] == "crate":
        at, rest = (), path[1:]
    elif (*module.name, path[0]) in modules:
        at, rest = module.name, path
    else:
        return None
    for index, name in enumerate(rest):
        if (*at, name) in modules:
            at = (*at, name)
            continue
        exported = modules[at].exported.get(name)
        if exported and (at, name) not in seen:
            return owner(modules, modules[at], exported + rest[index + 1 :], (*seen, (at, name)))
        return next((m.name for m in modules.values() if not at and name in m.macros), at)
    return at


def circles(arrows):
    """Sets of nodes that all reach each other."""
    def reached(start):
        found, todo = set(), [start]
        while todo:
            for node in arrows.get(todo.pop(), ()):
                if node not in found:
                    found.add(node)
                    todo.append(node)
        return found

    reach = {node: reached(node) for node in arrows}
    return {frozenset(other for other in reach[node] if node in reach.get(other, ())) for node in arrows if node in reach[node]}


def main():
    modules = {module.name: module for module in map(Module, sorted(SRC.rglob("*.rs")))}
    files, rooms, names = {}, {}, {}
    for module in modules.values():
        for path in module.taken:
            target = owner(modules, module, path)
            # The root only gathers what others may take.
            if not module.name or not target or target == module.name:
                continue
            files.setdefault(module.name, set()).add(target)
            names.setdefault((module.name, target), set()).add(path[-1])
            if target[0] != module.name[0]:
                rooms.setdefault(module.name[0], set()).add(target[0])
    found = 0
    for circle in circles(files):
        found += 1
        print("a circle of files:")
        for (start, end), taken in sorted(names.items()):
            if start in circle and end in circle:
                print(f"  {modules[start].file} -> {modules[end].file}: {', '.join(sorted(taken))}")
    for circle in circles(rooms):
        found += 1
        print("a circle of modules:", ", ".join(sorted(circle)))
        for (start, end), taken in sorted(names.items()):
            if start[0] != end[0] and {start[0], end[0]} <= circle:
                print(f"  {modules[start].file} -> {modules[end].file}: {', '.join(sorted(taken))}")
    for room, below in sorted(rooms.items()):
        print(f"{room} -> {', '.join(sorted(below))}")
    print(f"{len(modules)} files, {sum(map(len, files.values()))} arrows, {found} circles")
    return not found


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
