//! What comes to the cockpit and what it asks for.

use pilothouse_api::inspection::Inspection;
use pilothouse_api::types::{CommandAccepted, LogPage, Samples, Sighting, Snapshot, Verdict};
use pilothouse_core::command::{Command, Rejection};
use pilothouse_core::event::Recorded;
use pilothouse_core::id::{CommitId, InstanceId, ProjectName, RunId};
use pilothouse_core::time::Timestamp;

use crate::key::Key;
use crate::model::LogSource;

/// What comes to the cockpit.
#[derive(Clone, Debug)]
pub enum Msg {
    /// All that the engine knows; the line is live from now on.
    Snapshot(Box<Snapshot>),
    /// Something happened. One that the snapshot holds already is left out.
    Event(Box<Recorded>),
    /// Several things happened, in order: cheaper than one by one.
    Events(Vec<Recorded>),
    /// Measurements came.
    Samples(Box<Samples>),
    /// Something was seen at AWS.
    Sighting(Box<Sighting>),
    /// The line to the engine is as it says.
    Line(Line),
    /// The person did something.
    Input(Input),
    /// The time is this.
    Tick {
        /// By the engine's clock, by which everything happens and grows old.
        now: Timestamp,
        /// By the person's own, which is set now and then and may be another machine's.
        wall: Timestamp,
    },
    /// Something came of a log that is read.
    Log(LogNews),
    /// A search beyond what is here of a log goes on.
    LogSought {
        /// Whose log it is.
        source: LogSource,
        /// How many lines were read.
        lines: u64,
        /// Whether all were, and none is what is searched.
        is_over: bool,
    },
    /// The last lines of a failed step were read.
    LastLines {
        /// Its run.
        run: RunId,
        /// The step's index.
        step: u32,
        /// Lines; none where they could not be read.
        page: Option<LogPage>,
    },
    /// The engine said what it finds when it looks at an instance closely, or why it finds
    /// nothing.
    Inspected {
        /// The instance.
        id: InstanceId,
        /// What was found.
        found: Box<Result<Inspection, String>>,
    },
    /// The engine said what it thinks of a commit that nothing ran of yet, or why it says nothing.
    Judged {
        /// The project.
        project: ProjectName,
        /// The commit.
        commit: CommitId,
        /// What it says.
        found: Result<Verdict, String>,
    },
    /// The shell that the terminal was lent to has ended.
    ShellLeft {
        /// The instance that it was in.
        id: InstanceId,
        /// Why there was none, if so.
        why: Option<String>,
    },
    /// The engine answered a command.
    CommandAnswered {
        /// The command's number.
        id: u64,
        /// What it said.
        answer: Result<CommandAccepted, Rejection>,
    },
    /// A command's answer will never come, so that nobody knows whether it was accepted.
    CommandLost {
        /// The command's number.
        id: u64,
        /// What was said instead.
        why: String,
    },
    /// The operator's files were looked at again.
    Files {
        /// All of them, by name.
        all: Vec<String>,
        /// Those that are not valid.
        invalid: Vec<String>,
    },
    /// The person was last here at this time: tell what happened since.
    Away {
        /// When.
        since: Timestamp,
    },
}

/// How the line to the engine is.
#[derive(Clone, Debug)]
pub enum Line {
    /// It broke; the loop tries again by itself.
    Lost {
        /// What was said.
        why: String,
    },
    /// The engine does not talk to this client, and trying again would not help.
    Refused {
        /// A sentence.
        why: String,
    },
}

/// What the person did.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// Pressed a key.
    Key(Key),
    /// Used the mouse.
    Mouse(Mouse),
    /// Made the terminal this large.
    Resize {
        /// Cells.
        width: u16,
        /// Cells.
        height: u16,
    },
}

/// What the mouse did, at a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub what: MouseWhat,
    /// The column, from 0.
    pub x: u16,
    /// The row, from 0.
    pub y: u16,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseWhat {
    /// The left button went down.
    Click,
    /// The wheel turned towards the person.
    WheelDown,
    /// The wheel turned away from the person.
    WheelUp,
}

/// What came of a log that is read.
#[derive(Clone, Debug)]
pub struct LogNews {
    /// Whose log it is.
    pub source: LogSource,
    /// Why it comes.
    pub what: LogWhat,
    /// Lines, or why there are none.
    pub page: Result<LogPage, String>,
}

/// Why a page of a log comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogWhat {
    /// The log's end is followed.
    Followed,
    /// It was asked for.
    Read(LogAt),
    /// It holds what was searched, in this of its lines.
    Found(usize),
}

/// Which page of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogAt {
    /// The first.
    Start,
    /// The last, which is followed from then on.
    End,
    /// The first of a step.
    Step(u32),
    /// The one that precedes a place.
    Before(String),
    /// The one that follows a place.
    After(String),
}

/// A search through pages of a log, around its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSearch {
    /// What a line is to hold, whatever its case.
    pub text: String,
    /// Whether later lines are looked at first.
    pub forwards: bool,
    /// The place to begin at.
    pub from: String,
}

/// What the cockpit asks of its loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Send a command and say what was answered under this number.
    Submit {
        /// The number.
        id: u64,
        /// The command.
        command: Command,
    },
    /// Send the command to look at a repository now, and say what was answered.
    Look {
        /// The number.
        id: u64,
        /// The project; none means all.
        project: Option<ProjectName>,
    },
    /// Follow a log and send its pages; ends the one that is followed.
    OpenLog {
        /// Whose.
        source: LogSource,
        /// Only this step's lines; none means all.
        step: Option<u32>,
        /// The page to go on after.
        after: Option<String>,
    },
    /// Read one page of a log.
    ReadLog {
        /// Whose.
        source: LogSource,
        /// Only this step's lines; none means all.
        step: Option<u32>,
        /// Which.
        at: LogAt,
    },
    /// Search a log beyond what is here.
    SearchLog {
        /// Whose.
        source: LogSource,
        /// Only this step's lines; none means all.
        step: Option<u32>,
        /// What, and where.
        search: LogSearch,
    },
    /// Read the last lines that a step wrote.
    ReadLastLines {
        /// The run.
        run: RunId,
        /// The step's index.
        step: u32,
    },
    /// Stop following the log's end: other parts of it are read.
    HoldLog,
    /// Stop searching the log.
    StopSearch,
    /// Stop all work on the log.
    CloseLog,
    /// Give the terminal to a shell in an instance until that ends.
    Shell(InstanceId),
    /// Have an instance looked at closely, and say what was found.
    Inspect(InstanceId),
    /// Ask what is said of a commit that nothing ran of yet.
    Judge {
        /// The project.
        project: ProjectName,
        /// The commit.
        commit: CommitId,
    },
    /// Get a new snapshot: events were missed.
    Resync,
    /// Put a text on the person's clipboard.
    Copy(String),
    /// Leave.
    Quit,
    /// Go to the shell's background.
    Suspend,
}
