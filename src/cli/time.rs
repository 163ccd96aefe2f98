//! Times and durations as Java writes them: ISO 8601, in UTC.

use crate::types::Millis;

const DAY_MS: i64 = 86_400_000;

/// `2026-08-01T12:34:56,789`, as log lines begin.
pub(super) fn iso(now: Millis) -> String {
    let (days, rest) = (now.div_euclid(DAY_MS), now.rem_euclid(DAY_MS));
    let (year, month, day) = civil(days);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02},{millis:03}")
}

/// Year, month and day of a count of days since 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The days from 1970 to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// `yyyy-MM-ddTHH:mm:ss.SSS`, perhaps with a zone (`Z`, `+02`, `+02:00`, `+0200`); UTC without. None for what is not.
pub(super) fn parse_datetime(text: &str) -> Option<Millis> {
    let pattern =
        r"^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{1,3})(Z|[+-]\d\d(?::?\d\d)?)?$";
    let found = regex::Regex::new(pattern).ok()?.captures(text)?;
    let number = |group: usize| found.get(group)?.as_str().parse::<i64>().ok();
    let (month, day) = (number(2)?, number(3)?);
    let (hour, minute, second) = (number(4)?, number(5)?, number(6)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let fraction = found.get(7)?.as_str();
    let millis = format!("{fraction:0<3}").parse::<i64>().ok()?;
    let seconds = days(number(1)?, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let zone_seconds = found.get(8).map_or(Some(0), |zone| zone_seconds(zone.as_str()))?;
    Some((seconds - zone_seconds) * 1000 + millis)
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let hours = digits.get(..2)?.parse::<i64>().ok()?;
    let minutes = digits.get(2..4).map_or(Some(0), |text| text.parse::<i64>().ok())?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// A duration such as `P1DT2H3M4.5S`, in milliseconds; none for anything else.
pub(super) fn parse_duration(text: &str) -> Option<Millis> {
    let pattern = r"(?i)^([+-])?P(?:([+-]?\d+)D)?(T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+)(?:\.(\d{0,9}))?S)?)?$";
    let found = regex::Regex::new(pattern).ok()?.captures(text)?;
    let number = |group: usize| found.get(group).map(|text| text.as_str().parse::<i64>().ok());
    if found.get(3).is_some_and(|time| time.as_str().len() == 1) {
        return None;
    }
    let parts = [number(2), number(4), number(5), number(6)];
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let mut seconds: i64 = 0;
    for (part, unit) in parts.into_iter().zip([86_400, 3600, 60, 1]) {
        if let Some(part) = part {
            seconds = seconds.checked_add(part?.checked_mul(unit)?)?;
        }
    }
    let fraction = found.get(7).map_or("", |text| text.as_str());
    let millis = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    let total = seconds.checked_mul(1000)?.checked_add(millis)?;
    Some(if found.get(1).is_some_and(|sign| sign.as_str() == "-") { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(iso(1_000_000_003_123), "2001-09-09T01:46:43,123");
        assert_eq!(parse_datetime("2001-09-09T01:46:43.000"), Some(1_000_000_003_000));
        assert_eq!(parse_datetime("2001-09-09T03:46:45.5+02:00"), Some(1_000_000_005_500));
        assert_eq!(parse_datetime("2024-02-29T00:00:00.000Z"), Some(1_709_164_800_000));
        assert_eq!(parse_datetime("yesterday"), None);
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("P1D"), Some(DAY_MS));
        assert_eq!(parse_duration("PT1H30M0.5S"), Some(5_400_500));
        assert_eq!(parse_duration("-PT1S"), Some(-1000));
        for wrong in ["1day", "P", "PT", "P1DT"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
