//! Invalid values of settings and parameters. `error::ConfigError` adds the setting and its source.

/// Why a value is invalid. The value is repeated only where it cannot be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    /// A duration with a sign.
    #[error("{0:?} is negative")]
    NegativeDuration(String),
    /// A duration that does not follow Go's grammar.
    #[error("invalid duration {text:?}: {problem}")]
    Duration {
        /// The value.
        text: String,
        /// The invalid part.
        problem: DurationProblem,
    },
    /// A quantity of bytes that Kubernetes would reject.
    #[error("{text:?} is not a quantity such as 512Mi, 2Gi or 4G")]
    Quantity {
        /// The value.
        text: String,
        /// The valid quantity that is closest to it.
        meant: Option<String>,
    },
    /// A quantity of more bytes than 64 bits can count.
    #[error("{0:?} is too large")]
    QuantityTooLarge(String),
    /// A quantity below the minimum.
    #[error("{text:?} is too small; the minimum is {minimum}")]
    QuantityTooSmall {
        /// The value.
        text: String,
        /// The minimum.
        minimum: String,
        /// The valid quantity that is closest to it.
        meant: Option<String>,
    },
    /// A number that cannot be parsed, or is out of range.
    #[error("{text:?} is not a whole number from {min} to {max}")]
    Number {
        /// The value.
        text: String,
        /// The minimum.
        min: u32,
        /// The maximum.
        max: u32,
    },
    /// A boolean that cannot be parsed.
    #[error("{0:?} is neither true nor false")]
    Boolean(String),
    /// A value that is not among the possible ones.
    #[error("{text:?} is not one of {}", valid.join(", "))]
    Choice {
        /// The value.
        text: String,
        /// The possible values.
        valid: Vec<String>,
    },
    /// A workload's parameter that its rule rejects.
    #[error("{text:?} is not {expected}")]
    Parameter {
        /// The value.
        text: String,
        /// The valid values, with an article: `a whole number from 1 to 100`.
        expected: String,
    },
    /// `--set`.
    #[error("{0:?} is not WORKLOAD.KEY=VALUE, such as database.scale=10")]
    Set(String),
    /// `--node-selector`.
    #[error("{0:?} is not KEY=VALUE, such as kubernetes.io/arch=amd64")]
    NodeLabel(String),
    /// `--toleration`.
    #[error("{0:?} is not KEY=VALUE:EFFECT, KEY:EFFECT or KEY, with effect NoSchedule, PreferNoSchedule or NoExecute")]
    Toleration(String),
    /// `--name`.
    #[error("{0:?} is not a DNS label of at most 40 characters that begins with a letter (lower-case letters, digits, hyphens)")]
    FleetName(String),
    /// A namespace.
    #[error("invalid namespace {0:?}: it must be a DNS label (lower-case letters, digits, hyphens, at most 63)")]
    Namespace(String),
    /// The name of an object.
    #[error("{0:?} is not a valid object name (lower-case letters, digits, hyphens, dots)")]
    ObjectName(String),
    /// A UID.
    #[error("{0:?} is not a UID")]
    Uid(String),
    /// An image reference.
    #[error("{0:?} is not an image, such as quay.io/containerdisks/fedora:44")]
    Image(String),
    /// A URL for guests. It is not repeated, because it may contain credentials.
    #[error("not a URL that begins with http:// or https://")]
    Url,
    /// A URL with user and password.
    #[error("must not contain credentials, which every guest could read")]
    UrlWithCredentials,
    /// The account that `up` creates.
    #[error("{0:?} is not a valid account name (lower-case letters, digits, hyphens, underscores; at most 32; not root or default)")]
    Account(String),
    /// The account that `ssh` logs in to.
    #[error("{0:?} is not a valid account name")]
    Login(String),
    /// A private key where a public key is expected.
    #[error("a private key was given; use the public key, from the file that ends in .pub")]
    PrivateKey,
    /// Text that is not a public key.
    #[error("not a public key (expected, for example, ssh-ed25519 AAAA... name)")]
    PublicKey,
    /// A password that PAM would reject.
    #[error("the password must be one line of 1 to {max} characters without control characters")]
    Password {
        /// The maximum number of characters.
        max: usize,
    },
}

/// Why a duration is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationProblem {
    /// A duration that is too long.
    #[error("out of range")]
    OutOfRange,
    /// A number that cannot be parsed.
    #[error("invalid number")]
    Number,
    /// A number without a unit after one with a unit.
    #[error("missing unit")]
    MissingUnit,
    /// An unknown unit.
    #[error("unknown unit {0:?}")]
    UnknownUnit(String),
    /// An empty duration.
    #[error("no number")]
    Empty,
}

impl ValueError {
    /// The next step.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NegativeDuration(_) => Some("use a duration such as 90s, 10m or 1h30m; 0 means no limit".to_owned()),
            Self::Duration { .. } => Some("use a duration such as 90s, 10m or 1h30m, or a number of seconds".to_owned()),
            Self::Quantity { meant: Some(meant), .. } | Self::QuantityTooSmall { meant: Some(meant), .. } => {
                Some(format!("did you mean {meant}?"))
            }
            _ => None,
        }
    }
}
