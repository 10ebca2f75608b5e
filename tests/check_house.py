#!/usr/bin/python3
"""Counts what the rules of the house bound in production code: names, lengths, lines, comments, silent fallbacks.

    tests/check_house.py [--root FOLDER | --commit COMMIT] [--verbose]

Prints a table of figures and their bounds; with `--verbose`, or for a figure above its bound, where each one is.
"""
import argparse
import re
import sys
import tempfile
from collections import defaultdict

import check_circles
import rust_source

TYPE = re.compile(r"\b(?:struct|enum|trait|union)\s+([A-Z]\w*)|^(?:pub(?:\([^)]*\))? )?type\s+([A-Z]\w*)", re.M)
MAY_BE_SHARED = {"Settings", "Error"}
# A clause that begins with `who` has no head when it begins a sentence, or follows one of these.
PREPOSITIONS = "of|for|with|to|on|from|in|by|than|without|into|and|or|but"
NO_HEAD = PREPOSITIONS + "|as|that|is|are|says|say|asks|ask|shows|show|knows|know|learns|learn|believes|there|if|when|most|out"
HEADLESS_WHO = re.compile(rf"(?:^|[.;:)]\s+|(?i:\b(?:{NO_HEAD}))\s+)[Ww]hom?\b")
HEADLESS_WHAT = re.compile(rf"\b(?:{PREPOSITIONS})\s+what\b")


def comments(file):
    """Blocks of comment lines: [(number of the line, text)] each, code in backticks taken out."""
    block, before = [], None
    for number, line in file.production_lines():
        found = re.match(r"\s*//[/!]?\s*(.*)", line)
        if found and block and number == before + 1 and found[1]:
            block.append((number, found[1]))
        else:
            if block:
                yield block
            block = [(number, found[1])] if found and found[1] else []
        before = number
    if block:
        yield block


def headless(files, clause):
    found = []
    for file in files:
        for block in comments(file):
            text, starts = "", []
            for number, line in block:
                starts.append((len(text), number))
                text += re.sub(r"`[^`]*`", lambda code: "`" + "_" * (len(code[0]) - 2) + "`", line) + " "
            # A line counts once.
            lines = {max(number for start, number in starts if start <= match.end() - 1) for match in clause.finditer(text)}
            found += [f"{file.path}:{number}: {dict(block)[number]}" for number in sorted(lines)]
    return found


def shared_names(files):
    places = defaultdict(list)
    for file in files:
        for found in TYPE.finditer(file.code):
            places[found[1] or found[2]].append(f"{file.path}:{file.line_of(found.start())}")
    return {name: where for name, where in sorted(places.items()) if len(where) > 1}


def functions(files):
    """(lines, 'file:line name') of each function with a body, the longest first."""
    found = []
    for file in files:
        for start in re.finditer(r"\bfn\s+([a-z_]\w*)", file.code):
            index = start.end()
            while index < len(file.code) and file.code[index] not in "{;":
                index = rust_source._matching(file.code, index) if file.code[index] in "([" else index + 1
            if file.code[index:index + 1] == "{":
                end = rust_source._matching(file.code, index)
                length = file.code.count("\n", start.start(), end) + 1
                found.append((length, f"{file.path}:{file.line_of(start.start())} {start[1]}"))
    return sorted(found, reverse=True)


def silent_fallbacks(files):
    """`get(range).unwrap_or..` and `split_at_checked(..).unwrap_or..`: a wrong length would go on as another slice."""
    found = []
    for file in files:
        for start in re.finditer(r"\.\s*(get|get_mut|split_at_checked)\s*(\()", file.code):
            end = rust_source._matching(file.code, start.start(2))
            after = re.match(r"\s*\.\s*unwrap_or(?:_default)?\s*\(", file.code[end:])
            if after and (start[1] == "split_at_checked" or ".." in file.code[start.end():end]):
                found.append(f"{file.path}:{file.line_of(start.start())}: {' '.join(file.text[start.start():end].split())}")
    return found


def figures(root):
    """(what, figure, bound or None, where) of each row."""
    files = rust_source.read(root)
    lines = {file.path: len(file.production_lines()) for file in files}
    shared, long_functions = shared_names(files), functions(files)
    words = [f"{file.path}:{file.line_of(found.start())}: {found[0]}" for file in files
             for found in re.finditer(r"\b(?:LONGEST|MOST)(?:_\w+)?\b|\b\w+_(?:LONGEST|MOST)\b", file.code)]
    tree_arrows = check_circles.Tree(root).arrows()
    circles = check_circles.circles(check_circles.without_parts_to_wholes(tree_arrows))
    rooms = check_circles.circles(check_circles.between_rooms(tree_arrows))
    in_many = {name: where for name, where in shared.items() if len(where) > 3 and name not in MAY_BE_SHARED}
    named = [f"{name}: {', '.join(where)}" for name, where in shared.items()]
    longest = max(lines, key=lines.get)
    return [
        ("circles of files", len(circles), 0, [", ".join(circle) for circle in circles]),
        ("circles of modules of filters and src", len(rooms), 0, [", ".join(name for _, name in circle) for circle in rooms]),
        ("names of types defined in several places", len(shared), 20, named),
        ("names of types defined in more than three places", len(in_many), 0, list(in_many)),
        ("names with LONGEST or MOST", len(words), 0, words),
        ("comment lines with a headless who", *_counted(headless(files, HEADLESS_WHO), 0)),
        ("comment lines with a headless what", *_counted(headless(files, HEADLESS_WHAT), 0)),
        ("longest function, lines", long_functions[0][0], 60, [f"{place}: {length}" for length, place in long_functions if length > 60]),
        ("functions of more than 40 lines", sum(length > 40 for length, _ in long_functions), None,
         [f"{place}: {length}" for length, place in long_functions if length > 40]),
        ("functions", len(long_functions), None, []),
        ("longest file, lines", lines[longest], 400, [f"{path}: {length}" for path, length in lines.items() if length > 400]),
        ("files", len(files), None, []),
        ("lines of Rust that are no tests", sum(lines.values()), None, []),
        ("silent fallbacks on lengths", *_counted(silent_fallbacks(files), 0)),
    ]


def _counted(found, bound):
    return len(found), bound, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=rust_source.ROOT, help="the checkout to read")
    parser.add_argument("--commit", help="a commit to read instead")
    parser.add_argument("--verbose", action="store_true", help="say where each one is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = rust_source.at_commit(options.commit, folder, options.root) if options.commit else options.root
        rows = figures(root)
    for what, figure, bound, where in rows:
        too_many = bound is not None and figure > bound
        print(f"{what:50} {figure:7,} {'' if bound is None else f'{bound:7,}'}{'  <- too many' if too_many else ''}")
        if options.verbose or too_many:
            for place in where:
                print(f"    {place}")
    sys.exit(any(bound is not None and figure > bound for _, figure, bound, _ in rows))


if __name__ == "__main__":
    main()
