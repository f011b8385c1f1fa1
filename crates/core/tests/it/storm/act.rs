//! What may happen in a storm, and how often.

use proptest::prelude::*;

/// Something that happens from outside.
#[derive(Clone, Debug)]
pub enum Act {
    Push { project: u8, branch: u8, trouble: Option<u8> },
    Delete { project: u8, branch: u8 },
    Deploy { project: u8, environment: u8, what: u8 },
    CancelDeployment(u8),
    CancelRun(u8),
    StartRun { project: u8, branch: u8 },
    Look,
    Edge(bool),
    Containers(u8),
    Fault { kind: u8, fault: u8, times: u8 },
    Kill(u8),
    Restart(u8),
    Check { place: u8, passes: bool },
    Stop { place: u8, force: bool },
    Start { project: u8, environment: u8 },
    Turn(u8),
    Late(u8),
    Crash,
    Reboot,
    Halt,
    Remove(u8),
    Apply { project: u8, instances: u8, max: u8, min: u8, dropped: u8, stays: bool },
    Steps(u8),
    Wait(u8),
}

pub fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..2u8, 0..5u8, proptest::option::of(0..9u8))
            .prop_map(|(project, branch, trouble)| Act::Push { project, branch, trouble }),
        1 => (0..2u8, 0..5u8).prop_map(|(project, branch)| Act::Delete { project, branch }),
        5 => (0..2u8, 0..4u8, 0..6u8)
            .prop_map(|(project, environment, what)| Act::Deploy { project, environment, what }),
        2 => (0..4u8).prop_map(Act::CancelDeployment),
        1 => (0..4u8).prop_map(Act::CancelRun),
        1 => (0..2u8, 0..5u8).prop_map(|(project, branch)| Act::StartRun { project, branch }),
        1 => Just(Act::Look),
        2 => any::<bool>().prop_map(Act::Edge),
        2 => (0..3u8).prop_map(Act::Containers),
        3 => (0..9u8, 0..3u8, 1..10u8)
            .prop_map(|(kind, fault, times)| Act::Fault { kind, fault, times }),
        2 => (0..9u8).prop_map(Act::Kill),
        1 => (0..9u8).prop_map(Act::Restart),
        2 => (0..9u8, any::<bool>()).prop_map(|(place, passes)| Act::Check { place, passes }),
        2 => (0..9u8, any::<bool>()).prop_map(|(place, force)| Act::Stop { place, force }),
        1 => (0..2u8, 0..4u8)
            .prop_map(|(project, environment)| Act::Start { project, environment }),
        1 => (0..9u8).prop_map(Act::Turn),
        3 => any::<u8>().prop_map(Act::Late),
        3 => Just(Act::Crash),
        1 => Just(Act::Reboot),
        1 => Just(Act::Halt),
        1 => (0..2u8).prop_map(Act::Remove),
        2 => (0..2u8, 0..4u8, 0..4u8, 0..3u8, 0..6u8, any::<bool>()).prop_map(
            |(project, instances, max, min, dropped, stays)| Act::Apply {
                project, instances, max, min, dropped, stays
            }
        ),
        12 => (1..40u8).prop_map(Act::Steps),
        6 => (1..40u8).prop_map(Act::Wait),
    ]
}
