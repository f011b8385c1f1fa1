//! Reading logs of any length through a window.

use pilothouse_api::types::{LogLine, LogPage, Stream};
use pilothouse_cockpit::model::{LOG_LINES, LogSource, LogView, View, log_holds};
use pilothouse_cockpit::msg::{Input, LogAt, LogNews, LogWhat};
use pilothouse_cockpit::{Model, Msg, Request, update};
use pilothouse_core::id::RunId;

use crate::fixture::{NOW, ago, normal, operator, press, text};

const RUN: LogSource = LogSource::Run(RunId(86));
/// Lines of a page, as of the engine.
const PAGE: u64 = 2_000;

fn line(number: u64, step: u32) -> LogLine {
    LogLine {
        step,
        at: ago(100),
        stream: if number % 10 == 9 { Stream::Err } else { Stream::Out },
        text: format!("line {number} 컴파일 중 \x1b[31mred"),
    }
}

fn page(from: u64, count: u64, step: u32) -> LogPage {
    LogPage {
        lines: (from..from + count).map(|number| line(number, step)).collect(),
        next: (from + count).to_string(),
        first: from.to_string(),
        open: true,
        ..LogPage::default()
    }
}

fn tell(model: &mut Model, what: LogWhat, page: LogPage) -> Vec<Request> {
    update(model, Msg::Log(LogNews { source: RUN, what, page: Ok(page) }))
}

fn log(width: u16, height: u16, pages: Vec<LogPage>) -> Model {
    let mut model = operator(normal(), width, height);
    press(&mut model, "jl");
    for page in pages {
        tell(&mut model, LogWhat::Followed, page);
    }
    model
}

/// An engine with a log of three steps, the last of which has most of the lines.
struct Engine {
    lines: u64,
}

impl Engine {
    fn step(number: u64) -> u32 {
        match number {
            0..100 => 0,
            100..5_000 => 1,
            _ => 2,
        }
    }

    fn range(&self, from: u64, to: u64) -> LogPage {
        LogPage {
            lines: (from..to).map(|number| line(number, Self::step(number))).collect(),
            next: to.to_string(),
            first: from.to_string(),
            open: to < self.lines,
            older: from > 0,
            skipped: 0,
        }
    }

    /// Does what was asked for, until nothing more is.
    fn answer(&self, model: &mut Model, mut requests: Vec<Request>) {
        let place = |text: &str| text.parse::<u64>().unwrap();
        while let Some(request) = requests.pop() {
            let (what, page) = match request {
                Request::OpenLog { after, .. } => {
                    let from =
                        after.map_or(self.lines.saturating_sub(10_000), |after| place(&after));
                    (LogWhat::Followed, self.range(from, self.lines))
                }
                Request::ReadLog { at, .. } => {
                    let page = match &at {
                        LogAt::Start | LogAt::Step(0) => self.range(0, PAGE),
                        LogAt::Step(1) => LogPage { older: false, ..self.range(100, 2_100) },
                        LogAt::Step(_) => LogPage { older: false, ..self.range(5_000, 7_000) },
                        LogAt::End => self.range(self.lines - 10_000, self.lines),
                        LogAt::Before(to) => self.range(place(to).saturating_sub(PAGE), place(to)),
                        LogAt::After(from) => {
                            self.range(place(from), (place(from) + PAGE).min(self.lines))
                        }
                    };
                    (LogWhat::Read(at), page)
                }
                Request::SearchLog { search, .. } => {
                    let from = place(&search.from);
                    let forwards = (from..self.lines).chain(0..from);
                    let fits = |number: &u64| log_holds(&line(*number, 0).text, &search.text);
                    let hit = if search.forwards {
                        { forwards }.find(fits)
                    } else {
                        forwards.rev().find(fits)
                    };
                    let Some(hit) = hit else {
                        let over = Msg::LogSought { source: RUN, lines: self.lines, is_over: true };
                        requests.extend(update(model, over));
                        continue;
                    };
                    let start = hit / PAGE * PAGE;
                    let found = usize::try_from(hit - start).unwrap();
                    let page = self.range(start, (start + PAGE).min(self.lines));
                    (LogWhat::Found(found), page)
                }
                Request::HoldLog | Request::StopSearch | Request::CloseLog => continue,
                other => panic!("{other:?}"),
            };
            requests.extend(tell(model, what, page));
        }
    }

    fn press(&self, model: &mut Model, keys: &str) -> String {
        let requests = press(model, keys);
        self.answer(model, requests);
        let Some(View::Log(log)) = model.ui.views.last() else { panic!("no log") };
        assert!(log.end() - log.start() <= LOG_LINES as u64 + PAGE);
        text(model)
    }
}

fn long_log() -> (Engine, Model) {
    let engine = Engine { lines: 1_000_000 };
    let mut model = operator(normal(), 80, 24);
    engine.press(&mut model, "jl");
    (engine, model)
}

fn open(model: &Model) -> &LogView {
    let Some(View::Log(log)) = model.ui.views.last() else { panic!("no log") };
    log
}

#[test]
fn logs() {
    insta::assert_snapshot!("log", text(&log(80, 16, vec![page(0, 6, 0), page(6, 3, 1)])));
    let mut searched = log(80, 16, vec![page(0, 200, 0)]);
    press(&mut searched, "g/LINE 15<Enter>nt");
    insta::assert_snapshot!("log_search", text(&searched));
    insta::assert_snapshot!("log_empty", text(&log(80, 10, Vec::new())));
}

#[test]
fn a_long_log_never_counts_what_it_does_not_have() {
    let (engine, mut model) = long_log();
    let screen = text(&model);
    assert!(
        screen.contains("line 999999 ") && screen.contains("older lines not loaded"),
        "{screen}"
    );
    assert!(!screen.contains("10000 lines") && !screen.contains("complete"), "{screen}");
    // Where what is here begins, it says that it is not the beginning.
    let top = open(&model).start();
    let View::Log(log) = model.ui.views.last_mut().unwrap() else { panic!("no log") };
    log.go(top);
    let screen = text(&model);
    assert!(screen.contains("older lines are not loaded; k loads them"), "{screen}");
    let screen = engine.press(&mut model, "g");
    assert!(screen.contains("newer lines not loaded") && screen.contains("line 0 "), "{screen}");
}

#[test]
fn every_line_of_a_long_log_is_reached() {
    let (engine, mut model) = long_log();
    update(&mut model, Msg::Input(Input::Resize { width: 80, height: 100 }));
    let screen = engine.press(&mut model, "g");
    assert!(screen.contains("line 0 ") && screen.contains("build compile"), "{screen}");
    let mut seen = Vec::new();
    for _ in 0..600 {
        seen.push(open(&model).first(76, 96).line);
        engine.press(&mut model, "<PageDown>");
    }
    assert!(seen.windows(2).all(|two| two[1] > two[0]), "a page is left out or comes twice");
    assert!(text(&model).contains("line 57"), "{}", text(&model));
    let screen = engine.press(&mut model, "G");
    assert!(screen.contains("line 999999 "), "{screen}");
    for _ in 0..600 {
        engine.press(&mut model, "<PageUp>");
    }
    assert!(text(&model).contains("line 942"), "{}", text(&model));
}

#[test]
fn a_search_goes_on_where_nothing_is_loaded() {
    let (engine, mut model) = long_log();
    let screen = engine.press(&mut model, "/line 123456 <Enter>");
    assert!(screen.contains("▸line 123456 "), "{screen}");
    let screen = engine.press(&mut model, "/line 5 <Enter>");
    assert!(screen.contains("▸line 5 "), "{screen}");
    let screen = engine.press(&mut model, "/nowhere<Enter>");
    assert!(screen.contains("\"nowhere\" is not in this log"), "{screen}");
    let requests = press(&mut model, "/nowhere<Enter>");
    assert!(matches!(requests[..], [Request::SearchLog { .. }]));
    update(&mut model, Msg::LogSought { source: RUN, lines: 64_000, is_over: false });
    let screen = text(&model);
    assert!(screen.contains("searching, 64000 lines read · Esc stops"), "{screen}");
    assert_eq!(press(&mut model, "<Esc>"), [Request::StopSearch]);
    assert!(matches!(model.ui.views.last(), Some(View::Log(_))), "Esc stops the search alone");
    // What is found here at once ends a search for something else, whose answer is too late.
    let requests = press(&mut model, "/nowhere<Enter>");
    assert!(matches!(requests[..], [Request::SearchLog { .. }]));
    assert_eq!(press(&mut model, "/line<Enter>"), [Request::StopSearch]);
    update(&mut model, Msg::LogSought { source: RUN, lines: 1_000_000, is_over: true });
    let screen = text(&model);
    assert!(!screen.contains("searching") && !screen.contains("is not in this log"), "{screen}");
}

#[test]
fn a_search_that_goes_on_is_not_begun_anew_for_the_same() {
    let (_, mut model) = long_log();
    let forwards = |requests: &[Request]| match requests {
        [Request::SearchLog { search, .. }] => search.forwards,
        other => panic!("{other:?}"),
    };
    assert!(forwards(&press(&mut model, "/nowhere<Enter>")));
    update(&mut model, Msg::LogSought { source: RUN, lines: 64_000, is_over: false });
    assert_eq!(press(&mut model, "n"), []);
    assert!(text(&model).contains("searching, 64000 lines read"), "{}", text(&model));
    assert!(!forwards(&press(&mut model, "N")));
}

#[test]
fn whoever_goes_to_the_end_searches_no_more() {
    let (engine, mut model) = long_log();
    engine.press(&mut model, "g");
    let requests = press(&mut model, "/nowhere<Enter>");
    assert!(matches!(requests[..], [Request::SearchLog { .. }]));
    update(&mut model, Msg::LogSought { source: RUN, lines: 64_000, is_over: false });
    assert!(text(&model).contains("searching, 64000 lines read"), "{}", text(&model));
    // The log is opened anew, which ends the search.
    assert!(matches!(press(&mut model, "G")[..], [Request::OpenLog { .. }]));
    assert!(!text(&model).contains("searching"), "{}", text(&model));
    let requests = press(&mut model, "n");
    assert!(matches!(requests[..], [Request::SearchLog { .. }]), "{requests:?}");
    // Also where the end is here already.
    let (_, mut model) = long_log();
    press(&mut model, "/nowhere<Enter>");
    assert!(press(&mut model, "G").contains(&Request::StopSearch));
}

#[test]
fn matches_and_steps_are_hinted_at_where_there_are_some() {
    let footer = |model: &Model| text(model).lines().last().unwrap_or_default().to_owned();
    let mut model = log(120, 24, vec![page(0, 50, 0), page(50, 50, 1)]);
    press(&mut model, "g");
    assert!(footer(&model).contains("] next step"), "{}", footer(&model));
    assert!(!footer(&model).contains("next match"), "{}", footer(&model));
    press(&mut model, "/line 7<Enter>G");
    assert!(footer(&model).contains("n next match"), "{}", footer(&model));
    assert!(!footer(&model).contains("next step"), "{}", footer(&model));
}

#[test]
fn steps_are_reached_where_nothing_is_loaded() {
    let (engine, mut model) = long_log();
    assert!(engine.press(&mut model, "[").contains("line 5000 "));
    assert!(engine.press(&mut model, "[").contains("line 100 "));
    assert!(engine.press(&mut model, "[").contains("line 0 "));
    assert!(engine.press(&mut model, "[").contains("no further step"));
    assert!(engine.press(&mut model, "]").contains("line 100 "));
    assert!(engine.press(&mut model, "]").contains("line 5000 "));
}

#[test]
fn the_end_is_followed_only_while_it_is_here() {
    let (_, mut model) = long_log();
    assert!(matches!(press(&mut model, "g")[..], [Request::ReadLog { at: LogAt::Start, .. }]));
    let first = Engine { lines: 1_000_000 }.range(0, PAGE);
    let requests = tell(&mut model, LogWhat::Read(LogAt::Start), first);
    assert_eq!(requests, [Request::HoldLog]);
    tell(&mut model, LogWhat::Followed, page(1_000_000, 1, 2));
    assert!(!text(&model).contains("line 1000000"));
}

#[test]
fn a_page_that_does_not_fill_the_screen_is_followed_by_the_next() {
    let (_, mut model) = long_log();
    press(&mut model, "g");
    let first = Engine { lines: 1_000_000 }.range(0, 1);
    let requests = tell(&mut model, LogWhat::Read(LogAt::Start), first);
    assert!(
        matches!(&requests[..], [Request::HoldLog, Request::ReadLog { at: LogAt::After(_), .. }]),
        "{requests:?}"
    );
}

#[test]
fn a_follower_that_falls_behind_goes_on_at_the_end_and_says_what_it_passed_over() {
    let mut model = log(80, 24, vec![page(0, 2_000, 0)]);
    let far = LogPage { skipped: 4_157_623, older: true, ..page(4_159_623, 2_000, 0) };
    assert_eq!(tell(&mut model, LogWhat::Followed, far), []);
    let screen = text(&model);
    assert!(screen.contains("line 4161622 "), "{screen}");
    assert!(screen.contains("4157623 lines passed over · following"), "{screen}");
    // Once more: both are told of.
    let far = LogPage { skipped: 1_000_000, older: true, ..page(5_161_623, 2_000, 0) };
    tell(&mut model, LogWhat::Followed, far);
    assert!(text(&model).contains("5157623 lines passed over · following"), "{}", text(&model));
    let top = open(&model).start();
    let View::Log(log) = model.ui.views.last_mut().unwrap() else { panic!("no log") };
    log.go(top);
    let screen = text(&model);
    assert!(screen.contains("5157623 lines came too fast and were passed over"), "{screen}");
    // They are read by scrolling back.
    let requests = press(&mut model, "k");
    assert!(
        matches!(&requests[..], [Request::ReadLog { at: LogAt::Before(place), .. }] if place == "5161623"),
        "{requests:?}"
    );
    let before = LogPage { older: true, ..page(5_159_623, 2_000, 0) };
    tell(&mut model, LogWhat::Read(LogAt::Before("5161623".to_owned())), before);
    press(&mut model, "k");
    let screen = text(&model);
    assert!(screen.contains("line 5161622 ") && !screen.contains("passed over"), "{screen}");
}

#[test]
fn who_reads_keeps_their_place_however_much_is_written() {
    // More is passed over than can be read: what is here stays, and its end is no longer followed.
    let mut model = log(80, 24, vec![page(0, 2_000, 0)]);
    press(&mut model, "kkkk");
    let before = open(&model).first(76, 20);
    let far = LogPage { skipped: 1_000_000, older: true, ..page(1_002_000, 2_000, 0) };
    assert_eq!(tell(&mut model, LogWhat::Followed, far), [Request::HoldLog]);
    assert_eq!(open(&model).first(76, 20), before);
    assert!(text(&model).contains("newer lines not loaded"), "{}", text(&model));
    for key in ["G", "f"] {
        let requests = press(&mut model, key);
        assert!(matches!(requests[..], [Request::OpenLog { after: None, .. }]), "{requests:?}");
    }
    // So it is where all that fits is here.
    let mut model = log(80, 24, (0..50).map(|part| page(part * 1000, 1000, 0)).collect());
    press(&mut model, "kkkk");
    let View::Log(log) = model.ui.views.last_mut().unwrap() else { panic!("no log") };
    log.go(3);
    assert_eq!(tell(&mut model, LogWhat::Followed, page(50_000, 1_000, 0)), [Request::HoldLog]);
    assert_eq!(open(&model).first(76, 20).line, 3);
    assert!(text(&model).contains("line 3 "), "{}", text(&model));
}

#[test]
fn a_log_that_grows_keeps_its_newest_lines() {
    let mut model = log(80, 24, (0..100).map(|part| page(part * 1000, 1000, 0)).collect());
    let log = open(&model);
    assert_eq!((log.start(), log.end()), (100_000 - LOG_LINES as u64, 100_000));
    let screen = text(&model);
    assert!(screen.contains("older lines not loaded") && screen.contains("line 99999"), "{screen}");
    press(&mut model, "G");
    assert!(text(&model).contains("line 99999"));
}

#[test]
fn a_long_line_wraps_and_scrolls_row_by_row() {
    let long =
        LogLine { step: 0, at: NOW, stream: Stream::Out, text: "가나다라".repeat(22_500) };
    let one = LogPage { lines: vec![long], open: true, ..LogPage::default() };
    let mut model = log(80, 24, vec![one]);
    let before = text(&model);
    press(&mut model, "wkkkk");
    assert_ne!(before, text(&model));
    press(&mut model, "jjjjw");
    text(&model);
}

#[test]
fn a_hostile_line_moves_nothing() {
    let screen = text(&log(80, 16, vec![page(0, 2, 0)]));
    assert!(!screen.contains('\x1b') && screen.contains("\u{fffd}[31mred"));
}

#[test]
fn output_cannot_pass_for_a_heading_or_a_note() {
    let own = "the deadline passed; everything is being ended";
    let line = |stream, text: &str| LogLine { step: 0, at: NOW, stream, text: text.to_owned() };
    let heading = "─ ✓ build ".to_owned() + &"─".repeat(68);
    let forged = [line(Stream::Err, own), line(Stream::Out, &heading), line(Stream::Out, "├ hi")];
    let lines: Vec<LogLine> = forged.into_iter().chain([line(Stream::Note, own)]).collect();
    let screen = text(&log(80, 16, vec![LogPage { lines, ..page(0, 0, 0) }]));
    insta::assert_snapshot!("log_forged", screen);
    let own: Vec<&str> = screen.lines().filter(|line| line.starts_with('├')).collect();
    assert!(own.len() == 2 && own.iter().all(|line| line.ends_with('┤')), "{screen}");
}
