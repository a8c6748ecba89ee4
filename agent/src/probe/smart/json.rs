//! What is taken from `smartctl --json`: shapes only, all of it optional, all lists bounded.
//!
//! The names are those of smartctl 7.0 to 7.5.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Whole numbers, wherever a program wrote one: as a number, or in a text with separators. All else is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Number(pub(super) Option<i64>);

impl Number {
    pub(super) fn count(self) -> Option<u64> {
        u64::try_from(self.0?).ok()
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E>(self, n: i64) -> Result<Number, E> {
        Ok(Number(Some(n)))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Number, E> {
        Ok(Number(i64::try_from(n).ok()))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Number, E> {
        Ok(Number((n.abs() < 9e15).then_some(n as i64)))
    }

    /// `3,641` and `2124,590`: smartctl separates by the language of whoever runs it.
    fn visit_str<E>(self, text: &str) -> Result<Number, E> {
        let digits: String = text.chars().filter(char::is_ascii_digit).take(20).collect();
        Ok(Number(digits.parse().ok()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Number, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number(None))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
    }
}

/// The first `N` of a list.
#[derive(Clone, Debug)]
pub(super) struct Few<T, const N: usize>(pub(super) Vec<T>);

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct FewVisitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for FewVisitor<T, N> {
    type Value = Few<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Few::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < N {
            match seq.next_element()? {
                Some(item) => kept.push(item),
                None => return Ok(Few(kept)),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Few(kept))
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Few<T, N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FewVisitor(PhantomData))
    }
}

macro_rules! shapes {
    ($($(#[doc = $about:literal])? $name:ident { $($key:ident: $kind:ty,)* })*) => {
        $($(#[doc = $about])?
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[serde(default)]
        pub(super) struct $name { $(pub(super) $key: $kind,)* })*
    };
}

shapes! {
    Report {
        smartctl: Program,
        device: Device,
        model_name: Option<String>,
        scsi_model_name: Option<String>,
        serial_number: Option<String>,
        firmware_version: Option<String>,
        scsi_revision: Option<String>,
        rotation_rate: Number,
        logical_block_size: Number,
        smart_status: Verdict,
        temperature: Temperature,
        power_on_time: Time,
        power_cycle_count: Number,
        endurance_used: Share,
        spare_available: Share,
        ata_smart_data: AtaData,
        ata_smart_attributes: Attributes,
        ata_smart_error_log: ErrorLogs,
        ata_smart_self_test_log: TestLogs,
        ata_device_statistics: Statistics,
        nvme_smart_health_information_log: Option<Nvme>,
        nvme_self_test_log: NvmeTests,
        scsi_grown_defect_list: Number,
        scsi_error_counter_log: Option<Counters>,
        scsi_start_stop_cycle_counter: Cycles,
        scsi_self_test_0: Option<ScsiTest>,
        scsi_percentage_used_endurance_indicator: Number,
    }
    Program { exit_status: Number, messages: Few<Message, 16>, }
    Message { string: Option<String>, }
    Device { protocol: Option<String>, }
    Verdict { passed: Option<bool>, }
    Temperature { current: Number, }
    Time { hours: Number, minutes: Number, }
    Share { current_percent: Number, }
    AtaData { self_test: AtaTest, }
    AtaTest { status: Outcome, }
    Outcome { value: Number, passed: Option<bool>, }
    Attributes { table: Few<Attribute, 64>, }
    Attribute { id: Number, name: Option<String>, value: Number, raw: Raw, }
    Raw { value: Number, string: Option<String>, }
    ErrorLogs { summary: ErrorLog, extended: ErrorLog, }
    ErrorLog { count: Number, table: Few<LoggedError, 8>, }
    LoggedError { lifetime_hours: Number, }
    TestLogs { standard: Option<TestLog>, extended: Option<TestLog>, }
    TestLog { table: Few<LoggedTest, 1>, }
    LoggedTest { status: Outcome, }
    Statistics { pages: Few<Page, 16>, }
    Page { table: Few<Statistic, 64>, }
    Statistic { name: Option<String>, value: Number, }
    Nvme {
        critical_warning: Number,
        temperature: Number,
        available_spare: Number,
        available_spare_threshold: Number,
        percentage_used: Number,
        data_units_written: Number,
        power_cycles: Number,
        power_on_hours: Number,
        media_errors: Number,
    }
    NvmeTests { current_self_test_operation: Coded, table: Option<Few<NvmeTest, 1>>, }
    NvmeTest { self_test_result: Coded, }
    Coded { value: Number, }
    Counters { read: Counter, write: Counter, verify: Counter, }
    Counter { gigabytes_processed: Number, total_uncorrected_errors: Number, }
    Cycles { accumulated_start_stop_cycles: Number, }
    ScsiTest { result: Coded, }
}
