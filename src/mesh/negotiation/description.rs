//! The little that is read of a session description (RFC 8866, RFC 8839 §5.4, RFC 8122 §5, RFC 5763 §5).

/// Which end begins the handshake of DTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setup {
    Active,
    Passive,
}

impl Setup {
    /// What its author has chosen to be: answers choose, offers leave it open.
    pub(super) fn of(sdp: &str) -> Option<Self> {
        match values(sdp, SETUP).next()? {
            "active" => Some(Self::Active),
            "passive" => Some(Self::Passive),
            _ => None,
        }
    }

    /// What the other end is.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Active => Self::Passive,
            Self::Passive => Self::Active,
        }
    }

    /// An offer that does not leave it open.
    pub(super) fn fix(self, offer: &str) -> String {
        let chosen = if self == Self::Active { "active" } else { "passive" };
        offer.replace(&format!("{SETUP}actpass"), &format!("{SETUP}{chosen}"))
    }
}

const SETUP: &str = "a=setup:";

/// ICE user names, without repetition.
pub(super) fn ufrags(sdp: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in values(sdp, "a=ice-ufrag:") {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// The certificate's fingerprint with its hash function: one for all sections, since all share one transport. Of several it would
/// be up to the browser which one counts (RFC 8122 §5), so they are none; some take names in any case, and blanks before them.
pub(super) fn fingerprint(sdp: &str) -> Option<String> {
    let sdp = sdp.to_ascii_lowercase();
    let mut lines = sdp.lines().filter(|line| line.contains("fingerprint")).map(str::trim);
    let line = lines.next()?;
    let value = line.strip_prefix("a=fingerprint:")?;
    lines.all(|other| other == line).then(|| value.to_owned())
}

/// The user name inside a candidate line, where browsers put it as an extension.
pub(super) fn ufrag_of(candidate: &str) -> Option<String> {
    let mut words = candidate.split(' ').skip_while(|word| *word != "ufrag");
    words.nth(1).map(str::to_owned)
}

fn values<'a>(sdp: &'a str, attribute: &'a str) -> impl Iterator<Item = &'a str> {
    sdp.lines().filter_map(move |line| line.strip_prefix(attribute)).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str =
        "v=0\r\na=ice-ufrag:Ab1\r\na=fingerprint:sha-256 AA:BB\r\nm=audio\r\na=ice-ufrag:Ab1\r\n";

    #[test]
    fn names_and_the_certificate_are_found_once() {
        assert_eq!(ufrags(SDP), ["Ab1"]);
        assert_eq!(fingerprint(SDP).as_deref(), Some("sha-256 aa:bb"));
        assert_eq!(fingerprint("v=0"), None);
    }

    #[test]
    fn where_not_all_sections_name_the_same_certificate_it_is_nobodys() {
        let again = |line: &str| fingerprint(&format!("{SDP}{line}\r\nm=video\r\n"));
        assert_eq!(again("a=fingerprint:SHA-256 aa:bb").as_deref(), Some("sha-256 aa:bb"));
        for other in [
            "a=fingerprint:sha-256 AA:CC",
            "a=fingerprint:sha-1 AA:BB",
            "a=FingerPrint:sha-256 AA:CC",
            "a= fingerprint:sha-256 AA:CC",
            "a=x\ra=fingerprint:sha-256 AA:CC",
        ] {
            assert_eq!(again(other), None, "{other}");
        }
    }

    #[test]
    fn who_begins_the_handshake_is_read_of_answers_and_said_in_offers() {
        assert_eq!(Setup::of("m=audio\r\na=setup:passive\r\n"), Some(Setup::Passive));
        let offer = "m=audio\r\na=setup:actpass\r\nm=video\r\na=setup:actpass\r\n";
        assert_eq!(Setup::of(offer), None);
        let fixed = offer.replace("actpass", "active");
        assert_eq!(Setup::Passive.other().fix(offer), fixed);
    }

    #[test]
    fn a_candidate_line_may_name_its_description() {
        let line =
            "candidate:1 1 udp 2113 127.0.0.1 5 typ host generation 0 ufrag Ab1 network-id 1";
        assert_eq!(ufrag_of(line).as_deref(), Some("Ab1"));
        assert_eq!(ufrag_of("candidate:1 1 udp 2113 127.0.0.1 5 typ host"), None);
    }
}
