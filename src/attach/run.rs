//! The loop: takes in all that is there, then draws once.
//!
//! Everything happens on one thread and by events. Nothing ever waits for the terminal or for
//! the engine, and with nothing to do nothing wakes up.

mod engine;
mod visit;

use std::io;
use std::time::{Duration, Instant};

use pilothouse_api::client::{Client, Follow, Update};
use pilothouse_cockpit::model::Dialog;
use pilothouse_cockpit::msg::Input;
use pilothouse_cockpit::{Key, Model, Msg, Theme, next_tick, update};
use pilothouse_core::id::InstanceId;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::clipboard::Between;
use super::files::Files;
use super::parse::{Parser, Typed};
use super::screen::{Line, Screen};
use super::seen::Seen;
use super::signals::{self, Came, Signals};
use super::tasks::Tasks;
use super::tty::{self, Read, Tty};
use crate::clock::{EngineClock, wall};
use crate::find::Place;

/// How long an Escape waits for the rest of a sequence.
const ESCAPE: Duration = Duration::from_millis(40);
/// How much input is taken in before a frame is drawn all the same.
const INPUT: usize = 64 << 10;
/// The longest paste that is typed into a prompt.
const PASTE: usize = 500;
/// The key that gives the mouse to the terminal and takes it back. It concerns the terminal
/// alone, so that the view's keymap does not have it.
const MOUSE_KEY: Key = Key { alt: true, ..Key::char('m') };

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The person left.
    Quit,
    /// A signal asked for it.
    Signal(i32),
    /// The terminal is gone, or takes nothing any more.
    Gone,
}

/// What the loop works with.
pub(super) struct Cockpit {
    pub model: Model,
    clock: EngineClock,
    theme: Theme,
    client: Client,
    follow: Follow,
    followed_at: Instant,
    tasks: Tasks,
    tty: Tty,
    screen: Screen,
    parser: Parser,
    typed_at: Instant,
    mouse: bool,
    read_only: bool,
    files: Files,
    away: Option<Seen>,
    between: Between,
    is_dirty: bool,
    /// The instance that the terminal is to be lent to a shell in.
    visit: Option<InstanceId>,
    ended: Option<Ended>,
}

/// What ended a wait.
enum Wake {
    Typed(Vec<u8>),
    Writable,
    Update(Option<Update>),
    News(Option<Msg>),
    Signal(Came),
    Timer,
    Gone,
}

/// What the loop begins with.
pub(super) struct Begin<'a> {
    pub model: Model,
    pub theme: Theme,
    pub client: Client,
    pub tty: Tty,
    pub mouse: bool,
    /// Whether commands are refused whatever the engine would say.
    pub read_only: bool,
    /// Whose operator's files are told of.
    pub place: &'a Place,
    /// Up to where the person has seen what happened.
    pub away: Option<Seen>,
}

impl Cockpit {
    /// Takes everything over. Must be called within the runtime.
    pub(super) fn new(begin: Begin<'_>) -> Self {
        let mut model = begin.model;
        let (files, told) = Files::begin(begin.place);
        // It asks for nothing.
        let _ = update(&mut model, told);
        Self {
            model,
            clock: EngineClock::default(),
            theme: begin.theme,
            follow: begin.client.follow(true),
            followed_at: Instant::now(),
            tasks: Tasks::new(begin.client.clone()),
            client: begin.client,
            screen: Screen::new(begin.tty.clone()),
            tty: begin.tty,
            parser: Parser::default(),
            typed_at: Instant::now(),
            mouse: begin.mouse,
            read_only: begin.read_only,
            files,
            away: begin.away,
            between: Between::read(),
            is_dirty: true,
            visit: None,
            ended: None,
        }
    }

    /// Runs until the person leaves, a signal comes or the terminal goes away.
    pub(super) async fn run(&mut self) -> io::Result<Ended> {
        let mut signals = Signals::listen()?;
        #[expect(
            deprecated,
            reason = "the function that replaces it is unsafe; the terminal stays open as long as this"
        )]
        let fd = AsyncFd::with_interest(self.tty.clone(), Interest::READABLE | Interest::WRITABLE)?;
        self.resize();
        loop {
            if let Some(ended) = self.ended {
                return Ok(ended);
            }
            if let Some(id) = self.visit.take() {
                self.visit(id, &mut signals).await;
                continue;
            }
            self.draw_if_due();
            let wake = self.wait(&fd, &mut signals).await?;
            self.take(wake);
            self.drain();
        }
    }

    /// Whether the terminal may still send an answer that nobody would read.
    pub(super) fn awaits_answer(&self) -> bool {
        self.screen.awaits_answer()
    }

    async fn wait(&mut self, fd: &AsyncFd<Tty>, signals: &mut Signals) -> io::Result<Wake> {
        let deadline = self.deadline();
        let is_writing = self.screen.is_writing();
        tokio::select! {
            biased;
            came = signals.next() => Ok(Wake::Signal(came)),
            typed = read(fd) => typed,
            ready = writable(fd), if is_writing => ready,
            update = self.follow.next() => Ok(Wake::Update(update)),
            msg = self.tasks.next() => Ok(Wake::News(msg)),
            () = until(deadline) => Ok(Wake::Timer),
        }
    }

    /// When something is to be done though nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let tick = next_tick(&self.model).map(|left| now + left.duration());
        let escape = self.parser.waits().then(|| self.typed_at + ESCAPE);
        let frame = if self.is_dirty { self.screen.next_at() } else { None };
        [tick, escape, frame, self.screen.nobody_at()].into_iter().flatten().min()
    }

    fn take(&mut self, wake: Wake) {
        match wake {
            Wake::Typed(bytes) => self.typed(&bytes),
            Wake::Writable => {
                let line = self.screen.go_on();
                self.check(line);
            }
            Wake::Update(Some(update)) => {
                self.updates(update);
                // The engine tells something every few seconds, so that no timer is needed.
                if let Some(told) = self.files.look() {
                    self.feed_now(told);
                }
            }
            Wake::News(Some(msg)) => self.feed_now(msg),
            // Neither ends before this loop does.
            Wake::Update(None) | Wake::News(None) => {}
            Wake::Signal(came) => self.signal(came),
            Wake::Timer => self.timer(),
            Wake::Gone => self.check(Line::Gone),
        }
    }

    /// Takes in all else that is there already.
    fn drain(&mut self) {
        let mut left = INPUT;
        let mut bytes = [0; 4096];
        while left > 0 && self.ended.is_none() {
            match self.tty.read(&mut bytes) {
                Read::Bytes(count) => {
                    left = left.saturating_sub(count);
                    self.typed(bytes.get(..count).unwrap_or_default());
                }
                Read::Later => break,
                Read::Gone => self.check(Line::Gone),
            }
        }
        if let Some(update) = self.follow.try_next() {
            self.updates(update);
        }
        while let Some(msg) = self.tasks.try_next() {
            self.feed_now(msg);
        }
    }

    fn draw_if_due(&mut self) {
        if self.is_dirty && self.screen.next_at().is_some_and(|at| at <= Instant::now()) {
            self.is_dirty = false;
            let line = self.screen.draw(&self.model, &self.theme);
            self.check(line);
        }
    }

    fn check(&mut self, line: Line) {
        match line {
            Line::Up => {}
            Line::Gone => {
                self.tty.mark_gone();
                self.ended = Some(Ended::Gone);
            }
        }
    }

    fn timer(&mut self) {
        if self.screen.nobody_at().is_some_and(|at| at <= Instant::now()) {
            // It may be there still, and is given back as far as it takes that.
            self.ended = Some(Ended::Gone);
            return;
        }
        if self.parser.waits() && self.typed_at.elapsed() >= ESCAPE {
            let mut typed = Vec::new();
            self.parser.flush(&mut typed);
            self.act(typed);
        }
        // A frame that only waited for its turn needs no new time, but has one as well.
        self.tick();
    }

    fn signal(&mut self, came: Came) {
        match came {
            Came::End(number) => self.ended = Some(Ended::Signal(number)),
            Came::Stop => self.suspend(),
            Came::GoOn => self.resume(),
            Came::Resize => self.resize(),
        }
    }

    fn resize(&mut self) {
        let (width, height) = self.tty.size();
        self.screen.resize(width, height);
        self.feed_now(Msg::Input(Input::Resize { width, height }));
    }

    fn suspend(&mut self) {
        self.tty.give_back();
        if !signals::stop() {
            self.resume();
        }
        // Otherwise the signal that let the process go on follows, and resumes.
    }

    /// Takes the terminal anew: who knows what the shell did to it.
    fn resume(&mut self) {
        if self.tty.take(self.mouse).is_err() {
            return self.check(Line::Gone);
        }
        self.screen.forget();
        self.resize();
    }

    fn typed(&mut self, bytes: &[u8]) {
        self.typed_at = Instant::now();
        let mut typed = Vec::new();
        self.parser.push(bytes, &mut typed);
        self.act(typed);
    }

    fn act(&mut self, typed: Vec<Typed>) {
        for one in typed {
            match one {
                Typed::Ready => self.screen.answered(),
                Typed::Key(key) if key == MOUSE_KEY => self.toggle_mouse(),
                Typed::Key(key) => self.feed_now(Msg::Input(Input::Key(key))),
                Typed::Mouse(mouse) => self.feed_now(Msg::Input(Input::Mouse(mouse))),
                Typed::Paste(text) => self.paste(&text),
            }
        }
    }

    /// Gives the mouse to the terminal, which selects text with it, or takes it back.
    fn toggle_mouse(&mut self) {
        self.mouse = !self.mouse;
        let modes = if self.mouse { tty::MOUSE_ON } else { tty::MOUSE_OFF };
        let line = self.screen.send(modes.as_bytes());
        self.check(line);
    }

    /// Types a paste where something is typed; elsewhere it would run actions.
    fn paste(&mut self, text: &str) {
        let into_list = matches!(self.model.ui.dialog, Some(Dialog::List(_)));
        if self.model.ui.prompt.is_none() && !into_list {
            return;
        }
        for c in text.chars().filter(|c| !c.is_control()).take(PASTE) {
            self.feed_now(Msg::Input(Input::Key(Key::char(c))));
        }
    }

    fn feed_now(&mut self, msg: Msg) {
        self.clock.hear(&msg, Instant::now());
        self.tick();
        self.feed(msg);
    }

    fn tick(&mut self) {
        let wall = wall();
        self.feed(Msg::Tick { now: self.clock.now(Instant::now(), wall), wall });
    }

    fn feed(&mut self, msg: Msg) {
        self.is_dirty = true;
        for request in update(&mut self.model, msg) {
            self.request(request);
        }
    }
}

/// Reads what the terminal sends. May be dropped while it waits without losing anything.
async fn read(fd: &AsyncFd<Tty>) -> io::Result<Wake> {
    let mut bytes = vec![0; 4096];
    loop {
        let mut ready = fd.readable().await?;
        match fd.get_ref().read(&mut bytes) {
            Read::Bytes(count) => {
                bytes.truncate(count);
                return Ok(Wake::Typed(bytes));
            }
            Read::Later => ready.clear_ready(),
            Read::Gone => return Ok(Wake::Gone),
        }
    }
}

/// Waits until the terminal takes bytes again.
async fn writable(fd: &AsyncFd<Tty>) -> io::Result<Wake> {
    let mut ready = fd.writable().await?;
    // Whether it does is found out by writing; should it not, the next event tells.
    ready.clear_ready();
    Ok(Wake::Writable)
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
