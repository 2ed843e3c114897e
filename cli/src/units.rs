//! Times and sizes as people write them: `500ms`, `30s`, `5m`, `8h`; `65536`, `64KiB`, `16MiB`.

use std::time::Duration;

/// Reads a time.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let millis = number(text, &units).ok_or("expected a whole number and ms, s, m or h, as in 30s")?;
    Ok(Duration::from_millis(millis))
}

/// Reads an age, in which days have their place.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let seconds = number(text, &units).filter(|seconds| *seconds > 0);
    let seconds = seconds.ok_or("expected a whole number above 0 and s, m, h or d, as in 30d")?;
    Ok(Duration::from_secs(seconds))
}

/// Reads a moment of a recording, in milliseconds: `12.5s`, `500ms`.
pub(crate) fn seconds(text: &str) -> Result<u32, String> {
    let expected = || "expected seconds or milliseconds, as in 12.5s or 500ms".to_owned();
    let (number, factor) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (text.strip_suffix('s').unwrap_or(text), 1000.0),
    };
    let millis = number.parse::<f64>().map_err(|_| expected())? * factor;
    // A recording's times wrap after 49 days.
    if !(0.0..=f64::from(u32::MAX)).contains(&millis) {
        return Err(expected());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Ok(millis.round() as u32)
}

/// Reads a size in bytes.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let units = [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let bytes = number(text, &units).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| "expected a whole number, of bytes or with KiB, MiB or GiB, as in 16MiB".to_owned())
}

fn number(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_seconds_or_milliseconds() {
        assert_eq!((seconds("12.5s"), seconds("500ms"), seconds("3")), (Ok(12_500), Ok(500), Ok(3_000)));
        assert!(["", "s", "-1s", "1e99s", "nan"].iter().all(|text| seconds(text).is_err()));
    }

    #[test]
    fn times_have_units() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("30 s"), Ok(Duration::from_secs(30)));
        assert_eq!(time("8h"), Ok(Duration::from_secs(28_800)));
        for wrong in ["", "30", "s", "1.5s", "-1s", "99999999999999999999s", "18446744073709551615h", "3d"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ages_have_days() {
        assert_eq!(age("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(age("12h"), Ok(Duration::from_secs(12 * 3_600)));
        assert!(["", "0d", "30", "1w", "1.5d"].iter().all(|text| age(text).is_err()));
    }

    #[test]
    fn sizes_may_have_units() {
        assert_eq!(size("65536"), Ok(65_536));
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("16MiB"), Ok(16 << 20));
        for wrong in ["", "KiB", "64KB", "64kib", "1.5MiB", "18446744073709551615GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
