use super::*;
use crate::store::redis::routes::slot;

#[test]
fn a_name_leads_back_to_its_key() {
    let keys = RedisKeys::new("post*seal:");
    for key in ["per-user:alice@example.com", "a:", "a", "a:{b", "a:b}c", "{x}:y", "r:x{1}:z", ":v", "", "r:ä"] {
        assert_eq!(keys.key(&keys.name(key)).as_deref(), Some(key), "{}", keys.name(key));
    }
    assert_eq!(keys.name("per-user:alice"), "post*seal:k:per-user:{alice}");
    assert_eq!(slot(&keys.name("per-user:alice")), slot(&keys.name("bytes:alice")));
    assert_eq!(keys.key("post*seal:trial:{0}"), None);
    assert_eq!(keys.key("post*seal:k:}{"), None);
    assert_eq!(keys.pattern(), "post\\*seal:k:*");
}
