//! Where a tunnel's requests go: the URL of the WebSocket it stands for.

/// The `http:` twin of a WebSocket's URL, with one more piece in its query.
pub(super) fn tunnel_url(url: &str, query: &str) -> String {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let mut whole = match scheme.to_ascii_lowercase().as_str() {
        "ws" => format!("http:{rest}"),
        "wss" => format!("https:{rest}"),
        _ => url.to_owned(),
    };
    whole.push_str(match url.split_once('?') {
        None => "?",
        Some((_, before)) if before.is_empty() || before.ends_with('&') => "",
        Some(_) => "&",
    });
    whole.push_str(query);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_asks_where_the_socket_would_have_been() {
        for (url, expected) in [
            ("ws://a/r", "http://a/r?tunnel=new"),
            ("WSS://a:1/r?v=1#f", "https://a:1/r?v=1&tunnel=new"),
            ("https://a/r?", "https://a/r?tunnel=new"),
        ] {
            assert_eq!(tunnel_url(url, "tunnel=new"), expected);
        }
    }
}
