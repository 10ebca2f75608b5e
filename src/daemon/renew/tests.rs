use std::sync::mpsc;

use super::*;

#[tokio::test]
async fn a_load_that_hangs_leaves_room_for_the_next_ones() {
    let loads = Arc::default();
    let patience = Some(Duration::from_millis(20));
    let mut hung = Vec::new();
    for _ in 0..MAX_HUNG_LOADS {
        let (release, hang) = mpsc::channel::<()>();
        hung.push(release);
        let load = move || -> Result<(), ConfigError> {
            let _ = hang.recv();
            Ok(())
        };
        let error = in_time(Arc::clone(&loads), patience, load).await.unwrap_err().to_string();
        assert!(error.starts_with("not loaded within 20ms (reload.timeout)"), "{error}");
        if hung.len() < MAX_HUNG_LOADS {
            assert_eq!(in_time(Arc::clone(&loads), None, || Ok(7)).await.unwrap(), 7, "the next load works");
        }
    }
    let error = in_time(Arc::clone(&loads), None, || Ok(7)).await.unwrap_err().to_string();
    assert!(error.starts_with("4 earlier loads still wait"), "{error}");
    drop(hung);
    while Arc::strong_count(&loads) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(in_time(loads, None, || Ok(7)).await.unwrap(), 7);
}

#[tokio::test]
async fn a_load_that_panics_is_an_error() {
    let load = || -> Result<(), ConfigError> { panic!("as a test of the load") };
    let error = in_time(Arc::default(), None, load).await.unwrap_err().to_string();
    assert_eq!(error, "the load has ended without a result");
}
