//! What hosts ask of their databases, and databases that do not answer.

use rejoin::io::{Input, StorageTask, TaskId};

use super::{FAULTS, Happening, World};
use crate::actions::Action;

impl World {
    pub(super) fn plan_hangs(&mut self) {
        let mut at = 0;
        while at < FAULTS {
            at += self.rng.u64(300..4_000);
            let host = self.rng.usize(0..self.hosts.len());
            let action = match self.rng.u32(0..8) {
                0..=5 => Action::Hang(host, self.rng.u64(500..14_000)),
                6 => Action::Evict(host),
                _ => Action::Sleep(host, self.rng.u64(500..20_000)),
            };
            self.schedule(at, action);
        }
    }

    pub(super) fn store(&mut self, host: usize, boot: u64, task: TaskId, work: StorageTask) {
        if self.setup.print {
            println!("{:>7} host {host} stores {:.60?}", self.now, work);
        }
        let at = self.hosts[host].disk.begin(&mut self.rng, self.now, task, work);
        self.later(at, Happening::Disk { host, boot });
    }

    pub(super) fn on_disk(&mut self, host: usize, boot: u64) {
        if self.tab(host, boot).is_some()
            && !self.dies(host)
            && let Some((task, reply)) = self.hosts[host].disk.complete()
            && !self.dies(host)
        {
            self.feed(host, Input::Storage(task, reply));
        }
    }

    pub(super) fn hang(&mut self, host: usize, millis: u64) {
        self.hosts[host].disk.hangs = true;
        self.later(self.now + millis, Happening::Act(Action::Answer(host)));
    }

    /// It answers again, first of all to what is under way.
    pub(super) fn end_hang(&mut self, host: usize) {
        if std::mem::take(&mut self.hosts[host].disk.hangs) {
            self.wake_disk(host);
        }
    }

    pub(super) fn wake_disk(&mut self, host: usize) {
        let boot = self.hosts[host].boot;
        for _ in 0..self.hosts[host].disk.under_way() {
            self.later(self.now, Happening::Disk { host, boot });
        }
    }
}
