"""The counts of the house, held against small files."""
import check_house
import pytest
import rust_source


@pytest.fixture
def files(tmp_path):
    def read(*texts):
        for number, text in enumerate(texts):
            path = tmp_path / "src" / f"f{number}.rs"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return rust_source.read(tmp_path)
    return read


@pytest.mark.parametrize("comment, number", [
    ("/// Who is told of it.", 1), ("// A screen for who has none.", 1), ("// It ends. Who waits goes on.", 1),
    ("//! Told to those who wait.", 0), ("// The client who\n// waits.", 0), ("// Whoever waits.", 0), ("// The list `who` of `for who`.", 0),
    ("// The place of\n// who waits.", 1), ("// For whom it is.", 1), ('let text = "for who";', 0)])
def test_headless_who(files, comment, number):
    assert len(check_house.headless(files(comment + "\n"), check_house.HEADLESS_WHO)) == number


@pytest.mark.parametrize("comment, number", [
    ("/// A list of what is read.", 1), ("/// What is read.", 0), ("// Knows of\n// what is read, and what not.", 1),
    ("// Tells what is read.", 0), ("#[cfg(test)]\nmod tests {\n    // A list of what is read.\n}", 0)])
def test_headless_what(files, comment, number):
    assert len(check_house.headless(files(comment + "\n"), check_house.HEADLESS_WHAT)) == number


def test_shared_names(files):
    read = files("pub struct State;\nstruct Settings;\nimpl T for State { type Value = u8; }", "enum State { A }\npub(crate) type Value = u8;",
                 "#[cfg(test)]\nmod tests { struct Value; }")
    assert [*check_house.shared_names(read)] == ["State"]


def test_length_of_functions(files):
    body = "    let a = [1; 2];\n" * 60
    found = check_house.functions(files(f"trait T {{ fn none(a: [u8; 2]); }}\nfn long(\n    a: u8,\n) {{\n{body}}}\nconst fn one() {{}}\n"))
    assert [(length, place.split()[1]) for length, place in found] == [(64, "long"), (1, "one")]


@pytest.mark.parametrize("code, number", [
    ("a.get(..n).unwrap_or_default()", 1), ("a\n    .get(n..)\n    .unwrap_or(b)", 1), ("a.split_at_checked(n).unwrap_or((a, &[]))", 1),
    ("map.get(&key).unwrap_or_default()", 0), ("a.get(..n)?", 0), ("// a.get(..n).unwrap_or_default()", 0)])
def test_silent_fallbacks(files, code, number):
    assert len(check_house.silent_fallbacks(files(f"fn f() {{ {code} }}"))) == number


def test_lines_of_tests_are_no_lines(files):
    (read,) = files("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n")
    assert read.production_lines() == [(1, "fn f() {}"), (2, "")]
