//! Two builds that give their images the same name, as runs of two branches do that build what
//! their steps run in.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use pilothouse_docker::{BuildSpec, Built};
use rustix::process::Signal;

use super::super::stage::{Stage, processes, wait_until};
use super::image::Base;

/// Begins a build of one project's image; it takes a moment.
fn begin(stage: &Stage, base: &Base, who: &str) -> (Child, PathBuf) {
    let dir = stage.path(who);
    std::fs::create_dir_all(&dir).unwrap();
    let text = format!("FROM {}\nRUN [\"/bin/sleep\", \"1\"]\nLABEL who={who}\n", base.name());
    std::fs::write(dir.join("Dockerfile"), text).unwrap();
    let built = stage.path(&format!("{who}.built"));
    let spec = BuildSpec {
        context: dir.clone(),
        within: dir,
        dockerfile: "Dockerfile".to_owned(),
        only: None,
        tag: base.name().replace(":base", ":steps"),
        labels: BTreeMap::from([(label(base), who.to_owned())]),
        ignores_check: false,
        memory: None,
        milli_cpus: None,
        known: None,
        cache: None,
        built: built.clone(),
        record: None,
        container: None,
    };
    let file = stage.path(&format!("{who}.json"));
    std::fs::write(&file, serde_json::to_vec(&spec).unwrap()).unwrap();
    let mut build = stage.binary();
    build.arg("build-image").arg(&file).stdin(Stdio::null()).stdout(Stdio::piped());
    (build.spawn().unwrap(), built)
}

/// A label of this test alone.
fn label(base: &Base) -> String {
    base.name().replace(":base", ".who")
}

fn id(built: &Path) -> String {
    serde_json::from_slice::<Built>(&std::fs::read(built).unwrap()).unwrap().id
}

#[test]
fn a_build_is_its_own_image_also_where_another_takes_its_name() {
    let base = Base::make("tag");
    let stage = Stage::new();
    let (mut first, first_built) = begin(&stage, &base, "first");
    let mut said = BufReader::new(first.stdout.take().unwrap()).lines();
    said.next().unwrap().unwrap();
    // It hears nothing for a while, as on a busy machine, and its image is made meanwhile.
    processes::signal(first.id(), Signal::STOP);
    wait_until(
        || "the first image is there".to_owned(),
        || base.labelled(&label(&base)).len() == 1,
    );
    let (second, second_built) = begin(&stage, &base, "second");
    let second = second.wait_with_output().unwrap();
    assert!(second.status.success(), "{second:?}");
    processes::signal(first.id(), Signal::CONT);
    let rest: Vec<String> = said.map(Result::unwrap).collect();
    assert!(first.wait().unwrap().success(), "{rest:?}");
    let ids = [id(&first_built), id(&second_built)];
    let who = base.labelled(&label(&base));
    assert_eq!(ids.each_ref().map(|id| who[id].as_str()), ["first", "second"]);
    for id in ids {
        base.remove_image(&id);
    }
}
