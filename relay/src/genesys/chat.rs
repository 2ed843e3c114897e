//! The message by which a chat carries a session's token: `{start:123456789}`, and nothing else.

use crate::token::Token;

/// The token that a chat's message carries, if it is one that does: it is matched whole, as by `^\{start:\d{9}\}$`.
///
/// ```
/// assert!(relay::genesys::token_of("{start:123456789}").is_some());
/// assert!(relay::genesys::token_of("please {start:123456789}").is_none());
/// ```
#[must_use]
pub fn token_of(message: &str) -> Option<Token> {
    message.strip_prefix("{start:")?.strip_suffix('}')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_nine_digits() {
        assert_eq!(token_of("{start:001234567}").map(Token::reveal).as_deref(), Some("001234567"));
        for other in [
            "",
            "{start:}",
            "{start:12345678}",
            "{start:1234567890}",
            "{start:12345678x}",
            "{start:１２３４５６７８９}",
        ] {
            assert_eq!(token_of(other), None, "{other}");
        }
    }

    #[test]
    fn nothing_stands_around_it() {
        for other in [
            " {start:123456789}",
            "{start:123456789} ",
            "{start:123456789}\n",
            "start:123456789",
            "{Start:123456789}",
            "{start: 123456789}",
            "{start:123456789}}",
            "{{start:123456789}",
        ] {
            assert_eq!(token_of(other), None, "{other}");
        }
    }
}
