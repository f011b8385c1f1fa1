//! The wall's time, and the engine's as a client knows it.
//!
//! The engine asks the wall once and goes on monotonically, so that a wall that is set, or a
//! machine that slept, moves nothing of it. Ages are told by its clock, and so is this kept: by
//! what the engine told last, and what has passed monotonically since.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pilothouse_cockpit::Msg;
use pilothouse_core::time::Timestamp;

/// The wall's time.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(milliseconds(since))
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// The engine's clock, as far as it has told of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct EngineClock {
    /// A time that it told, and when that came.
    told: Option<(Timestamp, Instant)>,
}

impl EngineClock {
    /// The engine's time; the wall's before the engine told any.
    pub fn now(self, at: Instant, wall: Timestamp) -> Timestamp {
        self.told.map_or(wall, |told| gone_on(told, at))
    }

    /// Takes in what a message of the engine's tells of its time. A snapshot sets the clock, also
    /// back: an engine that was restarted may go on earlier. All else was on its way for a while,
    /// and moves it forward alone.
    pub fn hear(&mut self, msg: &Msg, at: Instant) {
        let time = match msg {
            Msg::Snapshot(snapshot) => {
                self.told = Some((snapshot.now, at));
                return;
            }
            Msg::Event(recorded) => Some(recorded.at),
            Msg::Events(recorded) => recorded.last().map(|last| last.at),
            Msg::Samples(samples) => Some(samples.at),
            _ => None,
        };
        // Before the first snapshot nothing is shown that has an age.
        if let (Some(time), Some(told)) = (time, self.told)
            && time > gone_on(told, at)
        {
            self.told = Some((time, at));
        }
    }
}

/// What became of a time that was told.
fn gone_on((time, came): (Timestamp, Instant), at: Instant) -> Timestamp {
    Timestamp(time.0.saturating_add(milliseconds(at.saturating_duration_since(came))))
}

#[cfg(test)]
mod tests {
    use pilothouse_api::types::{Access, Samples, Snapshot};
    use pilothouse_core::state::State;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_370_651_000);
    const HOUR: u64 = 3_600_000;

    fn snapshot(now: Timestamp) -> Msg {
        Msg::Snapshot(Box::new(Snapshot {
            api: 1,
            engine: "0.1.0".to_owned(),
            access: Access::Operator,
            actor: "kim".to_owned(),
            now,
            degraded: None,
            room: None,
            seq: pilothouse_core::id::Seq(1),
            state: State::default(),
        }))
    }

    fn samples(at: Timestamp) -> Msg {
        Msg::Samples(Box::new(Samples { at, ..Samples::default() }))
    }

    #[test]
    fn a_wall_that_jumps_moves_nothing() {
        let (mut clock, begun) = (EngineClock::default(), Instant::now());
        assert_eq!(clock.now(begun, NOW), NOW, "there is the wall alone");
        clock.hear(&snapshot(NOW), begun);
        let later = begun + Duration::from_secs(3);
        for wall in [NOW.0 + 8 * HOUR, NOW.0 - 8 * HOUR] {
            assert_eq!(clock.now(later, Timestamp(wall)), Timestamp(NOW.0 + 3000));
        }
    }

    #[test]
    fn a_snapshot_sets_it_also_back() {
        let (mut clock, begun) = (EngineClock::default(), Instant::now());
        for now in [NOW.0, NOW.0 - 8 * HOUR, NOW.0 + 8 * HOUR] {
            clock.hear(&snapshot(Timestamp(now)), begun);
            assert_eq!(clock.now(begun, NOW), Timestamp(now));
        }
    }

    #[test]
    fn what_else_is_told_moves_it_forward_alone() {
        let (mut clock, begun) = (EngineClock::default(), Instant::now());
        clock.hear(&samples(Timestamp(NOW.0 + HOUR)), begun);
        assert_eq!(clock.now(begun, NOW), NOW, "nothing was set yet");
        clock.hear(&snapshot(NOW), begun);
        clock.hear(&samples(Timestamp(NOW.0 - HOUR)), begun);
        assert_eq!(clock.now(begun, NOW), NOW);
        // As where this machine slept, and the engine's did not.
        clock.hear(&samples(Timestamp(NOW.0 + HOUR)), begun);
        assert_eq!(clock.now(begun, NOW), Timestamp(NOW.0 + HOUR));
    }
}
