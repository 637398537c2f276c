//! Kubernetes quantities of bytes. Grammar: k8s.io/apimachinery `pkg/api/resource/quantity.go`.

use std::{fmt, str::FromStr};

use crate::invalid::ValueError;

/// An amount of bytes in Kubernetes' canonical form, which servers return unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quantity {
    text: String,
    bytes: u64,
}

/// Suffix and bytes.
const UNITS: [(&str, u64); 10] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
];

impl Quantity {
    /// In canonical form: the largest unit that gives a whole number.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// In bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Quantity {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let invalid = || ValueError::Quantity { text: text.to_owned(), meant: meant(text) };
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "" => 1,
            suffix => UNITS.iter().find(|(name, _)| *name == suffix).map(|(_, bytes)| *bytes).ok_or_else(invalid)?,
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u64>().ok()).flatten();
        let (Some(whole), Some(part)) = (number(whole), number(fraction).filter(|_| fraction.len() <= 3)) else {
            return Err(invalid());
        };
        let scale = 10_u64.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let bytes = whole.checked_mul(unit).and_then(|bytes| bytes.checked_add(unit * part / scale)).ok_or_else(invalid)?;
        let binary = text.ends_with('i');
        Ok(Self { text: canonical(bytes, binary), bytes })
    }
}

/// `2Gi` for `2GB`, which is no quantity.
fn meant(text: &str) -> Option<String> {
    let shorter = text.strip_suffix(['B', 'b']).filter(|shorter| shorter.parse::<Quantity>().is_ok())?;
    let digits = shorter.strip_suffix(['k', 'K', 'M', 'G', 'T', 'P'])?;
    Some(format!("{digits}{}i", shorter[digits.len()..].to_uppercase()))
}

fn canonical(bytes: u64, binary: bool) -> String {
    let units = UNITS.iter().rev().filter(|(name, _)| name.ends_with('i') == binary);
    let fitting = units.into_iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    fitting.map_or_else(|| bytes.to_string(), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// Bytes for messages: `12 GiB`, `1.5 GiB`, `300 MiB`.
pub(crate) fn human(bytes: u64) -> String {
    let (unit, name) = if bytes >= 1 << 40 {
        (1_u64 << 40, "TiB")
    } else if bytes >= 1 << 30 {
        (1 << 30, "GiB")
    } else if bytes >= 1 << 20 {
        (1 << 20, "MiB")
    } else {
        return format!("{bytes} bytes");
    };
    match (bytes / unit, bytes % unit * 10 / unit) {
        (whole, 0) => format!("{whole} {name}"),
        (whole, tenth) => format!("{whole}.{tenth} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_quantities() {
        for (text, bytes) in [("2Gi", 2 << 30), ("512Mi", 512 << 20), ("4G", 4_000_000_000), ("1.5Gi", 3 << 29), ("10", 10), ("0", 0)] {
            assert_eq!(text.parse::<Quantity>().unwrap().bytes(), bytes, "{text}");
        }
    }

    #[test]
    fn the_canonical_form() {
        for (text, printed) in
            [("2048Mi", "2Gi"), ("1.5Gi", "1536Mi"), ("2Gi", "2Gi"), ("2000M", "2G"), ("1500M", "1500M"), ("10240Mi", "10Gi")]
        {
            assert_eq!(text.parse::<Quantity>().unwrap().as_str(), printed);
        }
    }

    #[test]
    fn invalid_quantities() {
        for text in ["2GB", "", "Gi", "-1Gi", "2 Gi", "1..5Gi", "2gi", "99999999999P", "1e3x", "ä"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
        assert_eq!("2GB".parse::<Quantity>().unwrap_err().hint().as_deref(), Some("did you mean 2Gi?"));
    }

    #[test]
    fn human_readable_sizes() {
        assert_eq!(human(12 << 30), "12 GiB");
        assert_eq!(human(3 << 29), "1.5 GiB");
    }
}
