#!/usr/bin/python3
"""Refuses circles of imports and upward arrows in production code, and names both files and what ties them.

    tests/check_circles.py [--root FOLDER | --commit COMMIT] [--list]

An arrow goes from a file to the file that defines a name which the first one uses; re-exports are followed to the
definition. A parent's `mod x;` is no arrow, `pub use x::Name` is one. A part may use the module that it is a part of
(`a/b.rs` uses a name of `a.rs`): such arrows make no circle. `--list` prints all arrows as JSON.
"""
import argparse
import json
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import rust_source

DEFINITION = re.compile(r"\b(?:(struct|enum|union|trait|type|fn|const|static|mod)\s+|macro_rules!\s*)([A-Za-z_]\w*)")
WORD = re.compile(r"[A-Za-z_]\w*")
PATH = re.compile(r"(?<![\w:.])(?:r#)?[A-Za-z_]\w*(?:\s*::\s*(?:r#)?[A-Za-z_]\w*)+")
USE = re.compile(r"\buse\s+([^;]*);")

# Crates whose modules at the top make no circle either, each with all files below it.
CRATES_OF_ROOMS = {"filters/src", "src"}
# The four filters of outgoing mail: none of them knows another one.
FILTERS = ("dkim", "header_checks", "sender", "rate_limit")
# How mail is written stands at the bottom of `filters`; it may use these small values only.
BOTTOM = "mail"
SMALL_VALUES = {"refusal", "problem"}


class Module:
    def __init__(self, file, parent):
        self.file, self.parent = file, parent
        self.modules = {}  # name -> Module
        self.items = {}  # name -> file that defines it, this module's own items
        self.imports = {}  # name -> path as a tuple, from `use`
        self.globs = []  # paths of `use path::*`


class Use:
    """One leaf of a `use` tree."""

    def __init__(self, module, path, alias, offset, glob):
        self.module, self.path, self.alias, self.offset, self.glob = module, path, alias, offset, glob


def use_leaves(tree):
    """('a::{b, c as d, e::*}') -> [(path, alias or None, is glob)]"""
    tokens = re.findall(r"[A-Za-z_]\w*|::|[{},*]", tree.replace("r#", ""))
    leaves = []

    def read(at, prefix):
        path = list(prefix)
        while at < len(tokens):
            token = tokens[at]
            if token == "{":
                at += 1
                while tokens[at] != "}":
                    at = read(at, path)
                    at += tokens[at] == ","
                return at + 1
            if token == "*":
                leaves.append((tuple(path), None, True))
                return at + 1
            if token in {",", "}"}:
                break
            if token == "as":
                leaves.append((tuple(path), tokens[at + 1], False))
                return at + 2
            if token == "self" and path:
                pass  # `a::{self}` is `a`
            elif token != "::":
                path.append(token)
            at += 1
        leaves.append((tuple(path), path[-1], False))
        return at

    read(0, [])
    return leaves


class Tree:
    """All modules of the three crates, and what each name in them means."""

    def __init__(self, root=rust_source.ROOT):
        self.root = Path(root)
        self.files = {file.path: file for file in rust_source.read(root)}
        self.crates, self.uses, self.module_of = {}, [], {}
        for name, folder in rust_source.CRATES.items():
            for entry, crate in (("lib.rs", name), ("main.rs", name + " (program)")):
                if f"{folder}/{entry}" in self.files:
                    self.crates[crate] = self._module(f"{folder}/{entry}", None)

    def _module(self, path, parent):
        module = Module(path, parent)
        self.module_of[path] = module
        self._read(module, 0, len(self.files[path].code), Path(path).parent if Path(path).name in {"lib.rs", "main.rs", "mod.rs"}
                   else Path(path).with_suffix(""))
        return module

    def _read(self, module, start, end, folder):
        file = self.files[module.file]
        code, inner = file.code, []
        for found in re.finditer(r"\bmod\s+([A-Za-z_]\w*)\s*([;{])", code[start:end]):
            name, at = found[1], start + found.start()
            if any(first <= at < last for first, last in inner):
                continue
            if found[2] == ";":
                for path in (folder / f"{name}.rs", folder / name / "mod.rs"):
                    if path.as_posix() in self.files:
                        module.modules[name] = self._module(path.as_posix(), module)
            else:
                last = rust_source._matching(code, start + found.end() - 1)
                inner.append((at, last))
                module.modules[name] = child = Module(module.file, module)
                self._read(child, start + found.end(), last - 1, folder / name)
        own = list(code[start:end])
        for first, last in inner:
            own[first - start:last - start] = rust_source._spaces(code[first:last])
        own = "".join(own)
        for found in DEFINITION.finditer(own):
            # What stands inside a block is private to it: a method, an associated constant.
            if found[1] != "mod" and self._depth(own, found.start()) == 0:
                module.items.setdefault(found[2], module.file)
        # Types that a macro defines: `bitflags! { pub struct .. }`, or inside of `macro_rules!`.
        for found in re.finditer(r"\b\w+!\s*(?:\w+\s*)?\{", own):
            if self._depth(own, found.start()) == 0:
                block = own[found.end():rust_source._matching(own, found.end() - 1)]
                for name in re.findall(r"\b(?:struct|enum|union|trait)\s+([A-Za-z_]\w*)", block):
                    module.items.setdefault(name, module.file)
        for found in USE.finditer(own):
            for path, alias, glob in use_leaves(found[1]):
                offset = start + found.start()
                self.uses.append(Use(module, path, alias, offset, glob))
                if glob:
                    module.globs.append(path)
                elif alias != "_":
                    module.imports.setdefault(alias, []).append(path)
        module.code, module.start = own, start

    @staticmethod
    def _depth(code, offset):
        return code.count("{", 0, offset) - code.count("}", 0, offset)

    def crate_of(self, module):
        while module.parent:
            module = module.parent
        return module

    def names(self, module, path, seen=frozenset()):
        """What a path means that stands in `module`: a set of Modules and of (file, name) of items."""
        if not path or (id(module), path) in seen:
            return set()
        seen = seen | {(id(module), path)}
        first, rest = path[0], path[1:]
        if first == "crate":
            return self.inside(self.crate_of(module), rest, seen)
        if first == "self":
            return self.inside(module, rest, seen)
        if first == "super":
            return self.inside(module.parent, rest, seen) if module.parent else set()
        if first in self.crates and not (first in module.modules or first in module.imports):
            return self.inside(self.crates[first], rest, seen)
        return self.inside(module, path, seen)

    def inside(self, module, path, seen=frozenset()):
        """What `path` means as seen from within `module`, its imports and re-exports included."""
        if not path:
            return {module}
        first, rest = path[0], path[1:]
        if first == "super":
            return self.inside(module.parent, rest, seen) if module.parent else set()
        if first == "self":
            return self.inside(module, rest, seen)
        found = set()
        if first in module.items:
            found.add((module.items[first], first))  # a variant or an associated name belongs to its type
        if first in module.modules:
            found |= self.inside(module.modules[first], rest, seen)
        if not found:
            for target in module.imports.get(first, []):
                if target == path and target[0] == first and first not in self.crates:
                    continue
                for meaning in self.names(module, target, seen):
                    found |= self.inside(meaning, rest, seen) if isinstance(meaning, Module) else {meaning}
        if not found:
            for target in module.globs:
                for meaning in self.names(module, target, seen):
                    if isinstance(meaning, Module) and meaning is not module:
                        found |= self.inside(meaning, path, seen)
        return found

    def arrows(self):
        """{(file, file): {name: line of its first use}}"""
        arrows = defaultdict(dict)

        def add(module, meanings, offset):
            for meaning in meanings:
                file, name = (meaning.file, "mod " + Path(meaning.file).stem) if isinstance(meaning, Module) else meaning
                if file != module.file:
                    arrows[module.file, file].setdefault(name, self.files[module.file].line_of(offset))

        for use in self.uses:
            meanings = self.names(use.module, use.path)
            items = {meaning for meaning in meanings if not isinstance(meaning, Module)}
            if use.glob:
                add(use.module, items, use.offset)
                continue
            if len(items) < len(meanings) and items and not self._is_used(use.module, use.alias, r"(?!\s*::)"):
                items = set()  # a module and a function of one name, and only the module is used
            add(use.module, items, use.offset)
        for module in self._all_modules():
            code = USE.sub(lambda found: rust_source._spaces(found[0]), module.code)
            for found in PATH.finditer(code):
                path = tuple(WORD.findall(found[0].replace("r#", "")))
                if path[0] == "Self":
                    continue
                items = {meaning for meaning in self.names(module, path) if not isinstance(meaning, Module)}
                add(module, items, module.start + found.start())
        return dict(arrows)

    def _all_modules(self):
        waiting = list(self.crates.values())
        while waiting:
            module = waiting.pop()
            waiting += module.modules.values()
            yield module

    @staticmethod
    def _is_used(module, name, after=""):
        code = USE.sub("", module.code)
        return bool(re.search(rf"(?<![\w.]){name}\b{after}", code))


def is_part_of(path, whole):
    return path.startswith(whole.removesuffix(".rs") + "/")


def without_parts_to_wholes(arrows):
    return {pair: names for pair, names in arrows.items() if not is_part_of(*pair)}


def circles(arrows):
    """Strongly connected components of more than one node, each sorted."""
    following = defaultdict(set)
    for source, target in arrows:
        following[source].add(target)
    number, lowest, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for target in sorted(following[node]):
            if target not in number:
                visit(target)
                lowest[node] = min(lowest[node], lowest[target])
            elif target in stack:
                lowest[node] = min(lowest[node], number[target])
        if lowest[node] == number[node]:
            circle = []
            while not circle or circle[-1] != node:
                circle.append(stack.pop())
            if len(circle) > 1:
                found.append(sorted(circle))

    sys.setrecursionlimit(10_000)
    for node in sorted(set(following) | {target for _, target in arrows}):
        if node not in number:
            visit(node)
    return sorted(found)


def cuts(circle, arrows):
    """The fewest names that must go so that the circle is none: [(source, target)]; all arrows if the circle is large."""
    weight = {pair: len(names) for pair, names in arrows.items() if pair[0] in circle and pair[1] in circle}
    if len(circle) > 13:
        return sorted(weight)
    number = {node: index for index, node in enumerate(circle)}
    best = {0: (0, [])}  # the set of nodes laid down, bottom first -> (weight of arrows up, those arrows)
    for laid in range(1 << len(circle)):
        for node in circle:
            if laid >> number[node] & 1 == 0:
                up = [pair for pair in weight if pair[0] == node and pair[1] != node and laid >> number[pair[1]] & 1 == 0]
                way = best[laid][0] + sum(weight[pair] for pair in up), best[laid][1] + up
                after = laid | 1 << number[node]
                best[after] = min(best.get(after, way), way)
    return sorted(best[(1 << len(circle)) - 1][1])


def room(path):
    """src/config/load.rs -> ('src', 'config'): the crate's folder and the module at its top."""
    for folder in sorted(rust_source.CRATES.values(), key=len, reverse=True):
        if path.startswith(folder + "/"):
            return folder, Path(path[len(folder) + 1:].split("/")[0]).stem
    raise ValueError(path)


def between_rooms(arrows):
    """Arrows between the modules at the top of the same crate: {(room, room): {'file -> file': names}}"""
    between = defaultdict(dict)
    for (source, target), names in arrows.items():
        first, second = room(source), room(target)
        if first[0] == second[0] in CRATES_OF_ROOMS and first != second and not {first[1], second[1]} & {"lib", "main"}:
            between[first, second][f"{source} -> {target}"] = names
    return dict(between)


def upward(arrows):
    """Arrows against the floors: protocol < filters < src; in filters, mail < everything < the four filters."""
    floor = {"protocol/src": 0, "filters/src": 1, "src": 2}
    found = []
    for (source, target), names in sorted(arrows.items()):
        (crate, module), (other_crate, other) = room(source), room(target)
        if floor[crate] < floor[other_crate]:
            found.append((source, target, names, f"{crate} may not use {other_crate}"))
        if crate != "filters/src" or other_crate != crate or module == other:
            continue
        if module == BOTTOM and other not in SMALL_VALUES:
            found.append((source, target, names, f"`{BOTTOM}` is the bottom and uses nothing else of filters"))
        elif other in FILTERS and module in FILTERS:
            found.append((source, target, names, "filters do not know each other"))
        elif other in FILTERS and module != "lib":
            found.append((source, target, names, "what all filters stand on may not use one of them"))
    return found


def told(names):
    return ", ".join(f"{name} (line {line})" for name, line in sorted(names.items()))


def report(arrows):
    """Everything that is refused, as text, a list of paragraphs."""
    wrong = []
    counted = without_parts_to_wholes(arrows)
    for circle in circles(counted):
        lines = [f"circle of {len(circle)} files: {', '.join(circle)}"]
        lines += [f"    {source} -> {target}: {told(names)}" for (source, target), names in sorted(counted.items())
                  if source in circle and target in circle]
        lines.append("  least to cut: " + ", ".join(f"{source} -> {target}" for source, target in cuts(circle, counted)))
        wrong.append("\n".join(lines))
    between = between_rooms(arrows)
    for circle in circles(between):
        lines = [f"circle of {len(circle)} modules of {circle[0][0]}: {', '.join(name for _, name in circle)}"]
        for (first, second), files in sorted(between.items()):
            if first in circle and second in circle:
                lines += [f"    {first[1]} -> {second[1]}: {pair}: {told(names)}" for pair, names in sorted(files.items())]
        weight = {pair: [name for names in files.values() for name in names] for pair, files in between.items()}
        lines.append("  least to cut: " + ", ".join(f"{first[1]} -> {second[1]}" for first, second in cuts(circle, weight)))
        wrong.append("\n".join(lines))
    wrong += [f"upward: {source} -> {target}: {told(names)}: {why}" for source, target, names, why in upward(arrows)]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=rust_source.ROOT, help="the checkout to read")
    parser.add_argument("--commit", help="a commit to read instead")
    parser.add_argument("--list", action="store_true", help="print all arrows as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = rust_source.at_commit(options.commit, folder, options.root) if options.commit else options.root
        arrows = Tree(root).arrows()
    if options.list:
        print(json.dumps([{"from": source, "to": target, "names": names} for (source, target), names in sorted(arrows.items())],
                         indent=1))
        return
    wrong = report(arrows)
    files = {file for pair in arrows for file in pair}
    print("\n".join(wrong) or f"{len(arrows)} arrows between {len(files)} files: no circle, none upwards")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
