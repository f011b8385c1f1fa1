//! Lists that are open while what they tell changes.

use pilothouse_api::types::Access;
use pilothouse_cockpit::model::Dialog;
use pilothouse_cockpit::{Model, Msg, update};
use pilothouse_core::id::ReleaseNumber;
use pilothouse_core::instance::Role;
use pilothouse_core::state::{Fate, State};

use crate::fixture::{key, normal, operator, press, snapshot, text};

/// The lines of the open list, and the selected one.
fn rows(model: &Model) -> (Vec<String>, Option<String>) {
    let Some(Dialog::List(list)) = &model.ui.dialog else {
        panic!("no list is open");
    };
    let line = |row: &pilothouse_cockpit::model::ListRow| format!("{}: {}", row.key, row.text);
    (list.rows.iter().map(line).collect(), list.selected().map(|row| row.key.clone()))
}

/// A state in which the release before serves beside the new one still.
fn shifted() -> State {
    let mut state = normal();
    let production = key("production");
    for instance in state.instances.values_mut() {
        if instance.environment == production && instance.release == ReleaseNumber(40) {
            instance.role = Role::Active;
        }
    }
    state
}

#[test]
fn where_a_deployment_moves_traffic_both_releases_serve() {
    let mut model = operator(shifted(), 80, 24);
    press(&mut model, "jxp");
    let (rows, _) = rows(&model);
    assert!(rows.contains(&"production: serves r40 and r41".to_owned()), "{rows:?}");
}

#[test]
fn an_open_list_follows_what_is_known_and_keeps_its_line() {
    let mut model = operator(normal(), 80, 24);
    press(&mut model, "jxp<Down>");
    let (before, selected) = rows(&model);
    assert_eq!(selected.as_deref(), Some("production"));
    assert!(before.contains(&"production: serves r41".to_owned()), "{before:?}");
    let mut state = shifted();
    state.environments.remove(&key("development"));
    update(&mut model, Msg::Snapshot(Box::new(snapshot(state, Access::Operator))));
    let (after, selected) = rows(&model);
    assert_eq!(after, ["production: serves r40 and r41"]);
    assert_eq!(selected.as_deref(), Some("production"), "{}", text(&model));
}

#[test]
fn a_release_that_turned_out_bad_is_gone_back_to_no_more() {
    let mut model = operator(normal(), 80, 24);
    press(&mut model, "xB");
    let (before, _) = rows(&model);
    assert!(!before.is_empty());
    let mut state = normal();
    let production = state.environments.get_mut(&key("production")).unwrap();
    for release in production.releases.values_mut() {
        release.fate = Fate::Untried;
    }
    update(&mut model, Msg::Snapshot(Box::new(snapshot(state, Access::Operator))));
    assert_eq!(rows(&model), (Vec::new(), None));
}
