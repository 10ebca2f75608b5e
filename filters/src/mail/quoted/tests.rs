use proptest::prelude::Strategy;

use super::*;

fn roles(rules: QuotingRules, text: &str) -> String {
    let mut scanner = QuoteScanner::new(rules);
    let letter = |c: char| match scanner.step(c) {
        QuotedRole::Open => '.',
        QuotedRole::Hidden => 'h',
        QuotedRole::Escaped => 'e',
        QuotedRole::Mark => 'm',
    };
    text.chars().map(letter).collect()
}

#[test]
fn each_reader_has_its_rules() {
    for (rules, text, expected) in [
        (QuotingRules::QuotedStrings, r#"a\"b\"c" (d)"#, "..mhmehm...."),
        (QuotingRules::QuotedStrings, r#"a\b"c\\""#, "...mhmem"),
        (QuotingRules::Comments, r#"("(\))")\a"#, "mhmmemhm.."),
        (QuotingRules::ListEntries, r#"\"("),"(",<"#, "memhm.mhm.."),
        (QuotingRules::GroupNames, r#"<a]:"[":(""#, "mhm.mhm.mm"),
        (QuotingRules::GroupNames, "ü)]é", ".mm."),
    ] {
        assert_eq!(roles(rules, text), expected, "{text}");
    }
}

/// Texts for holding new code against old.
pub(crate) fn text() -> impl Strategy<Value = String> {
    "[\"\\\\()<>\\[\\]@,;:a =?\n]{0,24}"
}
