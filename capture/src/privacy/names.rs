//! What names and values give away: fields that hold a password or a card's data though no `type` says so, parameters
//! of addresses that prove who somebody is, and numbers that are a card's.

/// In the name or id of a password or card field, written without what separates words. The twin of this list is in
/// `js/reader.js`.
const FIELDS: &[&str] = &[
    "cvc",
    "cvv",
    "ccv",
    "iban",
    "cardnum",
    "cardnr",
    "cardexp",
    "ccnum",
    "ccnr",
    "ccexp",
    "creditcard",
    "debitcard",
    "passw",
    "passphrase",
    "pwd",
];

/// In the name of a parameter, a hidden field or a `<meta>` that proves who somebody is.
const PROOFS: &[&str] = &[
    "token",
    "passw",
    "pwd",
    "secret",
    "session",
    "sessid",
    "apikey",
    "accesskey",
    "credential",
    "csrf",
    "xsrf",
    "jwt",
];

/// The same, for names that are nothing else.
const WHOLE_PROOFS: &[&str] = &["sid", "auth", "otp", "code"];

/// The most digits that a card's number has.
const CARD_DIGITS: usize = 19;

/// From so many digits on, what is typed into a field for digits may be a card's number on its way.
const TYPED_DIGITS: usize = 6;

/// Whether a field of this name or id holds a password or a card's data.
#[must_use]
pub fn is_secret_field(name: &str) -> bool {
    holds(&joined(name), FIELDS)
}

/// Whether a value of this name proves who somebody is.
#[must_use]
pub fn is_proof(name: &str) -> bool {
    // Of the words above, the shortest has three letters: the names of many parameters are shorter.
    if name.bytes().filter(u8::is_ascii_alphanumeric).count() < 3 {
        return false;
    }
    let name = joined(name);
    WHOLE_PROOFS.iter().any(|proof| proof.as_bytes() == name) || holds(&name, PROOFS)
}

/// Letters and digits, small ones.
fn joined(name: &str) -> Vec<u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// Names are short: a search that is quick in long texts would take more room than it is worth.
fn holds(name: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| name.windows(word.len()).any(|part| part == word.as_bytes()))
}

/// Whether `autocomplete` names a card's data, a password or a code.
#[must_use]
pub fn is_secret_autocomplete(autocomplete: &str) -> bool {
    autocomplete.split_ascii_whitespace().any(|token| {
        token.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("cc-"))
            || ["current-password", "new-password", "one-time-code"].iter().any(|name| token.eq_ignore_ascii_case(name))
    })
}

/// Whether a value is a card's number: digits, with blanks and hyphens at most between them, as many as a card has, of
/// which the last one checks the others (ISO/IEC 7812-1, annex B).
#[must_use]
pub fn is_card_number(value: &str) -> bool {
    let Some((first, count)) = digits(value) else { return false };
    // By who issues it. With every length allowed, one in ten numbers would be a card's on its way to be longer.
    if !matches!((first, count), (b'3', 14..=16) | (b'2' | b'5', 16) | (b'4', 16 | 19) | (b'6', 16..=19)) {
        return false;
    }
    let mut sum = 0;
    for (index, digit) in value.bytes().filter(u8::is_ascii_digit).enumerate() {
        let digit = u32::from(digit - b'0');
        let doubled = if (count - index).is_multiple_of(2) { digit * 2 } else { digit };
        sum += doubled / 10 + doubled % 10;
    }
    sum.is_multiple_of(10)
}

/// Whether what stands in a field for digits may become a card's number.
#[must_use]
pub fn may_become_card_number(value: &str) -> bool {
    digits(value).is_some_and(|(_, count)| (TYPED_DIGITS..=CARD_DIGITS).contains(&count))
}

/// The first digit, if it is one that cards have, and how many there are, if there is nothing else but what separates them.
fn digits(value: &str) -> Option<(u8, usize)> {
    let (mut first, mut count) = (0, 0);
    for byte in value.bytes() {
        match byte {
            b'0'..=b'9' => {
                first = if count == 0 { byte } else { first };
                count += 1;
            }
            b' ' | b'-' => {}
            _ => return None,
        }
    }
    matches!(first, b'2'..=b'6').then_some((first, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_name_however_it_is_written() {
        for name in ["cardNumber", "card_number", "cc-num", "txtCVV", "cvc2", "IBAN", "user[password]", "pwd", "ccExp"]
        {
            assert!(is_secret_field(name), "{name}");
        }
        for name in ["card", "email", "number", "order-number", "customer", "expires", "cart-number", "q"] {
            assert!(!is_secret_field(name), "{name}");
        }
    }

    #[test]
    fn proofs_are_known_by_name() {
        for name in ["access_token", "JSESSIONID", "api-key", "csrf-token", "sid", "X-Amz-Security-Token", "code"] {
            assert!(is_proof(name), "{name}");
        }
        for name in ["page", "side", "q", "author", "zipcode", "id", "key"] {
            assert!(!is_proof(name), "{name}");
        }
    }

    #[test]
    fn card_numbers_are_checked_by_length_and_sum() {
        for number in ["4539 1488 0343 6467", "5555-5555-5555-4444", "378282246310005", "6304000000000000"] {
            assert!(is_card_number(number), "{number}");
        }
        // An order's number: too short, a wrong sum, another first digit, or something else in it.
        for number in [
            "453914880343",
            "4539148803436468",
            "4222222222222",
            "1234567812345670",
            "4539x148803436467",
            "",
            "2026-11-26",
        ] {
            assert!(!is_card_number(number), "{number}");
        }
        assert!(may_become_card_number("453914") && !may_become_card_number("45391"));
        assert!(!may_become_card_number("030 123456") && !may_become_card_number("453914 Berlin"));
    }
}
