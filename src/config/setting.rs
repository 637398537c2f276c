//! How a setting is declared: its names in each source, default, help and validation, in one value.

use std::{fmt, marker::PhantomData, path::PathBuf};

use clap::{
    Arg, ArgAction, ArgMatches, Command, FromArgMatches, ValueHint,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};

use crate::error::ValueError;

/// How many values a setting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One.
    One,
    /// `true` or `false`; the flag alone means `true`.
    Switch,
    /// Several; the flag is repeated.
    List,
    /// Several; the flag is repeated, or takes several values separated by commas.
    CommaList,
}

/// A possible value of a setting, and its help.
pub(crate) type Choice = (&'static str, &'static str);

/// The declaration of a setting, whatever the type of its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    /// The key in the file. `VIRTWORK_` and this in upper case is the variable.
    pub key: &'static str,
    /// The long flag.
    pub flag: &'static str,
    /// The short flag.
    pub short: Option<char>,
    /// The placeholder of a value in the help.
    pub value_name: &'static str,
    /// One line for the help.
    pub help: &'static str,
    /// The default, as it would be written.
    pub default: Option<&'static str>,
    /// How many values it has.
    pub shape: Shape,
    /// The possible values, if they are listed.
    pub choices: &'static [Choice],
    /// Whether the possible values are already in `help`.
    choices_in_help: bool,
    /// The key of a setting that cannot be given in the same source.
    pub conflict: Option<&'static str>,
    /// Whether it is shown by `--help` only, not by `-h`.
    advanced: bool,
    /// Whether its value is a secret.
    pub secret: bool,
    /// Whether a value may begin with a hyphen, so that validation reports it.
    hyphen: bool,
    /// Whether shells complete file names.
    is_path: bool,
}

/// A setting with values of type `T`.
#[derive(Debug)]
pub(crate) struct Setting<T> {
    /// Its declaration.
    pub spec: Spec,
    /// Parses and validates one value.
    pub parse: fn(&str) -> Result<T, ValueError>,
}

impl<T> Setting<T> {
    /// A setting with one value and no default.
    pub(crate) const fn new(key: &'static str, flag: &'static str, help: &'static str, parse: fn(&str) -> Result<T, ValueError>) -> Self {
        let spec = Spec {
            key,
            flag,
            short: None,
            value_name: "VALUE",
            help,
            default: None,
            shape: Shape::One,
            choices: &[],
            choices_in_help: false,
            conflict: None,
            advanced: false,
            secret: false,
            hyphen: false,
            is_path: false,
        };
        Self { spec, parse }
    }

    /// With this placeholder in the help.
    pub(crate) const fn value_name(mut self, name: &'static str) -> Self {
        self.spec.value_name = name;
        self
    }

    /// With a short flag.
    pub(crate) const fn short(mut self, short: char) -> Self {
        self.spec.short = Some(short);
        self
    }

    /// With a default.
    pub(crate) const fn default(mut self, default: &'static str) -> Self {
        self.spec.default = Some(default);
        self
    }

    /// With several values.
    pub(crate) const fn list(mut self, shape: Shape) -> Self {
        self.spec.shape = shape;
        self
    }

    /// With possible values that the help lists.
    pub(crate) const fn choices(mut self, choices: &'static [Choice]) -> Self {
        self.spec.choices = choices;
        self
    }

    /// With possible values that the line of help already explains.
    pub(crate) const fn choices_in_help(mut self, choices: &'static [Choice]) -> Self {
        self.spec.choices = choices;
        self.spec.choices_in_help = true;
        self
    }

    /// Not together with another setting.
    pub(crate) const fn conflict(mut self, other: &'static str) -> Self {
        self.spec.conflict = Some(other);
        self
    }

    /// Shown by `--help` only.
    pub(crate) const fn advanced(mut self) -> Self {
        self.spec.advanced = true;
        self
    }

    /// A secret.
    pub(crate) const fn secret(mut self) -> Self {
        self.spec.secret = true;
        self.hyphen()
    }

    /// Values may begin with a hyphen.
    pub(crate) const fn hyphen(mut self) -> Self {
        self.spec.hyphen = true;
        self
    }
}

impl Setting<PathBuf> {
    /// The path of a file, or of a directory.
    pub(crate) const fn path(key: &'static str, flag: &'static str, help: &'static str, value_name: &'static str) -> Self {
        let mut setting = Self::new(key, flag, help, path).value_name(value_name);
        setting.spec.is_path = true;
        setting
    }
}

fn path(text: &str) -> Result<PathBuf, ValueError> {
    Ok(PathBuf::from(text))
}

impl Setting<bool> {
    /// `true` or `false`.
    pub(crate) const fn switch(key: &'static str, flag: &'static str, help: &'static str) -> Self {
        let mut setting = Self::new(key, flag, help, super::value::boolean).value_name("BOOL");
        setting.spec.shape = Shape::Switch;
        setting
    }
}

/// A setting of any type.
pub(crate) trait Declared: Sync + fmt::Debug {
    /// Its declaration.
    fn spec(&self) -> &Spec;

    /// Validates one value.
    ///
    /// # Errors
    /// Why it is invalid.
    fn check(&self, text: &str) -> Result<(), ValueError>;
}

impl<T: fmt::Debug> Declared for Setting<T> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn check(&self, text: &str) -> Result<(), ValueError> {
        (self.parse)(text).map(|_| ())
    }
}

/// Accepts every text, and shows the possible values in help and completions. The setting validates the text, whatever its source.
#[derive(Debug, Clone)]
struct AnyText(Spec);

impl TypedValueParser for AnyText {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &std::ffi::OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value).or_else(|error| match value.is_empty() {
            true => Ok(String::new()),
            false => Err(error),
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = self.0.choices.iter().map(|(name, help)| PossibleValue::new(*name).help(*help));
        (!self.0.choices.is_empty()).then(|| Box::new(values) as Box<dyn Iterator<Item = PossibleValue>>)
    }
}

impl Spec {
    /// The flag for clap.
    fn argument(&self) -> Arg {
        let argument = Arg::new(self.key)
            .long(self.flag)
            .short(self.short)
            .value_name(self.value_name)
            .help(self.help)
            .default_value(self.default)
            .value_parser(AnyText(*self))
            .value_hint(if self.is_path { ValueHint::AnyPath } else { ValueHint::Unknown })
            .hide_possible_values(self.choices_in_help)
            .hide_short_help(self.advanced)
            .allow_hyphen_values(self.hyphen)
            .conflicts_with_all(self.conflict);
        match self.shape {
            Shape::One => argument,
            Shape::Switch => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
            Shape::List => argument.action(ArgAction::Append),
            Shape::CommaList => argument.action(ArgAction::Append).value_delimiter(','),
        }
    }

    /// Whether it has several values.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.shape, Shape::List | Shape::CommaList)
    }
}

/// Settings that some commands share.
pub(crate) trait Group: fmt::Debug {
    /// The heading in the help; none for `Options`.
    const HEADING: Option<&'static str> = None;
    /// Whether every command has them.
    const GLOBAL: bool = false;

    /// The settings.
    fn settings() -> &'static [&'static dyn Declared];
}

/// The flags of a group, for clap. Their values are read by [`super::layers`].
#[derive(Debug)]
pub(crate) struct Flags<G>(PhantomData<G>);

/// Settings of every command come after those of one command.
const GLOBAL_ORDER: usize = 500;

impl<G: Group> clap::Args for Flags<G> {
    fn augment_args(command: Command) -> Command {
        let arguments = G::settings().iter().enumerate().map(|(index, setting)| {
            let argument = setting.spec().argument().global(G::GLOBAL);
            let argument = if G::GLOBAL { argument.display_order(GLOBAL_ORDER + index) } else { argument };
            match G::HEADING {
                Some(heading) => argument.help_heading(heading),
                None => argument,
            }
        });
        command.args(arguments)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<G> FromArgMatches for Flags<G> {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(PhantomData))
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}
