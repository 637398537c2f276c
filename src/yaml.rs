//! Writes YAML. Text that a reader of YAML 1.1 would take for something else, such as `no`, `1_000`, `12:30` or `2026-12-01`, is quoted:
//! kubectl, cloud-init and many others read YAML 1.1.

use serde::Serialize;
use serde_saphyr::{SerializerOptions, ser_options};

/// Why a value cannot be written.
pub(crate) type Error = serde_saphyr::ser::Error;

/// The value as a YAML document, which ends with a newline.
///
/// # Errors
/// A value that is not data, for example a map whose keys are maps.
pub(crate) fn to_string(value: &impl Serialize) -> Result<String, Error> {
    // Long lines are not folded: people search and compare them.
    let options: SerializerOptions = ser_options! { folded_wrap_chars: usize::MAX };
    let yaml = serde_saphyr::to_string_with_options(value, options)?;
    if !has_block_with_tab(&yaml) {
        return Ok(yaml);
    }
    let quoted: SerializerOptions = ser_options! { folded_wrap_chars: usize::MAX, prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(value, quoted)
}

/// Whether the first line of a block may begin with a tab, which libyaml takes for indentation.
fn has_block_with_tab(yaml: &str) -> bool {
    let mut is_first = false;
    yaml.lines().filter(|line| !line.trim_matches(' ').is_empty()).any(|line| {
        let found = is_first && line.trim_start_matches(' ').starts_with('\t');
        is_first = ["|", "|-", "|+"].iter().any(|header| line.ends_with(header));
        found
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const STRANGE: [&str; 66] = [
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "N",
        "true",
        "null",
        "~",
        "",
        "1",
        "0o17",
        "017",
        "0x1f",
        "1_000",
        "1e3",
        ".5",
        "+1",
        "12:30",
        "1:2:3",
        "2026-12-01",
        "2026-12-01T10:00:00Z",
        ".inf",
        ".NaN",
        "=",
        "<<",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "@a",
        "`a",
        "%a",
        "!a",
        "&a",
        "*a",
        "|",
        ">",
        "[a]",
        "{a}",
        " a",
        "a ",
        "\ta",
        "a\tb",
        "a\nb",
        "a\n",
        "\na",
        "a\r\nb",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}a",
        "ä",
        "'",
        "\"",
        "\\",
        "--- a",
        "...",
        "?",
        "? a",
        ":",
        "a:",
        ",",
        "\ta\nb\n",
        "\n\ta\nb",
        "a |\n\tb\n",
    ];

    /// What readers of YAML 1.1 take for a boolean, a number, a time or null, and what is no plain text.
    #[test]
    fn text_stays_text() {
        for text in STRANGE {
            for value in [json!(text), json!({"key": text}), json!([text]), json!({text: 1})] {
                let yaml = to_string(&value).unwrap();
                let read: Value = serde_yaml::from_str(&yaml).unwrap_or_else(|error| panic!("{text:?}: {error} in {yaml:?}"));
                assert_eq!(read, value, "{yaml}");
            }
        }
        for text in ["yes", "No", "on", "y", "017", "0x1f", "1_000", "12:30", "2026-12-01", "~", "="] {
            let yaml = to_string(&json!({"key": text})).unwrap();
            assert!(yaml == format!("key: '{text}'\n") || yaml == format!("key: \"{text}\"\n"), "{yaml}");
        }
    }

    #[test]
    fn long_text_is_not_folded() {
        let long = "word ".repeat(60);
        let yaml = to_string(&json!({"key": long.trim()})).unwrap();
        assert_eq!(yaml, format!("key: {}\n", long.trim()));
    }

    #[test]
    fn several_lines_are_a_block() {
        assert_eq!(to_string(&json!({"key": "a\n  b\n"})).unwrap(), "key: |\n  a\n    b\n");
    }
}
