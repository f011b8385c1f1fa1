//! Damage in the store, rests of crashes, and removing.

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn later() -> SystemTime {
    SystemTime::now() + 2 * HOUR
}

fn prune(place: &Place, keep: &[Digest]) -> Result<Pruned, ArtifactError> {
    place.store.prune(&keep.iter().copied().collect(), HOUR, later())
}

#[test]
fn a_damaged_object_is_never_unpacked_and_sealing_again_heals_it() {
    let place = place();
    let tree = place.tree("tree");
    let sealed = place.seal(&tree).unwrap();
    let object = place.store.object_path(Digest::of(b"equal"));
    for damage in [&b"equaL"[..], b"equals", b"equ", b""] {
        fs::write(&object, damage).unwrap();
        for error in [
            place.store.verify(sealed.digest).unwrap_err(),
            place.store.unpack(sealed.digest, &place.path("release")).unwrap_err(),
        ] {
            assert!(matches!(&error, ArtifactError::Damaged { path, .. } if *path == object));
            assert!(error.to_string().contains("must not be used"), "{error}");
        }
        assert!(!place.path("release").exists());
        assert!(!place.path(".release.unpacking").exists());
        assert_eq!(place.seal(&tree).unwrap(), sealed);
        place.store.verify(sealed.digest).unwrap();
    }
    fs::remove_file(&object).unwrap();
    assert!(place.store.verify(sealed.digest).is_err());
}

#[test]
fn a_damaged_or_absent_manifest_is_told_apart() {
    let place = place();
    let sealed = place.seal(&place.tree("tree")).unwrap();
    let path = place.store.manifest_path(sealed.digest);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("f 644", "f 755")).unwrap();
    let error = place.store.unpack(sealed.digest, &place.path("release")).unwrap_err();
    assert!(matches!(error, ArtifactError::Damaged { .. }), "{error}");
    fs::remove_file(&path).unwrap();
    let error = place.store.verify(sealed.digest).unwrap_err();
    assert!(matches!(error, ArtifactError::Absent { .. }), "{error}");
}

#[test]
fn rests_of_a_crash_are_in_nobodys_way_and_go_later() {
    let place = place();
    let tree = place.tree("tree");
    let rest = place.path("store/tmp").join(format!("{}-0", std::process::id()));
    fs::create_dir(&rest).unwrap();
    fs::write(rest.join("object"), "half").unwrap();
    fs::create_dir_all(place.path(".release.unpacking/bin")).unwrap();
    fs::write(place.path(".release.unpacking/bin/server"), "half").unwrap();
    // An object that a crashed seal placed for a manifest that it never wrote.
    let lone = place.store.object_path(Digest::of(b"lone"));
    fs::create_dir_all(lone.parent().unwrap()).unwrap();
    fs::write(&lone, "lone").unwrap();
    let sealed = place.seal(&tree).unwrap();
    place.store.unpack(sealed.digest, &place.path("release")).unwrap();
    assert_eq!(fs::read(place.path("release/bin/server")).unwrap(), b"#!/bin/sh\n");
    assert!(!place.path(".release.unpacking").exists());
    let early = place.store.prune(&BTreeSet::new(), HOUR, SystemTime::now()).unwrap();
    assert_eq!(early, Pruned::default());
    assert!(rest.exists() && lone.exists());
    let pruned = prune(&place, &[sealed.digest]).unwrap();
    assert_eq!(pruned, Pruned { artifacts: 0, objects: 1, bytes: 4 });
    assert!(!rest.exists() && !lone.exists());
}

#[test]
fn what_is_not_kept_goes_and_what_is_shared_stays() {
    let place = place();
    let one = place.tree("one");
    let kept = place.seal(&one).unwrap();
    fs::write(one.join("share/b"), "only in the second").unwrap();
    let gone = place.seal(&one).unwrap();
    let manifest = place.manifest(gone.digest).len() as u64;
    let pruned = prune(&place, &[kept.digest]).unwrap();
    assert_eq!(pruned, Pruned { artifacts: 1, objects: 1, bytes: 18 + manifest });
    assert!(place.store.has(kept.digest) && !place.store.has(gone.digest));
    place.store.verify(kept.digest).unwrap();
    prune(&place, &[]).unwrap();
    assert_eq!(count(&place.path("store/objects")) + count(&place.path("store/manifests")), 0);
}

#[test]
fn an_unreadable_manifest_stops_the_removal_of_objects() {
    let place = place();
    let sealed = place.seal(&place.tree("tree")).unwrap();
    fs::write(place.store.manifest_path(sealed.digest), "?").unwrap();
    let error = prune(&place, &[sealed.digest]).unwrap_err();
    assert!(matches!(error, ArtifactError::Damaged { .. }), "{error}");
    assert_eq!(count(&place.path("store/objects")), 2);
}

#[test]
fn removing_waits_for_nobody_and_disturbs_nobody() {
    let place = place();
    let tree = place.tree("tree");
    let shared = place.store.share().unwrap();
    assert!(matches!(prune(&place, &[]).unwrap_err(), ArtifactError::Busy));
    let sealed = place.seal(&tree).unwrap();
    drop(shared);
    let _own = place.store.own().unwrap();
    let error = place.seal(&tree).unwrap_err();
    assert!(matches!(error, SealError::Store(ArtifactError::Busy)), "{error}");
    let error = place.store.verify(sealed.digest).unwrap_err();
    assert!(matches!(error, ArtifactError::Busy), "{error}");
}

#[test]
fn a_digest_has_one_form() {
    let digest = Digest::of(b"");
    let text = digest.to_string();
    assert_eq!(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(text.parse(), Ok(digest));
    let capital = text.to_uppercase();
    for bad in ["", &text[1..], &capital, "../../../../etc/passwd"] {
        assert_eq!(bad.parse::<Digest>(), Err(NotADigest));
    }
}
