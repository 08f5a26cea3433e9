//! Where a webhook is sent, as a text with one meaning: what is checked here is what is
//! connected to. Which address its host has, the sender finds out, and checks again.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::{Reach, forbidden};

const CHARACTERS_MAX: usize = 512;
/// As DNS has it.
const HOST_CHARACTERS_MAX: usize = 253;
const LABEL_CHARACTERS_MAX: usize = 63;

/// Why a text is no address for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhookUrl {
    /// Longer than 512 characters, or with others than printable ASCII.
    #[error("must be at most 512 printable ASCII characters")]
    Text,
    /// Not https.
    #[error("must begin with https://")]
    Scheme,
    /// A name or a password before the host.
    #[error("must not have a user name or a password")]
    UserInfo,
    /// Something after a `#`.
    #[error("must not have a fragment")]
    Fragment,
    /// No host, or one that is none.
    #[error("must have a host name")]
    Host,
    /// A port that is none.
    #[error("must have a port from 1 to 65535, or none")]
    Port,
    /// An address that is not public.
    #[error("must not lead to a private address: {0}")]
    Private(&'static str),
}

/// An absolute `https` URL without user and fragment: at most 512 characters, and a host that is
/// a name or a public address. `http` as well, and the loopback, if [`Reach`] goes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    tls: bool,
    host: String,
    port: u16,
    target: String,
}

impl WebhookUrl {
    /// Reads a URL that someone names.
    ///
    /// # Errors
    /// [`InvalidWebhookUrl`] says which rule it breaks.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, InvalidWebhookUrl> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if text.len() > CHARACTERS_MAX || !printable {
            return Err(InvalidWebhookUrl::Text);
        }
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) if reach == Reach::Loopback => (false, rest),
            _ => return Err(InvalidWebhookUrl::Scheme),
        };
        if rest.contains('#') {
            return Err(InvalidWebhookUrl::Fragment);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let target = rest.strip_prefix(authority).unwrap_or_default();
        if authority.contains('@') {
            return Err(InvalidWebhookUrl::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        let host = host.to_ascii_lowercase();
        check_host(&host, reach)?;
        let target = if target.starts_with('/') { target.into() } else { format!("/{target}") };
        Ok(Self { text: text.to_owned(), tls, host, port, target })
    }

    /// The URL as it was named.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is reached by TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host, in small letters; an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// The port, 1 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a request names as its host: with the port, unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Path and query, as in `/hooks?from=market`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Reads a URL that was accepted before, under whatever reach.
impl FromStr for WebhookUrl {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, InvalidWebhookUrl> {
        Self::parse(text, Reach::Loopback)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidWebhookUrl> {
    let after_address = authority.rfind(']').unwrap_or(0);
    let colon = authority.rfind(':').filter(|colon| *colon >= after_address);
    let Some((host, digits)) = colon.and_then(|colon| authority.split_at_checked(colon)) else {
        return Ok((authority, None));
    };
    let digits = digits.strip_prefix(':').unwrap_or_default();
    let port: Option<u16> = digits.parse().ok().filter(|port| *port > 0);
    let port = port.filter(|port| port.to_string() == digits).ok_or(InvalidWebhookUrl::Port)?;
    Ok((host, Some(port)))
}

fn check_host(host: &str, reach: Reach) -> Result<(), InvalidWebhookUrl> {
    if let Some(address) = address_of(host)? {
        return forbidden(address, reach)
            .map_or(Ok(()), |why| Err(InvalidWebhookUrl::Private(why)));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| {
        (1..=LABEL_CHARACTERS_MAX).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > HOST_CHARACTERS_MAX || !host.split('.').all(is_label) {
        return Err(InvalidWebhookUrl::Host);
    }
    // A name without a dot means a machine beside the one that looks it up.
    let nearby = !host.contains('.') || host.ends_with(".localhost");
    if nearby && reach == Reach::Public {
        return Err(InvalidWebhookUrl::Private("a name without a domain"));
    }
    Ok(())
}

/// The address that a host is, if it is no name. Resolvers take `127.1`, `0x7f.1` and
/// `017700000001` for addresses too: what ends in a number must be one in its usual spelling.
fn address_of(host: &str) -> Result<Option<IpAddr>, InvalidWebhookUrl> {
    if let Some(rest) = host.strip_prefix('[') {
        let address = rest.strip_suffix(']').and_then(|text| text.parse::<Ipv6Addr>().ok());
        return address.map(|address| Some(address.into())).ok_or(InvalidWebhookUrl::Host);
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if !hexadecimal && (last.is_empty() || !last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(None);
    }
    let address = host.parse::<Ipv4Addr>();
    address.map(|address| Some(address.into())).map_err(|_| InvalidWebhookUrl::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> Result<WebhookUrl, InvalidWebhookUrl> {
        WebhookUrl::parse(text, Reach::Public)
    }

    #[test]
    fn a_url_names_host_port_and_target() {
        let url = public("https://Hooks.Example.com:8443/in?from=market").expect("a URL");
        assert_eq!((url.host(), url.port()), ("hooks.example.com", 8443));
        assert_eq!(url.authority(), "hooks.example.com:8443");
        assert_eq!((url.target(), url.is_tls()), ("/in?from=market", true));
        assert_eq!(url.as_str(), "https://Hooks.Example.com:8443/in?from=market");
        let bare = public("https://example.com?a=b").expect("a URL");
        assert_eq!((bare.port(), &*bare.authority(), bare.target()), (443, "example.com", "/?a=b"));
        let literal = public("https://[2606:4700::1111]:1/").expect("a URL");
        assert_eq!((literal.host(), literal.port()), ("2606:4700::1111", 1));
        assert_eq!(literal.authority(), "[2606:4700::1111]:1");
    }

    #[test]
    fn what_is_no_public_https_url_is_refused_and_why() {
        use InvalidWebhookUrl::{Fragment, Host, Port, Scheme, Text, UserInfo};
        let long = format!("https://example.com/{}", "a".repeat(CHARACTERS_MAX));
        for (text, why) in [
            ("", Scheme),
            ("http://example.com/", Scheme),
            ("HTTPS://example.com/", Scheme),
            ("ftp://example.com/", Scheme),
            ("//example.com/", Scheme),
            ("https://a@example.com/", UserInfo),
            ("https://a:b@example.com/", UserInfo),
            ("https://example.com/#top", Fragment),
            ("https://example.com#@127.0.0.1/", Fragment),
            ("https://", Host),
            ("https:///path", Host),
            ("https://example..com/", Host),
            ("https://example.com./", Host),
            ("https://-example.com/", Host),
            ("https://exa%6dple.com/", Host),
            ("https://[::1/", Host),
            ("https://[::1]x/", Host),
            ("https://example.com:0/", Port),
            ("https://example.com:/", Port),
            ("https://example.com:65536/", Port),
            ("https://example.com:080/", Port),
            ("https://example.com/a b", Text),
            ("https://example.com\\@127.0.0.1/", Text),
            ("https://exämple.com/", Text),
            (&long, Text),
            // Addresses in spellings that only some resolvers know.
            ("https://127.1/", Host),
            ("https://2130706433/", Host),
            ("https://0x7f000001/", Host),
            ("https://0177.0.0.1/", Host),
        ] {
            assert_eq!(public(text), Err(why), "{text}");
        }
    }

    #[test]
    fn an_address_that_is_not_public_is_refused() {
        for host in [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fe80::1]",
            "localhost",
            "market",
            "a.localhost",
        ] {
            let refused = public(&format!("https://{host}/"));
            assert!(matches!(refused, Err(InvalidWebhookUrl::Private(_))), "{host}");
        }
    }

    #[test]
    fn a_laptop_may_also_name_itself_and_do_without_tls() {
        let local = |text| WebhookUrl::parse(text, Reach::Loopback);
        let url = local("http://localhost:9000/in").expect("a URL");
        assert_eq!((url.is_tls(), url.host(), url.port()), (false, "localhost", 9000));
        assert_eq!(local("http://127.0.0.1").expect("a URL").port(), 80);
        assert!(local("http://[::1]:9000/").is_ok());
        for text in ["http://10.0.0.1/", "http://169.254.169.254/", "https://[fe80::1]/"] {
            assert!(matches!(local(text), Err(InvalidWebhookUrl::Private(_))), "{text}");
        }
        assert_eq!("http://localhost:9000/in".parse(), Ok(url));
    }
}
