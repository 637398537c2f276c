//! Values of settings that are not what they should be. The setting and its source are in [`super::ConfigError`].

/// What is wrong with a value. The value is repeated only where it cannot be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Nothing.
    #[error("must not be empty")]
    Empty,
    /// A duration with a sign.
    #[error("{0:?} is negative")]
    NegativeDuration(String),
    /// A duration that does not follow Go's grammar.
    #[error("invalid duration {text:?}: {problem}")]
    Duration {
        /// What was given.
        text: String,
        /// The part that is wrong.
        problem: DurationProblem,
    },
    /// A quantity of bytes that Kubernetes would not take.
    #[error("{text:?} is not a quantity such as 512Mi, 2Gi or 4G")]
    Quantity {
        /// What was given.
        text: String,
        /// A quantity that was probably meant.
        meant: Option<String>,
    },
    /// More bytes than anything has.
    #[error("{0:?} is out of range: give a quantity such as 512Mi, 2Gi or 4G")]
    QuantityTooLarge(String),
    /// Fewer bytes than needed.
    #[error("{text:?} is too little: at least {minimum} is needed")]
    QuantityTooSmall {
        /// What was given.
        text: String,
        /// The least.
        minimum: String,
        /// A quantity that was probably meant.
        meant: Option<String>,
    },
    /// A number that is none, or outside its range.
    #[error("{text:?} is not a whole number from {min} to {max}")]
    Number {
        /// What was given.
        text: String,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// Neither yes nor no.
    #[error("{0:?} is neither true nor false")]
    Boolean(String),
    /// None of the values that there are.
    #[error("{text:?} is not one of {}", valid.join(", "))]
    Choice {
        /// What was given.
        text: String,
        /// The values that there are.
        valid: Vec<String>,
    },
    /// A workload's parameter.
    #[error("{text:?} is not {expected}")]
    Parameter {
        /// What was given.
        text: String,
        /// What is valid, with its article.
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
    /// A URL for guests. It may hold credentials.
    #[error("not a URL that begins with http:// or https://")]
    Url,
    /// A URL with user and password.
    #[error("must not contain credentials, which every guest could read")]
    UrlWithCredentials,
    /// An account that `up` creates.
    #[error("{0:?} is not a valid account name (lower-case letters, digits, hyphens, underscores; at most 32; not root or default)")]
    Account(String),
    /// An account to log in to.
    #[error("{0:?} is not a valid account name")]
    Login(String),
    /// A private key in place of a public one.
    #[error("a private key was given; use the public key, from the file that ends in .pub")]
    PrivateKey,
    /// Something else in place of a public key.
    #[error("not a public key (expected, for example, ssh-ed25519 AAAA... name)")]
    PublicKey,
    /// A password that PAM would not take.
    #[error("the password must be one line of 1 to {max} characters without control characters")]
    Password {
        /// The most characters.
        max: usize,
    },
}

/// What is wrong with a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationProblem {
    /// It is longer than thirty years.
    #[error("out of range")]
    OutOfRange,
    /// A number that is none.
    #[error("invalid number")]
    Number,
    /// A number without a unit after one with a unit.
    #[error("missing unit")]
    MissingUnit,
    /// A unit that does not exist.
    #[error("unknown unit {0:?}")]
    UnknownUnit(String),
    /// Nothing.
    #[error("no number")]
    Empty,
}

impl ValueError {
    /// The next step.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NegativeDuration(_) => Some("give it as 90s, 10m or 1h30m; 0 means no limit".to_owned()),
            Self::Duration { .. } => Some("give it as 90s, 10m or 1h30m, or as a number of seconds".to_owned()),
            Self::Quantity { meant: Some(meant), .. } | Self::QuantityTooSmall { meant: Some(meant), .. } => {
                Some(format!("did you mean {meant}?"))
            }
            _ => None,
        }
    }
}
