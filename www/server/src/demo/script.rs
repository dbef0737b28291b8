//! What the model says: the same answer to the same question, piece by piece.

/// Longest question that is quoted, in characters.
const LONGEST_QUOTE: usize = 160;
/// A longer word comes in two pieces.
const LONG_WORD: usize = 7;

/// The answer to a question.
pub(super) fn answer(question: &str) -> String {
    let question = tidy(question);
    let asked = question.to_lowercase();
    let known = TOPICS.iter().find(|(words, _)| words.iter().any(|word| asked.contains(word)));
    let body = known.map_or(ABOUT, |(_, body)| body);
    if question.is_empty() {
        return body.to_owned();
    }
    format!("You asked: “{question}”\n\n{body}")
}

/// A text in the pieces in which a model would write it. Together they are the text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in text.split_inclusive(' ') {
        match half(word) {
            Some(middle) => {
                let (head, tail) = word.split_at(middle);
                tokens.extend([head, tail]);
            }
            None => tokens.push(word),
        }
    }
    tokens
}

/// Where a long word is split, between two characters.
fn half(word: &str) -> Option<usize> {
    let count = word.chars().count();
    if count <= LONG_WORD {
        return None;
    }
    word.char_indices().nth(count / 2).map(|(at, _)| at)
}

/// One line without control characters, not endless.
fn tidy(question: &str) -> String {
    let plain = question.split(|char: char| char.is_whitespace() || char.is_control());
    let words: Vec<&str> = plain.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST_QUOTE).collect()
}

/// What is said when no topic fits.
const ABOUT: &str = "I am a script, not a model: there is no account, no key and nothing to pay. What is real is the \
way my words take. The server sends them one by one as events with ids, this window reads them as they come, and, if \
you asked for that, types them into the shared document, where everybody in the room watches them appear.\n\n\
Try to disturb it. Press “Cut it here” in the middle of a sentence: the stream breaks, the window comes back with the \
id of the last word it has, and the answer goes on with the next one. Nothing is missing and nothing is said twice. \
Reload the page, and the rest still comes. Only “Stop” ends it for good. 🙂";

/// Words of a question, and the answer to it.
const TOPICS: [(&[&str], &str); 3] = [
    (
        &["poem", "haiku", "rhyme", "song"],
        "The wire is cut, the words go on,\nthe page is dark, the link is gone;\nwhat you have typed is kept in \
here\nuntil the way is free and clear.\n\nThen letter after letter goes\nthe way that everybody knows;\nand those \
who wrote while you were lost\nfind both your lines, and none is crossed.\n\nNo word came twice, no word was missed.\n\
The last one stands here. Check the list. 🌿",
    ),
    (
        &["plan", "list", "steps", "agenda", "meeting"],
        "Here is a plan for the next half hour:\n\n1. Open this room in a second window, or send its address to \
somebody.\n2. Ask me something in both, and let both answers be typed into the document at the same time. They do not \
get into each other’s sentences.\n3. Cut the link in one window and go on writing there.\n4. Restart the server’s \
side while an answer is under way.\n5. Mend the link, and compare the two windows letter by letter.\n\nIf anything \
differs, you have found a bug, and it is worth reporting: the seed of the simulation that finds it will be kept as a \
test for ever. ✅",
    ),
    (
        &["offline", "reconnect", "lost", "network", "wifi", "train"],
        "Think of a train that enters a tunnel. The socket does not notice: it looks open and says nothing. So the \
page asks every few seconds, and when no answer comes it lets go and tries anew, at times that are drawn by lot, so \
that a thousand passengers do not all knock in the same instant.\n\nMeanwhile you write on. Each edit is first put \
into the log of this device, and only then sent. When the train comes out on the other side, both ends tell each other \
what they have, and exchange exactly the difference.\n\nA stream like this one is simpler: each word has a number. \
Whoever comes back names the last number, and gets the next. 🚆",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_another_topic_another() {
        assert_eq!(answer("a poem, please"), answer("a  poem, please\n"));
        assert!(answer("a poem").contains("The wire is cut"));
        assert!(answer("who are you?").starts_with("You asked: “who are you?”\n\nI am a script"));
        assert!(answer(" \r\n").starts_with("I am a script"));
    }

    #[test]
    fn long_words_come_in_two_pieces() {
        assert_eq!(tokens("a sentence here"), ["a ", "sent", "ence ", "here"]);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_answer_and_none_is_empty(question in any::<String>()) {
            let answer = answer(&question);
            prop_assert_eq!(tokens(&answer).concat(), answer.clone());
            prop_assert!(tokens(&answer).iter().all(|token| !token.is_empty()));
            prop_assert!(!answer.contains('\r') && answer.chars().count() < 2_000);
        }
    }
}
