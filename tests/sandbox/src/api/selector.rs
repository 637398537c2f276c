//! Label and field selectors.

use serde_json::Value;

use super::status::{Answer, Failure};

/// Label and field selectors of a list.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, String, bool)>,
}

#[derive(Debug, Clone)]
enum Requirement {
    Equals(String, String),
    Differs(String, String),
    In(String, Vec<String>, bool),
    Exists(String, bool),
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`.
    pub fn parse(labels: &str, fields: &str) -> Answer<Self> {
        let labels = split(labels).into_iter().map(|text| requirement(&text)).collect::<Answer<_>>()?;
        let mut pairs = Vec::new();
        for text in fields.split(',').filter(|text| !text.is_empty()) {
            let (text, equal) = match text.split_once("!=") {
                Some(pair) => (pair, false),
                None => (
                    text.split_once("==")
                        .or_else(|| text.split_once('='))
                        .ok_or_else(|| Failure::bad(format!("invalid selector: {text:?}")))?,
                    true,
                ),
            };
            pairs.push((text.0.to_owned(), text.1.to_owned(), equal));
        }
        Ok(Self { labels, fields: pairs })
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is selected.
    pub fn selects(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        let label = |key: &str| labels[key].as_str();
        let field = |path: &str| {
            let found = path.split('.').fold(object, |value, part| &value[part]);
            found.as_str().map_or_else(|| if found.is_null() { String::new() } else { found.to_string() }, str::to_owned)
        };
        self.labels.iter().all(|requirement| match requirement {
            Requirement::Equals(key, value) => label(key) == Some(value),
            Requirement::Differs(key, value) => label(key) != Some(value),
            Requirement::In(key, values, wanted) => label(key).is_some_and(|found| values.iter().any(|value| value == found)) == *wanted,
            Requirement::Exists(key, wanted) => label(key).is_some() == *wanted,
        }) && self.fields.iter().all(|(path, value, equal)| (field(path) == *value) == *equal)
    }
}

/// Splits at commas outside of parentheses.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("never empty").push(c);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn requirement(text: &str) -> Answer<Requirement> {
    let words: Vec<&str> = text.splitn(3, ' ').map(str::trim).collect();
    if let [key, operator @ ("in" | "notin"), list] = words[..] {
        let list = list.trim_start_matches('(').trim_end_matches(')');
        return Ok(Requirement::In(key.to_owned(), list.split(',').map(|value| value.trim().to_owned()).collect(), operator == "in"));
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Ok(Requirement::Differs(key.trim().to_owned(), value.trim().to_owned()));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement::Equals(key.trim().to_owned(), value.trim().to_owned()));
    }
    match text.strip_prefix('!') {
        _ if text.contains(char::is_whitespace) => Err(Failure::bad(format!("unable to parse requirement: {text:?}"))),
        Some(key) => Ok(Requirement::Exists(key.to_owned(), false)),
        None => Ok(Requirement::Exists(text.to_owned(), true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selects() {
        let pod = json!({"metadata": {"name": "a", "labels": {"app": "x", "role": "server"}}});
        for (labels, fields, wanted) in [
            ("app=x", "", true),
            ("app==x,role in (server, client)", "", true),
            ("app!=x", "", false),
            ("role notin (client),app", "metadata.name=a", true),
            ("!app", "", false),
            ("", "metadata.name!=a", false),
        ] {
            assert_eq!(Selector::parse(labels, fields).unwrap().selects(&pod), wanted, "{labels} {fields}");
        }
    }
}
