//! The sockets as files: modes, the dead, the living, and what is in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use pilothouse_engine::publish::PublishLimits;
use pilothouse_engine::server::{BindError, Bound, Door, ServeLimits, SocketSettings, SocketUse};
use tokio::net::UnixListener;

use super::house::House;

const DOORS: [Door; 3] = [Door::Operator, Door::Watch, Door::Trigger];

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn sockets_are_for_whom_they_are_meant() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = SocketSettings::personal(directory.path().join("a/b"));
    let bound = Bound::open(&settings).await.unwrap();
    assert_eq!(DOORS.map(|door| mode(&settings.path(door))), [0o600; 3]);
    assert_eq!(mode(&settings.directory), 0o700);
    drop(bound);
    assert!(DOORS.iter().all(|door| !settings.path(*door).exists()));
    let group = Some(nix::unistd::getgid().as_raw());
    settings.watch = SocketUse { mode: 0o666, group };
    let _bound = Bound::open(&settings).await.unwrap();
    let modes = DOORS.map(|door| mode(&settings.path(door)));
    assert_eq!(modes, [0o600, 0o666, 0o600]);
    assert_eq!(mode(&settings.directory), 0o711);
    let mut left: Vec<_> = fs::read_dir(&settings.directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let expected = ["engine.sock", "sockets.lock", "trigger.sock", "watch.sock"];
    assert_eq!(left, expected);
}

#[tokio::test]
async fn a_dead_engine_s_sockets_are_taken_over() {
    let mut house = House::open().await;
    house.close().await;
    for door in DOORS {
        drop(UnixListener::bind(house.settings.path(door)).unwrap());
    }
    house.serve().await;
    house.client(Door::Watch).state().await.unwrap();
}

#[tokio::test]
async fn a_living_engine_is_left_alone() {
    let house = House::open().await;
    let second = Bound::open(&house.settings).await.unwrap_err();
    assert!(matches!(second, BindError::AlreadyListens { .. }), "{second}");
    // One that knows of no lock is found by connecting to it.
    let directory = tempfile::tempdir().unwrap();
    let settings = SocketSettings::personal(directory.path());
    let _other = UnixListener::bind(settings.path(Door::Watch)).unwrap();
    let second = Bound::open(&settings).await.unwrap_err();
    assert!(matches!(second, BindError::AlreadyListens { .. }), "{second}");
    assert!(settings.path(Door::Watch).exists());
    house.client(Door::Operator).state().await.unwrap();
}

#[tokio::test]
async fn what_is_no_socket_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let settings = SocketSettings::personal(directory.path());
    fs::write(settings.path(Door::Operator), "precious").unwrap();
    let error = Bound::open(&settings).await.unwrap_err();
    assert!(matches!(error, BindError::NotASocket { .. }), "{error}");
    let kept = fs::read_to_string(settings.path(Door::Operator)).unwrap();
    assert_eq!(kept, "precious");
}

#[tokio::test]
async fn a_directory_that_others_write_to_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let settings = SocketSettings::personal(directory.path());
    let error = Bound::open(&settings).await.unwrap_err();
    assert!(matches!(error, BindError::UnsafeDirectory { .. }), "{error}");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let settings = SocketSettings::personal(directory.path().join("x".repeat(100)));
    let error = Bound::open(&settings).await.unwrap_err();
    assert!(error.to_string().contains("engine.sock"), "{error}");
}

#[tokio::test]
async fn a_socket_that_another_engine_put_there_is_not_removed() {
    let mut house = House::with(ServeLimits::default(), PublishLimits::default()).await;
    let path = house.settings.path(Door::Watch);
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    house.close().await;
    assert!(path.exists());
}
