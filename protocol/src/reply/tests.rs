use super::{Reply, ReplyError};

#[test]
fn codes_and_classes() {
    for (code, class) in [(400, 4), (421, 4), (499, 4), (500, 5), (599, 5)] {
        let reply = Reply::new(code, (class, 7, 999), "text").unwrap();
        assert_eq!((reply.code(), reply.enhanced()), (code, (class, 7, 999)));
        assert_eq!(reply.is_temporary(), class == 4);
    }
    for (code, enhanced) in [(451, (5, 0, 0)), (550, (4, 0, 0)), (550, (5, 1000, 0)), (550, (5, 0, 1000))] {
        let refused = Reply::new(code, enhanced, "text");
        assert!(matches!(refused, Err(ReplyError::EnhancedClass { .. })), "{code} {enhanced:?}");
    }
    let error = Reply::new(550, (4, 7, 1), "text").unwrap_err();
    assert_eq!(error.to_string(), "enhanced status code 4.7.1 does not fit reply code 550");
}

#[test]
fn number_and_length_of_lines() {
    let lines = |count: usize| Reply::multiline(550, (5, 7, 1), vec!["text".to_owned(); count]);
    assert_eq!(lines(0), Err(ReplyError::Lines(0)));
    assert_eq!(lines(32).unwrap().lines().len(), 32);
    assert_eq!(lines(33), Err(ReplyError::Lines(33)));
    assert!(Reply::new(550, (5, 7, 1), "x".repeat(480)).is_ok());
    assert_eq!(Reply::new(550, (5, 7, 1), "x".repeat(481)), Err(ReplyError::Text(1)));
    let second = Reply::multiline(550, (5, 7, 1), vec!["fine".into(), "b\u{e4}d".into()]);
    assert_eq!(second, Err(ReplyError::Text(2)));
}

#[test]
fn as_logs_want_it() {
    let reply = Reply::multiline(451, (4, 7, 1), vec!["100%".into(), "full".into()]).unwrap();
    assert_eq!(reply.to_string(), "451 4.7.1 100% full");
}
