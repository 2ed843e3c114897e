//! Names of recordings: when one began, and eight digits drawn at random, as `20261126-225812-1a2b3c4d`.

use std::time::{SystemTime, UNIX_EPOCH};

/// A new name.
pub(super) fn new() -> Result<String, getrandom::Error> {
    let mut random = [0; 4];
    getrandom::fill(&mut random)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(format!("{}-{:08x}", moment(seconds), u32::from_le_bytes(random)))
}

/// Whether it can be the name of a recording: nothing that leads elsewhere.
pub(super) fn is_one(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Seconds since 1970 as `YYYYMMDD-hhmmss`, in UTC.
fn moment(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March, so that a leap day is a year's last: 400 of them have 146,097 days.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3_600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_time_and_lead_nowhere() {
        assert_eq!(moment(0), "19700101-000000");
        assert_eq!(moment(951_827_696), "20000229-123456");
        assert_eq!(moment(4_102_444_799), "20991231-235959");
        let name = new().unwrap();
        assert!(is_one(&name) && name.len() == 24, "{name}");
        assert!(["", "../x", "a.b", "a/b", &"a".repeat(65)].iter().all(|name| !is_one(name)));
    }
}
