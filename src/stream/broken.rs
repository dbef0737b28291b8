//! Rules of streams that can be switched off.

use crate::switches::switches;

switches! {
    /// Rules that the mutation proof breaks, one at a time, to show that the simulation notices.
    Broken {
        /// What a server repeats is told again.
        no_dedupe,
        /// A request does not name the last event id.
        no_resume,
        /// An id counts when its line is there, before its event is.
        early_id,
        /// A silent answer is waited for without end.
        no_idle_timeout,
        /// A lost answer of text is asked for again, whatever was said.
        repeat_text,
        /// An answer is read on before the app has taken the last piece.
        no_backpressure,
        /// A wait that the server asked for is shortened by whatever wakes the page.
        impatient,
    }
}
