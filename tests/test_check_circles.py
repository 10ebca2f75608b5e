"""The check for circles, held against small trees of files."""
import check_circles
import pytest
import rust_source

CRATE_ROOTS = {"protocol/src/lib.rs": "", "filters/src/lib.rs": "", "src/lib.rs": "", "src/main.rs": "fn main() {}"}


@pytest.fixture
def arrows(tmp_path):
    def read(**files):
        for path, text in {**CRATE_ROOTS, **{name.replace("__", "/") + ".rs": text for name, text in files.items()}}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return check_circles.Tree(tmp_path).arrows()
    return read


def wrong(found):
    return "\n".join(check_circles.report(found))


def test_two_files_that_use_each_other_are_a_circle_with_both_names(arrows):
    found = arrows(src__lib="mod a; mod b;", src__a="use crate::b::Bee;\npub struct Ant;",
                   src__b="use super::a;\npub struct Bee(a::Ant);")
    assert found == {("src/a.rs", "src/b.rs"): {"Bee": 1}, ("src/b.rs", "src/a.rs"): {"Ant": 2}}
    text = wrong(found)
    assert "circle of 2 files: src/a.rs, src/b.rs" in text
    assert "src/a.rs -> src/b.rs: Bee (line 1)" in text and "src/b.rs -> src/a.rs: Ant (line 2)" in text
    assert "circle of 2 modules of src: a, b" in text


def test_one_way_is_fine(arrows):
    found = arrows(src__lib="mod a; mod b;", src__a="use crate::b::{self, Bee as Be};", src__b="pub struct Bee;")
    assert list(found) == [("src/a.rs", "src/b.rs")] and not wrong(found)


def test_reexports_are_followed_to_the_definition(arrows):
    found = arrows(src__lib="mod a; mod b;", src__a="mod inner; pub use inner::Ant;", src__a__inner="pub struct Ant; use crate::Bee;",
                   src__b="use crate::a::Ant; pub struct Bee;")
    assert ("src/b.rs", "src/a/inner.rs") in found and ("src/b.rs", "src/a.rs") not in found
    found = arrows(src__lib="mod a; mod b; pub use b::Bee;", src__main="use postseal::Bee; fn main() {}")
    assert ("src/a/inner.rs", "src/b.rs") in found and ("src/main.rs", "src/b.rs") in found
    assert "circle of 2 files: src/a/inner.rs, src/b.rs" in wrong(found)


def test_a_part_may_use_its_whole_and_a_declaration_is_no_arrow(arrows):
    found = arrows(src__lib="mod a;", src__a="mod part; pub struct Ant; pub use part::Leg;", src__a__part="use super::Ant; pub struct Leg;")
    assert len(found) == 2 and not wrong(found)
    assert not arrows(src__a="mod part; pub struct Ant;", src__a__part="pub struct Leg;")


def test_circle_through_a_part(arrows):
    found = arrows(src__lib="mod a; mod b;", src__a="mod part; use part::Leg; pub struct Ant;",
                   src__a__part="use crate::b::Bee; pub struct Leg;", src__b="use crate::a::Ant; pub struct Bee;")
    assert "circle of 3 files: src/a.rs, src/a/part.rs, src/b.rs" in wrong(found)


@pytest.mark.parametrize("use", [
    "// use crate::b::Bee;", "/* use crate::b::Bee; /* */ */", 'const T: &str = "crate::b::Bee";', 'const T: &str = r#"" crate::b::Bee"#;',
    "#[cfg(test)]\nmod tests { use crate::b::Bee; }", "#[cfg(any(test, feature = \"testing\"))]\nuse crate::b::{Bee};",
    "#[cfg(test)]\nfn bee() -> crate::b::Bee { crate::b::Bee }", "const Q: char = '\"'; // crate::b::Bee\nconst R: char = '\"';",
    "fn f<'a>(b: &'a str) {} /// [`crate::b::Bee`]", "use std::fmt;"])
def test_comments_strings_and_tests_are_not_read(arrows, use):
    assert not arrows(src__lib="mod a; mod b;", src__a=use + "\npub struct Ant;", src__b="pub struct Bee;")


@pytest.mark.parametrize("use", [
    "fn f() { crate::b::Bee::new() }", "fn f() -> super::b::Bee {}", "#[cfg(unix)]\nuse crate::b::Bee;",
    "#[cfg(test)]\nuse std::fmt;\nuse crate::b::Bee;", "use crate::b;\nfn f() { b::Bee::new(); }", "fn f() { use crate::b::Bee; }",
    "use crate::b::r#Bee;", "use crate::b::Bee::*;", "mod inner { use crate::b::Bee; }", "use crate::{b::{Bee as Other}};",
    "const T: &str = \"\\\"\"; use crate::b::Bee;", "#[cfg(not(test))]\nuse crate::b::Bee;"])
def test_every_form_of_use_is_read(arrows, use):
    found = arrows(src__lib="mod a; mod b;", src__a=use, src__b="pub enum Bee { One }\nimpl Bee { pub fn new() {} }")
    assert [*found] == [("src/a.rs", "src/b.rs")] and "Bee" in found["src/a.rs", "src/b.rs"]


def test_types_that_macros_define_and_functions_beside_a_module_of_their_name(arrows):
    found = arrows(src__lib="mod a; pub mod b; pub use b::b;", src__a="use crate::b::Flags; use crate::b;\nfn f(_: b::Flags) { }",
                   src__b="bitflags! {\n    pub struct Flags: u32 { const A = 1; }\n}\npub fn b() {}")
    assert found["src/a.rs", "src/b.rs"] == {"Flags": 1}


@pytest.mark.parametrize("files, text", [
    ({"protocol__src__lib": "mod a;", "protocol__src__a": "use postseal_filters::b::Bee;", "filters__src__lib": "pub mod b;",
      "filters__src__b": "pub struct Bee;"}, "protocol/src/a.rs -> filters/src/b.rs: Bee (line 1): protocol/src may not use filters/src"),
    ({"filters__src__lib": "pub mod mail; pub mod store;", "filters__src__mail": "use crate::store::Store;",
      "filters__src__store": "pub struct Store;"}, "`mail` is the bottom"),
    ({"filters__src__lib": "mod dkim; mod sender;", "filters__src__dkim": "pub struct Key;",
      "filters__src__sender": "use crate::dkim::Key;"}, "filters do not know each other"),
    ({"filters__src__lib": "mod dkim; mod report;", "filters__src__dkim": "pub struct Key;",
      "filters__src__report": "use crate::dkim::Key;"}, "may not use one of them")])
def test_upward_arrows(arrows, files, text):
    assert text in wrong(arrows(**files))


def test_commit_of_the_review_had_eight_circles(tmp_path):
    commit = "11e6a9d"
    try:
        root = rust_source.at_commit(commit, tmp_path)
    except Exception:  # a shallow clone, or a release tarball
        pytest.skip(f"no commit {commit} here")
    found = check_circles.circles(check_circles.without_parts_to_wholes(check_circles.Tree(root).arrows()))
    assert sorted(len(circle) for circle in found) == [2, 2, 2, 3, 4, 5, 6, 6]
