//! Headers understood apart from whoever drives the intake, which goes on reading meanwhile.
//!
//! In: files whose wanted bytes are there. Out: what they came to, in whatever order. Threads of the pool
//! take a [`Lane`] each for as long as they work. Never: more files in hand than keep the threads busy.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::files::FileId;
use super::lane::{Lane, Reading, Ready};

/// Files that one thread takes at a time: some milliseconds.
const SHARE: usize = 8;

/// Shares in hand for each thread: whoever feeds faster than headers are understood waits.
const SHARES: usize = 8;

type Home = Vec<(FileId, Reading)>;

/// What is being understood, and who can do it.
pub(super) struct Apart {
    lanes: Arc<Mutex<Vec<Lane>>>,
    out: usize,
    /// What came home while there was a wait.
    read: Home,
    sender: Sender<Home>,
    /// Under a lock only so that a session may be looked at from several threads.
    home: Mutex<Receiver<Home>>,
}

impl Apart {
    pub(super) fn new() -> Self {
        let (sender, home) = channel();
        Self { lanes: Arc::default(), out: 0, read: Vec::new(), sender, home: Mutex::new(home) }
    }

    /// Hands files to the threads of the pool; waits where they have enough.
    pub(super) fn send(&mut self, ready: Vec<Ready>) {
        let mut ready = ready.into_iter().peekable();
        while ready.peek().is_some() {
            let share: Vec<Ready> = ready.by_ref().take(SHARE).collect();
            let (lanes, sender) = (Arc::clone(&self.lanes), self.sender.clone());
            while self.out >= SHARES * rayon::current_num_threads() && self.hear(true) {}
            self.out += 1;
            rayon::spawn(move || {
                let free = lanes.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut lane = free.unwrap_or_default();
                let read = share.into_iter().map(|one| (one.file, lane.read(one))).collect();
                lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
                // Nobody hears of it where the reading was abandoned.
                let _ = sender.send(read);
            });
        }
    }

    /// Whether nothing is being understood.
    pub(super) fn is_idle(&self) -> bool {
        self.out == 0 && self.read.is_empty()
    }

    /// What has been understood since; with `wait`, all that was sent, once it is.
    pub(super) fn take(&mut self, wait: bool) -> Vec<(FileId, Reading)> {
        while self.out > 0 && self.hear(wait) {}
        std::mem::take(&mut self.read)
    }

    /// Takes in one share; `false` if none is there.
    fn hear(&mut self, wait: bool) -> bool {
        let home = self.home.get_mut().unwrap_or_else(PoisonError::into_inner);
        let next = if wait { home.recv().ok() } else { home.try_recv().ok() };
        let Some(mut some) = next else { return false };
        self.out -= 1;
        self.read.append(&mut some);
        true
    }

    /// What the threads have gathered, all that was sent being understood.
    pub(super) fn lanes(&mut self) -> Vec<Lane> {
        std::mem::take(&mut *self.lanes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
