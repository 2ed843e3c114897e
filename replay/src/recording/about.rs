//! What is known of a recording as a whole (`docs/recording-format.md` §3).

use super::Error;
use protocol::varint;

/// The longest address, in bytes.
const URL_BYTES: usize = 8 << 10;

/// The longest name of a browser, in bytes.
const AGENT_BYTES: usize = 1 << 10;

/// The longest account of rules, in bytes.
const RULES_BYTES: usize = 64 << 10;

/// What is known of a recording as a whole; each is left out where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// When it was begun, in milliseconds since 1970.
    pub created: Option<u64>,
    /// The address of its first page, as its stream has it. At most 8 KiB.
    pub url: Option<String>,
    /// The customer's browser, as it calls itself. At most 1 KiB.
    pub user_agent: Option<String>,
    /// The viewport at the beginning, `WIDTHxHEIGHT` in CSS pixels. At most 32 bytes.
    pub viewport: Option<String>,
    /// The privacy rules in force, as JSON (`docs/privacy.md`). At most 64 KiB.
    pub rules: Option<String>,
}

const FIELDS: [(u8, &str, usize); 4] =
    [(2, "an address", URL_BYTES), (3, "a user agent", AGENT_BYTES), (4, "a viewport", 32), (5, "rules", RULES_BYTES)];

impl About {
    fn texts(&self) -> [&Option<String>; 4] {
        [&self.url, &self.user_agent, &self.viewport, &self.rules]
    }

    /// The payload of the block. Texts that are too long are left out.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(created) = self.created {
            out.extend_from_slice(&[1, 8]);
            out.extend_from_slice(&created.to_le_bytes());
        }
        for ((tag, _, most), text) in FIELDS.iter().zip(self.texts()) {
            let Some(text) = text.as_ref().filter(|text| text.len() <= *most) else { continue };
            out.push(*tag);
            varint::write(&mut out, u32::try_from(text.len()).unwrap_or(u32::MAX));
            out.extend_from_slice(text.as_bytes());
        }
        out
    }

    /// Reads a payload that lies at `offset` of the file. Fields of other tags are passed over.
    ///
    /// # Errors
    /// When a field is not what it should be.
    pub fn read(bytes: &[u8], offset: u64) -> Result<Self, Error> {
        let mut about = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            let (start, tag) = (offset + at as u64, bytes[at]);
            at += 1;
            let len = varint::read(bytes, &mut at).map(|len| len as usize);
            let Some(value) = len.and_then(|len| bytes.get(at..at.checked_add(len)?)) else {
                return Err(Error::new(start, "a field with its length", "the end of the block"));
            };
            at += value.len();
            if tag == 1 {
                let Ok(created) = value.try_into().map(u64::from_le_bytes) else {
                    return Err(Error::new(start, "a time of 8 bytes", format!("{} bytes", value.len())));
                };
                about.created = Some(created);
            }
            let Some((_, what, most)) = FIELDS.iter().find(|(of, ..)| *of == tag) else { continue };
            let text = (value.len() <= *most).then(|| std::str::from_utf8(value).ok()).flatten();
            let Some(text) = text else {
                let expected = format!("{what} of at most {most} bytes of UTF-8");
                return Err(Error::new(start, expected, format!("{} bytes", value.len())));
            };
            let field = match tag {
                2 => &mut about.url,
                3 => &mut about.user_agent,
                4 => &mut about.viewport,
                _ => &mut about.rules,
            };
            *field = Some(text.to_owned());
        }
        Ok(about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_round_trip_and_unknown_ones_are_passed_over() {
        let about = About {
            created: Some(1_700_000_000_000),
            url: Some("https://shop.example/".into()),
            user_agent: None,
            viewport: Some("800x600".into()),
            rules: Some("{}".into()),
        };
        let mut bytes = about.write();
        bytes.extend_from_slice(&[99, 2, 1, 2]);
        assert_eq!(About::read(&bytes, 0).unwrap(), about);
        assert_eq!(About::read(&[], 0).unwrap(), About::default());
    }

    #[test]
    fn what_is_too_long_is_left_out_and_refused() {
        let long = About { viewport: Some("9".repeat(33)), ..About::default() };
        assert_eq!(long.write(), []);
        let bytes = [&[4, 33][..], "9".repeat(33).as_bytes()].concat();
        let error = About::read(&bytes, 49).unwrap_err().to_string();
        assert_eq!(error, "byte 49: expected a viewport of at most 32 bytes of UTF-8, found 33 bytes");
        assert!(About::read(&[2, 5, b'x'], 0).is_err());
        assert!(About::read(&[1, 1, 0], 0).is_err());
    }
}
