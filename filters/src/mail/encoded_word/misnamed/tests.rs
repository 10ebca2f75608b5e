use super::*;

fn texts(value: &str, others: bool) -> Vec<Option<String>> {
    misnamed(value.as_bytes()).iter().map(|words| words.text(others).map(str::to_owned)).collect()
}

#[test]
fn words_that_are_utf_8() {
    for (value, text) in [
        (" =?us-ascii?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (" =?unknown-8bit?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (" =?x-unknown?B?R3LDvMOfZQ==?=", "Grüße"),
        (" =?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),
        (" =?UTF-8?Q?Gr=C3?=\n\t=?utf-8?B?vMOf?=", "Grüß"),
    ] {
        assert_eq!(texts(value, false), [Some(text.to_owned())], "{value}");
    }
    for value in [" =?iso-8859-1?Q?J=C3=B6rg?= <a@b>", " =?iso-8859-1?Q?J=C3?= =?iso-8859-1?Q?=B6rg?="] {
        assert_eq!(texts(value, false), [None]);
        assert_eq!(texts(value, true), [Some("Jörg".to_owned())]);
    }
}

#[test]
fn words_that_are_right_or_something_else() {
    for value in [
        " =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
        " =?iso-8859-1?Q?Gruesse?= =?us-ascii?Q?aus?=",
        " =?gb2312?B?xOO6ww==?=",
        " =?utf-8?X?=C3?=",
        " =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=",
    ] {
        assert!(misnamed(value.as_bytes()).is_empty(), "{value}");
    }
    for value in [
        " =?iso-8859-1?Q?J=F6rg?=", " =?us-ascii?Q?J=F6rg?=", " =?utf-8?Q?Gr=C3?= and =?utf-8?Q?=BC?=",
        " =?iso-8859-2?Q?SP=D3=A3KA?=", " =?unknown?Q?SP=D3=A3KA?=", " =?us-ascii?Q?=C3=BC=0D=0A?=",
    ] {
        assert!(texts(value, true).iter().all(Option::is_none), "{value}");
    }
}
