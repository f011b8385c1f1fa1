//! Keeps what is shown in step with what is known: filtered rows, cursors, windows.

use pilothouse_core::deployment::EnvironmentKey;
use pilothouse_core::instance::Role;
use ratatui::layout::Rect;

use crate::layout::{first_row, layout};
use crate::model::{JobRef, Model, Pane, RowKey, WatchedRef};
use crate::rows::{self, words};

/// Brings rows, cursors and windows in step.
pub(super) fn refresh(model: &mut Model) {
    if model.index.shown.is_stale || model.index.shown.filters != model.ui.filters {
        branches(model);
        jobs(model);
    }
    cursor(model, Pane::Branches);
    let scope = model.scope().cloned();
    let shown = &model.index.shown;
    let listed = (model.others.at, model.fresh_others().len());
    let is_same = shown.filters == model.ui.filters
        && shown.scope == scope
        && shown.order == model.ui.order
        && shown.listed == listed;
    if shown.is_stale || shown.is_moved || !is_same {
        instances(model, scope);
        let shown = &mut model.index.shown;
        shown.filters.clone_from(&model.ui.filters);
        (shown.order, shown.listed) = (model.ui.order, listed);
        (shown.is_stale, shown.is_moved) = (false, false);
    }
    for pane in Pane::ALL {
        cursor(model, pane);
    }
    windows(model);
}

fn wanted(filter: &str) -> Vec<String> {
    filter.split_whitespace().map(str::to_lowercase).collect()
}

fn branches(model: &mut Model) {
    let wanted = wanted(&model.ui.filters[Pane::Branches as usize]);
    let places = 0..model.index.branches.len();
    model.index.shown.branches = if wanted.is_empty() {
        places.collect()
    } else {
        places
            .filter(|place| {
                let row = &model.index.branches[*place];
                fits(&rows::branches::row(model, row).text(), &wanted)
            })
            .collect()
    };
}

fn jobs(model: &mut Model) {
    let filter = model.ui.filters[Pane::Jobs as usize].clone();
    let wanted = wanted(&filter);
    let index = &model.index;
    if wanted.is_empty() {
        let ended = index.ended.iter().rev().map(|(_, job)| *job);
        model.index.shown.jobs = index.live.iter().copied().chain(ended).collect();
        return;
    }
    let fits = |job: &JobRef| fits(&haystack(model, *job), &wanted);
    let (looked, by) = &index.shown.looked;
    let known = if *by == filter { *looked } else { 0 };
    let new = index.ended.iter().skip(known).map(|(_, job)| *job);
    let mut hits: Vec<JobRef> = new.filter(|job| fits(job)).collect();
    if known > 0 {
        hits.splice(0..0, index.shown.hits.iter().copied());
    }
    let mut jobs: Vec<JobRef> = index.live.iter().copied().filter(fits).collect();
    jobs.extend(hits.iter().rev());
    let shown = &mut model.index.shown;
    (shown.jobs, shown.hits) = (jobs, hits);
    shown.looked = (model.index.ended.len(), filter);
}

fn instances(model: &mut Model, scope: Option<EnvironmentKey>) {
    let find = |pane: Pane| -> Vec<usize> {
        let wanted = wanted(&model.ui.filters[pane as usize]);
        (0..model.index.instances.len())
            .filter(|place| {
                let (key, _) = &model.index.instances[*place];
                scope.as_ref().is_none_or(|scope| scope == key)
            })
            .filter(|place| {
                let instance = model.instance_at(*place);
                instance.is_some_and(|instance| {
                    let known = pane == Pane::Containers || instance.role != Role::None;
                    known
                        && (wanted.is_empty()
                            || fits(&rows::containers::haystack(model, instance), &wanted))
                })
            })
            .collect()
    };
    let (mut containers, targets) = (find(Pane::Containers), find(Pane::Targets));
    model.ui.order.sort(model, &mut containers);
    let wanted = wanted(&model.ui.filters[Pane::Containers as usize]);
    let others = model.fresh_others().iter().enumerate();
    let others = others
        .filter(|(_, other)| wanted.is_empty() || fits(&rows::others::haystack(other), &wanted))
        .map(|(place, _)| place)
        .collect();
    let watched = [Pane::Containers, Pane::Targets].map(|pane| {
        let wanted = self::wanted(&model.ui.filters[pane as usize]);
        let mut rows = model.watched_rows(pane);
        if !wanted.is_empty() {
            rows.retain(|place| {
                let row = rows::watched::row(model, place);
                row.is_some_and(|row| fits(&row.text(), &wanted))
            });
        }
        rows
    });
    let shown = &mut model.index.shown;
    shown.watched = watched;
    (shown.containers, shown.others, shown.targets) = (containers, others, targets);
    shown.scope = scope;
}

/// The text of a job that its filter looks at; cheaper than its row, because all are looked at.
fn haystack(model: &Model, job: JobRef) -> String {
    match (model.run_of(job), model.deployment_of(job)) {
        (Some(run), _) => {
            let environment = run.environment.as_ref().map_or("", |name| name.as_str());
            let (_, word) = words::run(run);
            format!(
                "{} {} {environment} {} {} {word}",
                run.id,
                run.branch,
                run.commit.short(),
                run.subject
            )
        }
        (None, Some(deployment)) => {
            let (_, word) = words::deployment(model, deployment);
            let key = &deployment.environment;
            let (place, _) = words::place(model, key);
            format!("{} {} {key} {place} {word}", deployment.id, deployment.release)
        }
        (None, None) => String::new(),
    }
}

/// Whether a text holds all words, which are in lower case.
fn fits(text: &str, words: &[String]) -> bool {
    let text = if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() };
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Finds the selected thing again; where it is gone, what took its place is selected.
fn cursor(model: &mut Model, pane: Pane) {
    let length = model.len(pane);
    let place = pane as usize;
    let Some(key) = model.ui.cursors[place].key.clone() else {
        model.ui.cursors[place].row = 0;
        return;
    };
    let row = model.ui.cursors[place].row;
    let found = if model.row_key(pane, row).as_ref() == Some(&key) {
        Some(row)
    } else {
        find(model, pane, &key)
    };
    let row = found.unwrap_or_else(|| row.min(length.saturating_sub(1)));
    model.ui.cursors[place].row = row;
    if found.is_none() && length > 0 {
        model.ui.cursors[place].key = model.row_key(pane, row);
    }
}

fn find(model: &Model, pane: Pane, key: &RowKey) -> Option<usize> {
    let (index, shown) = (&model.index, &model.index.shown);
    let instance = |places: &[usize]| {
        places.iter().position(|place| {
            let id = index.instances.get(*place).map(|(_, id)| id);
            matches!(key, RowKey::Instance(own) if Some(own) == id)
        })
    };
    let watched = || {
        let RowKey::Watched(_, name) = key else { return None };
        let is_it = |row: &WatchedRef| model.watched_name(row).as_ref() == Some(name);
        shown.watched(pane).iter().position(is_it)
    };
    match pane {
        Pane::Branches => shown.branches.iter().position(
            |place| matches!(key, RowKey::Branch(own) if index.branches.get(*place) == Some(own)),
        ),
        Pane::Jobs => {
            shown.jobs.iter().position(|job| matches!(key, RowKey::Job(own) if own == job))
        }
        Pane::Containers => instance(&shown.containers)
            .or_else(|| Some(shown.containers.len() + watched()?))
            .or_else(|| {
                let RowKey::Other(name) = key else { return None };
                let is_it =
                    |place: &usize| model.other_at(*place).is_some_and(|one| one.name == *name);
                let above = shown.containers.len() + shown.watched(pane).len();
                Some(above + shown.others.iter().position(is_it)?)
            }),
        Pane::Targets => {
            instance(&shown.targets).or_else(|| Some(shown.targets.len() + watched()?))
        }
        Pane::Cost => match key {
            RowKey::Cost(row) => Some(*row).filter(|row| *row < model.len(pane)),
            RowKey::Branch(_)
            | RowKey::Job(_)
            | RowKey::Instance(_)
            | RowKey::Other(_)
            | RowKey::Watched(..) => None,
        },
    }
}

fn windows(model: &mut Model) {
    let area = Rect::new(0, 0, model.ui.width, model.ui.height);
    let layout = layout(model, area);
    for pane in Pane::ALL {
        let height = usize::from(layout.inner(pane).height);
        if height > 0 {
            model.ui.cursors[pane as usize].top = first_row(model, pane, height);
        }
    }
}
