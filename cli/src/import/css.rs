//! Cutting CSS where a parser would.

/// Parts of CSS between separators that stand in no brackets, strings or comments.
pub(super) fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut cuts = vec![0];
    scan(text, |at, byte, depth| {
        if byte == separator && depth == 0 {
            cuts.push(at + 1);
        }
    });
    cuts.push(text.len() + 1);
    cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1] - 1)).collect::<Vec<_>>().into_iter()
}

/// The rules of a sheet, as they stand: up to the end of a block, or to a semicolon.
pub(super) fn top_rules(text: &str) -> Vec<&str> {
    let mut rules = Vec::new();
    let mut from = 0;
    scan(text, |at, byte, depth| {
        if depth == 0 && (byte == b'}' || byte == b';') {
            rules.extend(text.get(from..=at).map(str::trim).filter(|rule| rule.len() > 1));
            from = at + 1;
        }
    });
    rules
}

/// Calls `found(offset, byte, depth)` for each byte of CSS outside of strings and comments; the depth is that behind it.
fn scan(text: &str, mut found: impl FnMut(usize, u8, usize)) {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'\\' => at += 1,
            b'"' | b'\'' => {
                at += 1;
                while bytes.get(at).is_some_and(|next| *next != byte) {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = text.get(at + 2..).and_then(|rest| rest.find("*/")).map_or(bytes.len(), |end| at + end + 3);
            }
            b'{' | b'(' | b'[' => {
                depth += 1;
                found(at, byte, depth);
            }
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                found(at, byte, depth);
            }
            _ => found(at, byte, depth),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn css_is_cut_where_a_parser_would() {
        let css = "a { color: red } /* } */ @media (x: 1) { b { content: '}' } c {} }\n@import url(a;b); d::after { content: \"\\\"}\" }";
        assert_eq!(
            top_rules(css),
            [
                "a { color: red }",
                "/* } */ @media (x: 1) { b { content: '}' } c {} }",
                "@import url(a;b);",
                "d::after { content: \"\\\"}\" }"
            ]
        );
        let parts: Vec<_> = split("color: red; background: url(data:a;b); content: ';'", b';').collect();
        assert_eq!(parts, ["color: red", " background: url(data:a;b)", " content: ';'"]);
    }
}
