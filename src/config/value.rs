//! Value types of settings. Flag, environment and file share their parsers and errors.

use std::{str::FromStr, time::Duration};

use k8s_openapi::api::core::v1::Toleration;

use crate::{
    error::{DurationProblem, ValueError},
    metadata,
    plan::Quantity,
};

/// The smallest memory in which a supported guest boots.
const MIN_MEMORY: u64 = 256 << 20;
/// The smallest useful file system.
const MIN_DISK: u64 = 256 << 20;

/// About thirty years.
const MAX_SECONDS: u64 = 1_000_000_000;

/// A duration in Go's grammar, or a number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GoDuration(pub Duration);

impl GoDuration {
    /// `None` for 0, which means no limit.
    pub(crate) fn limit(self) -> Option<Duration> {
        (!self.0.is_zero()).then_some(self.0)
    }
}

impl FromStr for GoDuration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let invalid = |problem| ValueError::Duration { text: text.to_owned(), problem };
        if text.starts_with('-') {
            return Err(ValueError::NegativeDuration(text.to_owned()));
        }
        if let Ok(seconds) = text.parse::<u64>() {
            let duration = Self(Duration::from_secs(seconds));
            return if seconds <= MAX_SECONDS { Ok(duration) } else { Err(invalid(DurationProblem::OutOfRange)) };
        }
        let (mut rest, mut total) = (text, 0.0_f64);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number: f64 = rest[..digits].parse().map_err(|_| invalid(DurationProblem::Number))?;
            let unit = rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |end| digits + end);
            let seconds = match &rest[digits..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                "" => return Err(invalid(DurationProblem::MissingUnit)),
                other => return Err(invalid(DurationProblem::UnknownUnit(other.to_owned()))),
            };
            total += number * seconds;
            rest = &rest[unit..];
        }
        if text.is_empty() {
            return Err(invalid(DurationProblem::Empty));
        }
        if total > MAX_SECONDS as f64 {
            return Err(invalid(DurationProblem::OutOfRange));
        }
        Ok(Self(Duration::from_secs_f64(total)))
    }
}

/// `WORKLOAD.KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetValue {
    /// The workload.
    pub workload: String,
    /// A parameter or a size, with underscores.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl FromStr for SetValue {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let parts = text.split_once('=').and_then(|(left, value)| Some((left.split_once('.')?, value)));
        match parts {
            Some(((workload, key), value)) if !workload.is_empty() && !key.is_empty() && !value.is_empty() => {
                Ok(Self { workload: workload.trim().to_owned(), key: key.trim().replace('-', "_"), value: value.trim().to_owned() })
            }
            _ => Err(ValueError::Set(text.to_owned())),
        }
    }
}

/// `KEY=VALUE`: a node label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeLabel(pub String, pub String);

impl FromStr for NodeLabel {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.split_once('=') {
            Some((key, value)) if is_label_key(key) && is_label_value(value) => Ok(Self(key.to_owned(), value.to_owned())),
            _ => Err(ValueError::NodeLabel(text.to_owned())),
        }
    }
}

/// A toleration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TolerationArg(pub Toleration);

impl FromStr for TolerationArg {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (left, effect) = text.split_once(':').map_or((text, None), |(left, effect)| (left, Some(effect)));
        let (key, value) = left.split_once('=').map_or((left, None), |(key, value)| (key, Some(value)));
        let known = effect.is_none_or(|effect| ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect));
        if !is_label_key(key) || !value.is_none_or(is_label_value) || !known {
            return Err(ValueError::Toleration(text.to_owned()));
        }
        Ok(Self(Toleration {
            key: Some(key.to_owned()),
            operator: Some(if value.is_some() { "Equal" } else { "Exists" }.to_owned()),
            value: value.map(str::to_owned),
            effect: effect.map(str::to_owned),
            ..Toleration::default()
        }))
    }
}

fn is_label_value(value: &str) -> bool {
    value.len() <= 63 && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').unwrap_or(("a", key));
    !name.is_empty() && is_label_value(name) && !prefix.is_empty() && prefix.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
}

/// The fleet's name.
///
/// # Errors
/// When it does not fit the names derived from it.
pub(crate) fn name(text: &str) -> Result<String, ValueError> {
    if metadata::is_name(text) && text.len() <= 40 { Ok(text.to_owned()) } else { Err(ValueError::FleetName(text.to_owned())) }
}

/// A namespace.
///
/// # Errors
/// When it is no DNS label.
pub(crate) fn namespace(text: &str) -> Result<String, ValueError> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() || (text.len() <= 63 && text.chars().all(valid) && !text.starts_with('-') && !text.ends_with('-')) {
        Ok(text.to_owned())
    } else {
        Err(ValueError::Namespace(text.to_owned()))
    }
}

/// Guest memory.
///
/// # Errors
/// When it is no quantity, or too small to boot.
pub(crate) fn memory(text: &str) -> Result<Quantity, ValueError> {
    at_least(text, MIN_MEMORY, "256Mi")
}

/// A boolean, as kubectl accepts it after `=`.
///
/// # Errors
/// When it is no boolean.
pub(crate) fn boolean(text: &str) -> Result<bool, ValueError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "1" => Ok(true),
        "false" | "f" | "no" | "0" => Ok(false),
        _ => Err(ValueError::Boolean(text.to_owned())),
    }
}

/// A number in a range.
///
/// # Errors
/// When it is no number, or out of range.
pub(crate) fn within<const MIN: u32, const MAX: u32>(text: &str) -> Result<u32, ValueError> {
    let number = text.parse::<u32>().ok().filter(|number| (MIN..=MAX).contains(number));
    number.ok_or_else(|| ValueError::Number { text: text.to_owned(), min: MIN, max: MAX })
}

/// Size of a data disk.
///
/// # Errors
/// When it is no quantity, or too small for a file system.
pub(crate) fn disk_size(text: &str) -> Result<Quantity, ValueError> {
    at_least(text, MIN_DISK, "256Mi")
}

fn at_least(text: &str, bytes: u64, minimum: &str) -> Result<Quantity, ValueError> {
    let quantity: Quantity = text.parse()?;
    if quantity.bytes() > 1 << 50 {
        return Err(ValueError::QuantityTooLarge(text.to_owned()));
    }
    if quantity.bytes() >= bytes {
        return Ok(quantity);
    }
    // A bare number is bytes, but most people mean gibibytes.
    let meant = text.parse::<u64>().ok().filter(|number| *number > 0).map(|number| format!("{number}Gi"));
    Err(ValueError::QuantityTooSmall { text: text.to_owned(), minimum: minimum.to_owned(), meant })
}

/// An image reference.
///
/// # Errors
/// When it is empty or contains blanks.
pub(crate) fn image(text: &str) -> Result<String, ValueError> {
    printable(text).ok_or_else(|| ValueError::Image(text.to_owned()))
}

/// The name of an object, such as a Secret, a StorageClass or a VM.
///
/// # Errors
/// When it is no DNS subdomain.
pub(crate) fn object_name(text: &str) -> Result<String, ValueError> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let edges = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.ends_with(|c: char| c.is_ascii_alphanumeric());
    if edges && text.len() <= 253 && text.chars().all(valid) { Ok(text.to_owned()) } else { Err(ValueError::ObjectName(text.to_owned())) }
}

/// A UID as API servers generate it (RFC 4122).
///
/// # Errors
/// When it is no UID.
pub(crate) fn uid(text: &str) -> Result<String, ValueError> {
    let valid = |c: char| c.is_ascii_hexdigit() || c == '-';
    if text.len() == 36 && text.chars().all(valid) { Ok(text.to_owned()) } else { Err(ValueError::Uid(text.to_owned())) }
}

/// A URL for guests.
///
/// # Errors
/// When it is no http or https URL, or contains characters that a shell would interpret.
pub(crate) fn url(text: &str) -> Result<String, ValueError> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match (rest, printable(text)) {
        (Some(rest), Some(url)) if !rest.is_empty() && !rest.starts_with('/') => Ok(url),
        _ => Err(ValueError::Url),
    }
}

/// Not empty, printable ASCII, and no quotes.
fn printable(text: &str) -> Option<String> {
    let valid = |c: char| c.is_ascii_graphic() && !"'\"\\`<>".contains(c);
    (!text.is_empty() && text.chars().all(valid)).then(|| text.to_owned())
}

/// The name of an account that is created.
///
/// # Errors
/// When `useradd` would reject it.
pub(crate) fn user_name(text: &str) -> Result<String, ValueError> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    if text.starts_with(first) && text.len() <= 32 && text.chars().all(valid) && text != "root" && text != "default" {
        Ok(text.to_owned())
    } else {
        Err(ValueError::Account(text.to_owned()))
    }
}

/// The name of an account to log in to, which the image may contain.
///
/// # Errors
/// When ssh would misread it.
pub(crate) fn login(text: &str) -> Result<String, ValueError> {
    printable(text).filter(|name| !name.starts_with('-') && !name.contains('@')).ok_or_else(|| ValueError::Login(text.to_owned()))
}

/// One public key, as in an `authorized_keys` file.
///
/// # Errors
/// When it is no public key. A private key is never repeated.
pub(crate) fn public_key(text: &str) -> Result<String, ValueError> {
    let line = text.trim();
    if line.contains("PRIVATE KEY") {
        return Err(ValueError::PrivateKey);
    }
    let entries: Result<Vec<_>, _> = ssh_key::AuthorizedKeys::new(line).collect();
    match entries {
        Ok(entries) if entries.len() == 1 => Ok(line.to_owned()),
        _ => Err(ValueError::PublicKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_gos_grammar_or_seconds() {
        for (text, seconds) in [("600", 600), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("0", 0), ("90s", 90), ("1500ms", 1)] {
            assert_eq!(text.parse::<GoDuration>().unwrap().0.as_secs(), seconds, "{text}");
        }
        for (text, why) in [("3d", "unknown unit"), ("-5", "negative"), ("1h3", "missing unit"), ("", "no number"), ("x", "invalid number")]
        {
            assert!(text.parse::<GoDuration>().unwrap_err().to_string().contains(why), "{text}");
        }
    }

    #[test]
    fn tolerations() {
        assert_eq!("a=b:NoSchedule".parse::<TolerationArg>().unwrap().0.operator.as_deref(), Some("Equal"));
        assert_eq!("a".parse::<TolerationArg>().unwrap().0.operator.as_deref(), Some("Exists"));
        assert!("a:Never".parse::<TolerationArg>().is_err());
    }

    #[test]
    fn accounts_and_keys() {
        assert!(user_name("a:b").is_err() && user_name("virtwork").is_ok());
        assert!(public_key("-----BEGIN OPENSSH PRIVATE KEY-----").unwrap_err().to_string().contains("private"));
        assert!(public_key("ssh-ed25519 nonsense").is_err());
        assert!(public_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user@example.com").is_ok());
    }

    #[test]
    fn errors_of_sizes_have_hints() {
        assert_eq!(memory("2GB").unwrap_err().hint().as_deref(), Some("did you mean 2Gi?"));
        assert_eq!(disk_size("10").unwrap_err().hint().as_deref(), Some("did you mean 10Gi?"));
        assert!(memory("64Mi").unwrap_err().to_string().contains("the minimum is 256Mi"));
    }
}
