//! The doctor's table of close codes and the core's are one: both are tested with the same list.

use rejoin::backoff::Hint;
use rejoin::connection::close::{Verdict, judge_close};

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Retry(Hint::None) => "retry",
        Verdict::Retry(_) => "retry-later",
        Verdict::Refresh => "refresh",
        Verdict::Protocol => "retry-twice",
        Verdict::TooLarge => "too-large",
        Verdict::Fail(_) => "fail",
    }
}

#[test]
fn the_core_judges_close_codes_as_the_shared_list_says() {
    let list = include_str!("../fixtures/close-codes.json");
    let cases: Vec<(u16, String, String)> = serde_json::from_str(list).unwrap();
    assert!(cases.len() > 40);
    for (code, reason, expected) in cases {
        assert_eq!(word(judge_close(code, &reason)), expected, "{code} {reason:?}");
    }
}
