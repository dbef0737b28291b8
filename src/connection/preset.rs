//! What close codes mean to servers in the field; see the table in PROTOCOL.md.

use std::ops::RangeInclusive;

use super::close::{Verdict, hint};
use crate::backoff::Hint;
use crate::error::ErrorCode;

/// Whose close codes a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The registered codes, and the habits most servers share.
    #[default]
    Standard,
    /// `graphql-transport-ws`.
    GraphqlWs,
    /// Centrifugo and centrifuge.
    Centrifugo,
    /// Pusher Channels and what is compatible with it.
    Pusher,
    /// Liveblocks.
    Liveblocks,
    /// Phoenix channels and what is built on them.
    Phoenix,
    /// y-websocket.
    YWebsocket,
}

/// Names of the presets, as the app writes them.
pub const PRESETS: [(&str, Preset); 7] = [
    ("standard", Preset::Standard),
    ("graphql-ws", Preset::GraphqlWs),
    ("centrifugo", Preset::Centrifugo),
    ("pusher", Preset::Pusher),
    ("liveblocks", Preset::Liveblocks),
    ("phoenix", Preset::Phoenix),
    ("y-websocket", Preset::YWebsocket),
];

impl Preset {
    /// What a close asks of us; `None` where the standard table has its say.
    pub(super) fn judge(self, code: u16, reason: &str) -> Option<Verdict> {
        let table: &[Row] = match self {
            Self::Standard => return None,
            Self::GraphqlWs => &GRAPHQL_WS,
            Self::Centrifugo => &CENTRIFUGO,
            Self::Pusher => &PUSHER,
            Self::Liveblocks => &LIVEBLOCKS,
            Self::Phoenix => &[],
            Self::YWebsocket => &Y_WEBSOCKET,
        };
        let rule = table.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, rule)| *rule);
        let again = |otherwise| Verdict::Retry(hint(reason).unwrap_or(otherwise));
        Some(match rule {
            // Sent again, the same message would close the next link too.
            Some(Rule::Retry) | None if code == TOO_LARGE => Verdict::TooLarge,
            Some(Rule::Retry) | None => again(Hint::None),
            Some(Rule::Slowly) => again(Hint::Overload),
            Some(Rule::Refresh) => Verdict::Refresh,
            Some(Rule::Fail) => Verdict::Fail(ErrorCode::Connection),
            Some(Rule::Forbidden) => Verdict::Fail(ErrorCode::Forbidden),
        })
    }
}

const TOO_LARGE: u16 = 1009;

type Row = (RangeInclusive<u16>, Rule);

#[derive(Clone, Copy)]
enum Rule {
    Retry,
    Slowly,
    Refresh,
    Fail,
    Forbidden,
}

/// The first row that holds the code decides; a code in none is retried.
const GRAPHQL_WS: [Row; 12] = [
    (1000..=1001, Rule::Retry),
    (1005..=1006, Rule::Retry),
    (1009..=1009, Rule::Retry),
    (1012..=1012, Rule::Retry),
    (1013..=1013, Rule::Slowly),
    (1014..=1014, Rule::Retry),
    (1002..=1999, Rule::Fail),
    (4004..=4005, Rule::Fail),
    (4401..=4401, Rule::Refresh),
    (4400..=4400, Rule::Fail),
    (4406..=4406, Rule::Fail),
    (4409..=4409, Rule::Fail),
];

const CENTRIFUGO: [Row; 3] =
    [(3500..=3500, Rule::Refresh), (3501..=3999, Rule::Fail), (4500..=4999, Rule::Fail)];

const PUSHER: [Row; 5] = [
    (1002..=1004, Rule::Slowly),
    (4000..=4099, Rule::Fail),
    (4100..=4199, Rule::Slowly),
    (4200..=4299, Rule::Retry),
    (4300..=4999, Rule::Fail),
];

const LIVEBLOCKS: [Row; 6] = [
    (1013..=1013, Rule::Slowly),
    (4001..=4001, Rule::Forbidden),
    (4000..=4099, Rule::Fail),
    (4100..=4199, Rule::Refresh),
    (4200..=4299, Rule::Slowly),
    (4999..=4999, Rule::Fail),
];

const Y_WEBSOCKET: [Row; 1] = [(4400..=4499, Rule::Fail)];

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Verdict = Verdict::Retry(Hint::None);
    const SLOWLY: Verdict = Verdict::Retry(Hint::Overload);
    const FAIL: Verdict = Verdict::Fail(ErrorCode::Connection);

    fn check(preset: Preset, expected: &[(Verdict, &[u16])]) {
        for (verdict, codes) in expected {
            for code in *codes {
                assert_eq!(preset.judge(*code, ""), Some(*verdict), "{preset:?} {code}");
            }
        }
    }

    #[test]
    fn each_preset_reads_codes_as_its_servers_mean_them() {
        check(
            Preset::GraphqlWs,
            &[
                (RETRY, &[1000, 1001, 1005, 1006, 1012, 1014, 4403, 4408, 4500, 4504]),
                (SLOWLY, &[1013]),
                (FAIL, &[1002, 1003, 1007, 1008, 1010, 1011, 1015, 4004, 4005, 4400, 4406, 4409]),
                (Verdict::Refresh, &[4401]),
            ],
        );
        check(
            Preset::Centrifugo,
            &[
                (RETRY, &[1000, 1006, 3000, 3001, 3499, 4000, 4401, 4499]),
                (FAIL, &[3501, 3503, 3999, 4500, 4999]),
                (Verdict::Refresh, &[3500]),
            ],
        );
        check(
            Preset::Pusher,
            &[
                (RETRY, &[1000, 1006, 4200, 4201, 4299]),
                (SLOWLY, &[1002, 1004, 4100, 4199]),
                (FAIL, &[4000, 4009, 4099, 4300, 4999]),
            ],
        );
        check(
            Preset::Liveblocks,
            &[
                (RETRY, &[1000, 1006, 1011, 4300]),
                (SLOWLY, &[1013, 4200, 4299]),
                (Verdict::Refresh, &[4100, 4109, 4199]),
                (FAIL, &[4005, 4006, 4999]),
                (Verdict::Fail(ErrorCode::Forbidden), &[4001]),
            ],
        );
        check(Preset::Phoenix, &[(RETRY, &[1000, 1002, 1008, 1011, 4401, 4999])]);
        check(Preset::YWebsocket, &[(RETRY, &[1000, 1011, 4500]), (FAIL, &[4400, 4401, 4499])]);
    }

    #[test]
    fn a_message_that_was_too_large_is_set_aside_whatever_the_preset() {
        for (name, preset) in PRESETS.iter().skip(1) {
            assert_eq!(preset.judge(1009, ""), Some(Verdict::TooLarge), "{name}");
        }
        assert_eq!(Preset::Standard.judge(1009, ""), None);
    }

    #[test]
    fn a_wait_the_server_asks_for_is_kept_in_every_preset() {
        for (name, preset) in PRESETS.iter().skip(1) {
            let asked = preset.judge(1012, r#"{"retry_ms":1500}"#);
            assert_eq!(asked, Some(Verdict::Retry(Hint::After(1_500))), "{name}");
        }
    }
}
