use super::*;

const GOOD: &str =
    " v=1; a=rsa-sha256; c=relaxed/simple; d=Example.COM;\n s=s1; h=from : To\n :to: subject; bh=YQ==; b=YWJj\n ZGVm";

#[test]
fn the_tags_of_a_signature_are_read() {
    let tags = SignatureTags::parse(GOOD.as_bytes()).unwrap();
    assert_eq!((tags.domain.as_str(), tags.relaxed, tags.expires), ("example.com", true, None));
    let names = [("from", 1), ("to", 2), ("subject", 1)];
    assert_eq!(tags.names, names.map(|(name, count)| (name.as_bytes().to_vec(), count)).into());
    for (more, expires) in [("; x=12", Some(12)), ("; x=99999999999999999999", Some(u64::MAX)), (" ; l=0;", None)] {
        assert_eq!(SignatureTags::parse(format!("{GOOD}{more}").as_bytes()).unwrap().expires, expires, "{more}");
    }
    for (form, relaxed) in [
        ("", false),
        ("c=simple;", false),
        ("c=relaxed;", true),
        ("c=relaxed/relaxed;", true),
        ("c=simple/relaxed;", false),
    ] {
        let value = GOOD.replace("c=relaxed/simple;", form);
        assert_eq!(SignatureTags::parse(value.as_bytes()).unwrap().relaxed, relaxed, "{form}");
    }
}

#[test]
fn what_no_verifier_accepts_is_no_signature() {
    for (from, to) in [
        ("v=1", "v=2"),
        ("v=1;", ""),
        ("rsa-sha256", "rsa-sha1"),
        ("a=rsa-sha256;", ""),
        ("Example.COM", "exa mple..com"),
        ("d=Example.COM;", ""),
        ("s=s1;", "s=;"),
        ("s=s1;", "s=s1; s=s1;"),
        ("from :", ""),
        ("bh=YQ==;", ""),
        ("; b=YWJj\n ZGVm", ""),
        ("YWJj\n ZGVm", ""),
        ("relaxed/simple", "relaxed/nofws"),
        ("relaxed/simple", "relaxed/simple/simple"),
        ("s=s1", "s=s1; i=@example.net"),
        ("s=s1", "s=s1; i=example.com"),
        ("s=s1", "s=s1; q=dns/other"),
        ("s=s1", "s=s1; x=soon"),
        ("s=s1", "s=s1; l=-1"),
        ("s=s1", "s=s1; ;"),
        ("s=s1", "s=s1; =1"),
        (GOOD, ""),
        (GOOD, "v=1"),
    ] {
        assert_eq!(SignatureTags::parse(GOOD.replace(from, to).as_bytes()), None, "{from} -> {to}");
    }
    for (from, to) in
        [("s=s1", "s=s1; i=a@b.example.com"), ("s=s1", "s=s1; q=dns/txt; z=x|y"), ("b=YWJj", "t=1; b=YWJj")]
    {
        assert!(SignatureTags::parse(GOOD.replace(from, to).as_bytes()).is_some(), "{from} -> {to}");
    }
}

#[test]
fn a_signature_does_not_cover_itself() {
    let folded = GOOD.replace("YWJj", "Y\n W J j");
    assert_eq!(without_signature(GOOD.as_bytes()), without_signature(folded.as_bytes()));
    assert_eq!(without_signature(b" b=abc; bh=x;b =y"), b" b=; bh=x;b =");
    assert_ne!(without_signature(b"bh=a"), without_signature(b"bh=b"));
}
