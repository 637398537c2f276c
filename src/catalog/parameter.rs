//! Parameters of workloads, and what their values may be.

use serde::Deserialize;

use crate::invalid::ValueError;

/// The type of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ParameterType {
    /// A whole number between `min` and `max`.
    Integer,
    /// Lower-case letters, digits, hyphens and underscores.
    Word,
    /// A size in fio's notation: digits with k, m or g; whole sectors of 512 bytes, up to 16m.
    Size,
    /// Bits per second in iperf3's notation: digits with K, M or G; 0 is unlimited.
    Rate,
}

/// A parameter of a workload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with type, default and description")]
pub(crate) struct Parameter {
    /// The type of its value.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Smallest value of an integer.
    pub min: Option<i64>,
    /// Largest value of an integer.
    pub max: Option<i64>,
    default: Scalar,
    /// Its purpose, with the unit.
    pub description: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "default must be a number or a text")]
enum Scalar {
    Number(i64),
    Text(String),
}

impl Parameter {
    /// The default.
    pub(crate) fn default(&self) -> String {
        match &self.default {
            Scalar::Number(number) => number.to_string(),
            Scalar::Text(text) => text.clone(),
        }
    }

    /// The valid values, as the end of an error message: `a whole number from 1 to 100`.
    pub(crate) fn expected(&self) -> String {
        match self.kind {
            ParameterType::Integer => match (self.min, self.max) {
                (Some(min), Some(max)) => format!("a whole number from {min} to {max}"),
                (Some(min), None) => format!("a whole number from {min} on"),
                (None, Some(max)) => format!("a whole number up to {max}"),
                (None, None) => "a whole number".to_owned(),
            },
            ParameterType::Word => "one word of lower-case letters, digits, hyphens and underscores".to_owned(),
            ParameterType::Size => "a size from 512 to 16m in whole sectors of 512, such as 4k, 128k or 1m".to_owned(),
            ParameterType::Rate => "a rate such as 200M, or 0 for unlimited".to_owned(),
        }
    }

    /// The value as the guest gets it.
    ///
    /// # Errors
    /// The valid values.
    pub(crate) fn check(&self, value: &str) -> Result<String, ValueError> {
        let value = value.trim();
        let valid = match self.kind {
            // A shell reads 010 as eight, and 08 as an error.
            ParameterType::Integer => value.parse().ok().filter(|number| self.is_in_range(*number)).map(|number| number.to_string()),
            ParameterType::Word => Some(value.to_owned()).filter(|value| is_word(value)),
            ParameterType::Size => Some(value.to_owned()).filter(|value| is_block_size(value)),
            ParameterType::Rate => Some(value.to_owned()).filter(|value| is_scaled(value, "KMG")),
        };
        valid.ok_or_else(|| ValueError::Parameter { text: value.to_owned(), expected: self.expected() })
    }

    fn is_in_range(&self, number: i64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }
}

fn is_word(value: &str) -> bool {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    value.starts_with(valid) && value.chars().all(|c| valid(c) || c == '-' || c == '_')
}

fn is_block_size(value: &str) -> bool {
    let (digits, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
    let unit = match unit {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return false,
    };
    let bytes = digits.parse::<u64>().unwrap_or(0).saturating_mul(unit);
    !digits.starts_with('0') && bytes % 512 == 0 && (512..=16 << 20).contains(&bytes)
}

/// Digits and at most one of the letters in `units`.
fn is_scaled(value: &str, units: &str) -> bool {
    let digits = value.strip_suffix(|c| units.contains(c)).unwrap_or(value);
    !digits.is_empty() && digits.len() < 10 && digits.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(yaml: &str) -> Parameter {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn integers_keep_their_range() {
        let load = parameter("{type: integer, min: 1, max: 100, default: 100, description: load}");
        for text in ["50", "050", "+50", " 50"] {
            assert_eq!(load.check(text), Ok("50".to_owned()), "{text}");
        }
        for invalid in ["0", "101", "-1", "a", "", "1.5"] {
            assert!(load.check(invalid).unwrap_err().to_string().ends_with("is not a whole number from 1 to 100"), "{invalid}");
        }
    }

    #[test]
    fn shell_characters_are_rejected() {
        let word = parameter("{type: word, default: all, description: method}");
        for invalid in ["a b", "a;b", "$x", "a'b", "a\nb", "%h"] {
            assert!(word.check(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn sizes_and_rates() {
        let size = parameter("{type: size, default: 4k, description: size}");
        for valid in ["512", "128k", "16m"] {
            assert!(size.check(valid).is_ok(), "{valid}");
        }
        for invalid in ["4K", "0", "04k", "1000", "513", "17m", "1g", "k", "", "99999999999999999999g"] {
            assert!(size.check(invalid).is_err(), "{invalid}");
        }
        let rate = parameter("{type: rate, default: \"0\", description: rate}");
        assert!(rate.check("0").is_ok() && rate.check("200M").is_ok() && rate.check("200MB").is_err());
    }
}
