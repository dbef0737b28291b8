//! What writers and roots are numbered by.

use std::collections::BTreeMap;

/// Numbers of writers and of roots. One tree for both: each kind of tree is a hundredth of the module.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    known: BTreeMap<Name, u32>,
}

/// Writers come before roots.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Client(u64),
    Root(String),
}

impl Numbers {
    /// The number of a writer.
    pub(crate) fn client(&self, id: u64) -> Option<u32> {
        self.known.get(&Name::Client(id)).copied()
    }

    /// The number of a root.
    pub(crate) fn root(&self, name: &str) -> Option<u32> {
        self.known.get(&Name::Root(name.to_owned())).copied()
    }

    /// Writers with their numbers, lowest id first.
    pub(crate) fn clients(&self) -> impl DoubleEndedIterator<Item = (u64, u32)> + '_ {
        self.known.iter().filter_map(|(name, number)| match name {
            Name::Client(id) => Some((*id, *number)),
            Name::Root(_) => None,
        })
    }

    pub(crate) fn add_client(&mut self, id: u64, number: u32) {
        self.known.insert(Name::Client(id), number);
    }

    pub(crate) fn add_root(&mut self, name: &str, number: u32) {
        self.known.insert(Name::Root(name.to_owned()), number);
    }

    pub(crate) fn forget_client(&mut self, id: u64) {
        self.known.remove(&Name::Client(id));
    }

    pub(crate) fn forget_root(&mut self, name: &str) {
        self.known.remove(&Name::Root(name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_and_a_root_do_not_take_each_others_numbers() {
        let mut numbers = Numbers::default();
        numbers.add_root("7", 1);
        numbers.add_client(9, 2);
        numbers.add_client(7, 3);
        assert_eq!(
            (numbers.root("7"), numbers.client(7), numbers.root("9")),
            (Some(1), Some(3), None)
        );
        assert_eq!(numbers.clients().collect::<Vec<_>>(), [(7, 3), (9, 2)]);
        numbers.forget_root("7");
        numbers.forget_client(9);
        assert_eq!(
            (numbers.root("7"), numbers.client(7), numbers.client(9)),
            (None, Some(3), None)
        );
    }
}
