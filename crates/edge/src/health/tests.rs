//! The states that a row of checks leads to, played from words.

use super::*;

fn check() -> HealthCheck {
    HealthCheck { healthy_threshold: 3, unhealthy_threshold: 2, ..HealthCheck::default() }
}

/// Plays outcomes (`+` passes, `-` fails, `?` could not be made, `!` a connection
/// refused to live traffic) and writes
/// the state after each.
fn play(outcomes: &str) -> String {
    let mut health = Health::new(0);
    let states = outcomes.chars().map(|outcome| {
        match outcome {
            '+' => health.observe(Outcome::Passed, &check(), 1),
            '?' => health.observe(Outcome::Unknown { detail: "y".into() }, &check(), 1),
            '!' => health.suspect("connection refused", 1),
            _ => {
                let reason = Reason::ResponseCodeMismatch;
                health.observe(Outcome::Failed { reason, detail: "x".into() }, &check(), 1)
            }
        };
        match health.state {
            TargetState::Initial => 'I',
            TargetState::Healthy => 'H',
            TargetState::Unhealthy => 'U',
            TargetState::Unused | TargetState::Draining | TargetState::Unavailable => '?',
        }
    });
    states.collect()
}

#[test]
fn the_first_pass_is_enough() {
    assert_eq!(play("+"), "H");
    assert_eq!(play("-+"), "IH");
    assert_eq!(play("----+"), "IUUUH");
}

#[test]
fn later_the_thresholds_count_in_a_row() {
    assert_eq!(play("+-+-+--"), "HHHHHHU");
    assert_eq!(play("+--++-+++"), "HHUUUUUUH");
}

#[test]
fn a_refused_connection_takes_a_target_out_until_the_next_check() {
    assert_eq!(play("+!+"), "HUH");
    assert_eq!(play("+!-+++"), "HUUUUH");
    assert_eq!(play("!"), "I");
}

#[test]
fn reasons_and_words_say_what_happened() {
    let mut health = Health::new(5);
    assert_eq!(health.reason, Some(Reason::RegistrationInProgress));
    let fail = |detail: &str| Outcome::Failed {
        reason: Reason::ResponseCodeMismatch,
        detail: detail.into(),
    };
    assert!(health.observe(fail("answered 500, wanted 200"), &check(), 6));
    assert_eq!(health.reason, Some(Reason::InitialHealthChecking));
    assert_eq!(health.detail, "answered 500, wanted 200");
    assert_eq!(health.since_ms, 5);
    assert!(health.observe(fail("answered 500, wanted 200"), &check(), 7));
    assert_eq!((health.state, health.since_ms), (TargetState::Unhealthy, 7));
    assert_eq!(health.reason, Some(Reason::ResponseCodeMismatch));
    assert!(!health.observe(fail("answered 500, wanted 200"), &check(), 8), "nothing new");
    assert!(health.observe(Outcome::Passed, &check(), 9));
    assert_eq!((health.reason, health.detail.as_str()), (None, ""));
    assert!(!health.observe(Outcome::Passed, &check(), 10), "nothing new");
}

#[test]
fn a_check_that_could_not_be_made_says_nothing_about_the_target() {
    assert_eq!(play("??+???"), "IIHHHH");
    assert_eq!(play("+-?-"), "HHHU", "nor does it interrupt a row");
    assert_eq!(play("+--?++?+"), "HHUUUUUH");
}
