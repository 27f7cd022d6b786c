//! Undo and redo, without limit but memory.
//!
//! In: steps, each a difference of labels and whatever else changed with it. Out: the step to take back or
//! do again. Beyond the budget the oldest steps are forgotten. It applies nothing itself.

use std::collections::VecDeque;

use super::difference::Difference;

/// Something that changes with labels, and takes memory.
pub trait Burden {
    /// Bytes it takes.
    fn bytes(&self) -> usize;
}

/// One step that can be taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<T> {
    /// What it is, in words.
    pub words: String,
    /// Voxels.
    pub labels: Difference,
    /// What else.
    pub other: T,
}

impl<T: Burden> Step<T> {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.words.len() + self.labels.bytes().len() + self.other.bytes()
    }
}

/// Steps done and taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct History<T> {
    done: VecDeque<Step<T>>,
    undone: Vec<Step<T>>,
    bytes: usize,
    budget: usize,
}

impl<T: Burden> History<T> {
    /// An empty one that keeps within some bytes.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self { done: VecDeque::new(), undone: Vec::new(), bytes: 0, budget }
    }

    /// Takes a step; what was undone is gone.
    pub fn push(&mut self, step: Step<T>) {
        for gone in self.undone.drain(..) {
            self.bytes = self.bytes.saturating_sub(gone.bytes());
        }
        self.bytes += step.bytes();
        self.done.push_back(step);
        while self.bytes > self.budget && self.done.len() > 1 {
            if let Some(oldest) = self.done.pop_front() {
                self.bytes = self.bytes.saturating_sub(oldest.bytes());
            }
        }
    }

    /// The step to take back.
    #[must_use]
    pub fn last(&self) -> Option<&Step<T>> {
        self.done.back()
    }

    /// The step to do again.
    #[must_use]
    pub fn next(&self) -> Option<&Step<T>> {
        self.undone.last()
    }

    /// Moves the last step to those undone.
    pub fn undo(&mut self) {
        self.undone.extend(self.done.pop_back());
    }

    /// Moves the next step to those done.
    pub fn redo(&mut self) {
        self.done.extend(self.undone.pop());
    }

    /// Steps done, the oldest first, and steps undone, the next to do again last.
    #[must_use]
    pub fn steps(&self) -> (impl ExactSizeIterator<Item = &Step<T>>, &[Step<T>]) {
        (self.done.iter(), &self.undone)
    }

    /// Takes steps from a record, as [`History::steps`] gave them.
    #[must_use]
    pub fn of(done: Vec<Step<T>>, undone: Vec<Step<T>>, budget: usize) -> Self {
        let bytes = done.iter().chain(&undone).map(Step::bytes).sum();
        Self { done: done.into(), undone, bytes, budget }
    }

    /// Bytes that the steps take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
