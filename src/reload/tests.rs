use super::*;

fn config(text: &str) -> Config {
    toml_edit::de::from_str(text).unwrap()
}

#[test]
fn what_only_a_restart_changes_is_named_and_kept() {
    let old = config(
        "[[listener]]\nname = \"a\"\naddress = \"inet:127.0.0.1:1\"\n\
         [[listener]]\nname = \"b\"\naddress = \"unix:/run/b\"\n[limits]\nconnections = 10",
    );
    let mut new = config(
        "[[listener]]\nname = \"a\"\naddress = \"inet:127.0.0.1:2\"\nrole = \"mx\"\n\
         [[listener]]\nname = \"c\"\naddress = \"unix:/run/b\"\n[limits]\nconnections = 20\nrecipients = 5\n\
         [admin]\naddress = \"none\"",
    );
    assert_eq!(
        needs_restart(&old, &new),
        ["listener `a`: address", "listener `b` is gone", "listener `c` is new", "admin", "limits.connections"]
    );
    keep_what_needs_restart(&old, &mut new);
    assert!(needs_restart(&old, &new).is_empty());
    assert_eq!(new.limits.recipients, 5);
}
