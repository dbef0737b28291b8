//! What is true of the page now, for links and rooms that come later.

use crate::io::Environment;

/// The conditions that hold: offline, hidden, put aside.
#[derive(Debug, Default)]
pub struct Page {
    holding: Vec<Environment>,
}

impl Page {
    /// Keeps what is true now: at most one of each pair.
    pub fn note(&mut self, environment: Environment) {
        self.holding.retain(|other| !is_over(*other, environment));
        if matches!(
            environment,
            Environment::Offline | Environment::Hidden | Environment::PageHide { .. }
        ) {
            self.holding.push(environment);
        }
    }

    /// What somebody who comes now must be told.
    pub fn holding(&self) -> &[Environment] {
        &self.holding
    }
}

/// Whether `news` ends or repeats `old`.
fn is_over(old: Environment, news: Environment) -> bool {
    use Environment::{Hidden, Offline, Online, PageHide, PageShow, Visible};
    match news {
        Online | Offline => matches!(old, Online | Offline),
        Visible | Hidden => matches!(old, Visible | Hidden),
        PageHide { .. } | PageShow { .. } => matches!(old, PageHide { .. } | PageShow { .. }),
        Environment::Freeze | Environment::Resume | Environment::ClockJump => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_kept_once_and_until_its_opposite_comes() {
        let mut page = Page::default();
        let news = [
            Environment::Offline,
            Environment::Hidden,
            Environment::Offline,
            Environment::Freeze,
            Environment::PageHide { persisted: true },
            Environment::Visible,
        ];
        news.into_iter().for_each(|news| page.note(news));
        let put_aside = Environment::PageHide { persisted: true };
        assert_eq!(page.holding(), [Environment::Offline, put_aside]);
        page.note(Environment::PageShow { persisted: true });
        page.note(Environment::Online);
        assert!(page.holding().is_empty());
    }
}
