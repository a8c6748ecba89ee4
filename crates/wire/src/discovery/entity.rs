//! Which keys of a view become entities, and how Home Assistant shows them.

/// Kinds of entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// A value.
    Sensor,
    /// Something that is so or not. Shown from a flag.
    Binary,
    /// Whether a text key is something else than the words given: a problem, then. `unknown` is neither.
    Problem(&'static str),
}

impl Platform {
    /// As the schema calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Binary | Self::Problem(_) => "binary_sensor",
        }
    }
}

/// One entity of a view.
#[derive(Clone, Copy, Debug)]
pub struct Entity {
    /// Key of the view.
    pub key: &'static str,
    /// What it is called, behind the name of the object.
    pub name: &'static str,
    /// How it is shown.
    pub platform: Platform,
    /// `device_class`.
    pub class: Option<&'static str>,
    /// `unit_of_measurement`.
    pub unit: Option<&'static str>,
    /// `state_class`.
    pub state: Option<&'static str>,
    /// Words that a text can be, for `enum`.
    pub options: &'static [&'static str],
    /// `mdi:` name where the class has no icon that fits.
    pub icon: Option<&'static str>,
    /// Shown without being asked for.
    pub shown: bool,
    /// Among the diagnostics.
    pub diagnostic: bool,
    /// Digits behind the point.
    pub digits: Option<u8>,
}

impl Entity {
    /// A number that is measured.
    pub(super) const fn number(key: &'static str, name: &'static str, unit: &'static str) -> Self {
        Self { unit: Some(unit), state: Some("measurement"), ..Self::text(key, name) }
    }

    /// Words.
    pub(super) const fn text(key: &'static str, name: &'static str) -> Self {
        Self {
            key,
            name,
            platform: Platform::Sensor,
            class: None,
            unit: None,
            state: None,
            options: &[],
            icon: None,
            shown: true,
            diagnostic: false,
            digits: None,
        }
    }

    /// One of some words.
    pub(super) const fn words(key: &'static str, name: &'static str, options: &'static [&'static str]) -> Self {
        Self { class: Some("enum"), options, ..Self::text(key, name) }
    }

    /// A time.
    pub(super) const fn time(key: &'static str, name: &'static str) -> Self {
        Self { class: Some("timestamp"), ..Self::text(key, name) }
    }

    /// Yes or no.
    pub(super) const fn flag(key: &'static str, name: &'static str, class: &'static str) -> Self {
        Self { platform: Platform::Binary, class: Some(class), ..Self::text(key, name) }
    }

    /// Whether a text is anything but `good`.
    pub(super) const fn problem(key: &'static str, name: &'static str, good: &'static str) -> Self {
        Self { platform: Platform::Problem(good), class: Some("problem"), ..Self::text(key, name) }
    }

    /// A count of things that went wrong, or of things that are.
    pub(super) const fn count(key: &'static str, name: &'static str, icon: &'static str) -> Self {
        Self { state: Some("measurement"), icon: Some(icon), ..Self::text(key, name) }
    }

    /// Bytes, shown in larger units.
    pub(super) const fn bytes(key: &'static str, name: &'static str) -> Self {
        Self { class: Some("data_size"), ..Self::number(key, name, "B") }
    }

    /// Bytes a second.
    pub(super) const fn rate(key: &'static str, name: &'static str) -> Self {
        Self { class: Some("data_rate"), ..Self::number(key, name, "B/s") }.hidden()
    }

    /// A time that passes or passed.
    pub(super) const fn seconds(key: &'static str, name: &'static str) -> Self {
        Self { class: Some("duration"), ..Self::number(key, name, "s") }
    }

    /// Degrees.
    pub(super) const fn celsius(key: &'static str, name: &'static str) -> Self {
        Self { class: Some("temperature"), digits: Some(0), ..Self::number(key, name, "°C") }
    }

    /// A share.
    pub(super) const fn percent(key: &'static str, name: &'static str, icon: &'static str) -> Self {
        Self { icon: Some(icon), digits: Some(1), ..Self::number(key, name, "%") }
    }

    /// Made, but not shown before somebody asks for it.
    pub(super) const fn hidden(self) -> Self {
        Self { shown: false, diagnostic: true, ..self }
    }

    /// Shown among the diagnostics.
    pub(super) const fn diagnostic(self) -> Self {
        Self { diagnostic: true, ..self }
    }

    /// With an icon.
    pub(super) const fn icon(self, icon: &'static str) -> Self {
        Self { icon: Some(icon), ..self }
    }
}
