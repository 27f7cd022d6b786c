//! Volumes worked on apart from whoever drives the export, which goes on reading and writing meanwhile.
//!
//! In: jobs, with bytes for them. Out: the jobs again once they have come to a halt, for want of bytes or
//! because they are finished, in whatever order. Never: a wait, or a job that goes on after its export.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::convert::{Made, VolumeJob};
use crate::dicom::DicomError;
use crate::intake::VolumeId;

/// Told on a thread of the pool that a job has come to a halt.
pub(super) type Halted = Arc<dyn Fn() + Send + Sync>;

/// A job that has come home.
pub(super) struct Home {
    pub(super) volume: VolumeId,
    pub(super) job: VolumeJob,
    pub(super) outcome: Option<Result<Made, DicomError>>,
}

/// The jobs that are out, and the way home.
pub(super) struct Crew {
    halted: Halted,
    stop: Arc<AtomicBool>,
    sender: Sender<Home>,
    home: Receiver<Home>,
}

impl Crew {
    pub(super) fn new(halted: Halted) -> Self {
        let (sender, home) = channel();
        Self { halted, stop: Arc::default(), sender, home }
    }

    /// Feeds a job and has it work until it comes to a halt.
    pub(super) fn send(&self, volume: VolumeId, mut job: VolumeJob, fed: Vec<(usize, Vec<u8>)>) {
        let (stop, sender, halted) = (Arc::clone(&self.stop), self.sender.clone(), Arc::clone(&self.halted));
        rayon::spawn(move || {
            let mut outcome = None;
            for (slot, bytes) in fed {
                if let Err(error) = job.feed(slot, bytes) {
                    outcome = Some(Err(error));
                    break;
                }
            }
            while outcome.is_none() && job.is_ready() && !stop.load(Ordering::Relaxed) {
                outcome = job.step().transpose();
            }
            // Nobody hears of it where the export is over.
            let _ = sender.send(Home { volume, job, outcome });
            halted();
        });
    }

    /// A job that has come home.
    pub(super) fn next_home(&self) -> Option<Home> {
        self.home.try_recv().ok()
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
