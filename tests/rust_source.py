"""Reads Rust files as far as the checks of the house need it: without comments, strings and tests."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Name of a crate in Rust -> its folder.
CRATES = {"postseal_protocol": "protocol/src", "postseal_filters": "filters/src", "postseal": "src"}

TEST_FILE = re.compile(r"(^|/)(tests|testing)(\.rs$|/)")
TOKEN = re.compile(
    r"(?P<line>//[^\n]*)|(?P<block>/\*)|(?P<raw>b?c?r(?P<hashes>#*)\")|(?P<text>[bc]?\")"
    r"|(?P<letter>b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^\\'\n])')")


def production_files(root=ROOT):
    """Every Rust file of the three crates but tests.rs, tests/, testing.rs and testing/, as paths relative to root."""
    found = []
    for folder in CRATES.values():
        found += [path.relative_to(root).as_posix() for path in Path(root, folder).rglob("*.rs")]
    return sorted(path for path in found if not TEST_FILE.search(path))


def _spaces(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments_and_strings(text):
    """The same text, of the same length and with the same line ends; comments and literals are spaces."""
    out, at = [], 0
    while found := TOKEN.search(text, at):
        start, end = found.span()
        if found["block"]:
            depth, end = 1, start + 2
            while depth and (mark := re.compile(r"/\*|\*/").search(text, end)):
                depth += 1 if mark[0] == "/*" else -1
                end = mark.end()
            end = end if not depth else len(text)
        elif found["raw"]:
            close = text.find('"' + found["hashes"], end)
            end = len(text) if close < 0 else close + 1 + len(found["hashes"])
        elif found["text"]:
            close = re.compile(r'(?:[^"\\]|\\.)*"', re.S).match(text, end)
            end = close.end() if close else len(text)
        literal = _spaces(text[start:end])
        if not (found["line"] or found["block"]) and len(literal) > 1:
            literal = "_" + literal[1:]  # a literal stays a word, so that what stands beside it keeps its place
        out += [text[at:start], literal]
        at = end
    return "".join(out) + text[at:]


def _holds(predicate):
    """True, False or None for a cfg predicate with `test` and the feature `testing` off and all else unknown."""
    predicate = predicate.strip()
    call = re.fullmatch(r"(all|any|not)\s*\((.*)\)", predicate, re.S)
    if not call:
        if predicate == "test" or re.fullmatch(r'feature\s*=\s*"testing"', predicate):
            return False
        return None
    parts, depth, part = [], 0, ""
    for sign in call[2] + ",":
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += sign
    values = [_holds(part) for part in parts if part.strip()]
    if call[1] == "not":
        return None if values[0] is None else not values[0]
    decides = call[1] == "any"
    return decides if decides in values else None if None in values else not decides


def _matching(text, at):
    """The index after the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(text)):
        depth += (text[index] in "([{") - (text[index] in ")]}")
        if not depth:
            return index + 1
    return len(text)


def _item_end(text, at):
    """The index after the item that begins at `at`: an item, a field, a variant or an arm."""
    while opened := re.compile(r"\s*#\[").match(text, at):
        at = _matching(text, opened.end() - 1)
    word = re.compile(r"\s*(?:pub(?:\s*\([^)]*\))?\s+)?(\w*)").match(text, at)
    to_semicolon = word[1] in {"use", "let", "const", "static", "type"} and not re.match(
        r"\s*(?:pub(?:\([^)]*\))?\s+)?const\s+(?:unsafe\s+|async\s+)*fn\b", text[at:at + 80])
    is_item = to_semicolon or word[1] in {
        "const", "fn", "mod", "impl", "struct", "enum", "union", "trait", "async", "unsafe", "extern", "macro_rules"}
    index = word.end()
    while index < len(text):
        sign = text[index]
        if sign in "([{":
            index = _matching(text, index)
            if sign == "{" and not to_semicolon:
                return index
            continue
        if sign in ")]}":
            return index
        if sign == ";" or sign == "," and not is_item:
            return index + 1
        index += 1
    return index


def test_spans(text, plain):
    """Where the items stand that are compiled for tests only; `plain` is `text` without comments and strings."""
    spans = []
    for found in re.finditer(r"#(!?)\[\s*cfg\s*\(", plain):
        if spans and found.start() < spans[-1][1]:
            continue
        end = _matching(plain, found.end() - 1)
        if _holds(text[found.end():end - 1]) is not False:
            continue
        if found[1]:
            return [(0, len(text))]
        spans.append((found.start(), _item_end(plain, _matching(plain, plain.index("[", found.start())))))
    return spans


class RustFile:
    """A production file: `text` as it is, `code` without comments, strings and items for tests (same offsets)."""

    def __init__(self, root, path):
        self.path = path
        self.text = Path(root, path).read_text()
        plain = without_comments_and_strings(self.text)
        self.test_spans = test_spans(self.text, plain)
        for start, end in self.test_spans:
            plain = plain[:start] + _spaces(plain[start:end]) + plain[end:]
        self.code = plain

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def inline_test_lines(self):
        """Numbers of the lines of modules `mod tests { .. }` with their attribute."""
        lines = set()
        for start, end in self.test_spans:
            if re.search(r"\bmod\s+\w+\s*\{", self.text[start:end]):
                lines.update(range(self.line_of(start), self.line_of(end - 1) + 1))
        return lines

    def production_lines(self):
        """(number, text) of each line that does not belong to an inline test module."""
        cut = self.inline_test_lines()
        return [(number, line) for number, line in enumerate(self.text.splitlines(), 1) if number not in cut]


def read(root=ROOT, paths=None):
    return [RustFile(root, path) for path in (production_files(root) if paths is None else paths)]


def at_commit(commit, folder, root=ROOT):
    """Unpacks the three crates of a commit below `folder`, which is then a root for the other functions."""
    archive = subprocess.run(["git", "-C", str(root), "archive", commit, *CRATES.values()], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return Path(folder)
