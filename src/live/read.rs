//! Reads fields that anyone in the cluster may have written: a field that is missing, null or of another type is empty, and texts are
//! bounded.

use k8s_openapi::jiff::Timestamp;
use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// The most characters of a text. Longer ones, such as a log in a termination message, are cut.
const MAX_TEXT: usize = 2000;

/// The value, or the default instead of null.
///
/// # Errors
/// A value of another type.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The value, or the default instead of anything else.
///
/// # Errors
/// Text that is no JSON.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// The items of a list, which may be null or contain null.
///
/// # Errors
/// A value of another type.
pub(crate) fn items<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items: Vec<Option<T>> = or_default(deserializer)?;
    Ok(items.into_iter().flatten().collect())
}

/// A text without control characters.
///
/// # Errors
/// Text that is no JSON.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(deserializer.deserialize_any(Text)?.as_deref().map(clean).unwrap_or_default())
}

/// A time; none if it is not one.
///
/// # Errors
/// Text that is no JSON.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(deserializer.deserialize_any(Text)?.and_then(|text| text.parse().ok()))
}

/// A string; none instead of anything else.
struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// The beginning of a text on one line: line ends and other control characters, which a terminal would obey, become blanks.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::new();
    for (count, c) in text.trim().chars().enumerate() {
        if count == MAX_TEXT {
            clean.push('…');
            break;
        }
        let harmless = !c.is_control() && !is_invisible(c);
        match harmless {
            true => clean.push(c),
            false if clean.ends_with(' ') => {}
            false => clean.push(' '),
        }
    }
    clean
}

/// Characters that change the direction or the look of those around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_harmless_line() {
        assert_eq!(clean(" a\r\n\tb \u{1b}[31mred\u{9b}2J\u{202e} "), "a b [31mred 2J ");
        assert_eq!(clean(&"x".repeat(2 << 20)).chars().count(), MAX_TEXT + 1);
    }
}
