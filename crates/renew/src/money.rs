//! Money. Providers count in millionths (GoDaddy's `v1` and `v2`) or in cents and the like (its `v3`): each has a type, so
//! that one is never taken for the other.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Millionths of a currency's unit: 21,990,000 is 21.99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub i64);

/// A currency's smallest unit (ISO 4217): 2,199 is 21.99 of most, 2,199 of yen and 2.199 of Kuwait's dinar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minor(pub i64);

/// A currency by its three letters (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// An amount that is not below zero, of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    micros: i64,
    currency: Currency,
}

/// More than anybody pays for a name; what is above it is a mistake in a unit.
const MICROS_MAX: i64 = 1_000_000_000_000;

/// Currencies without a smaller unit, and with one of a thousandth (ISO 4217, list one).
const WHOLE: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Currency {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits after the point.
    fn digits(self) -> u32 {
        match self.as_str() {
            code if WHOLE.contains(&code) => 0,
            code if THOUSANDTHS.contains(&code) => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(format!("{:?} is no currency: three capital letters such as EUR", crate::limits::short(text))),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Money {
    /// Of millionths; `None` below zero and above a million.
    #[must_use]
    pub fn of_micros(Micros(micros): Micros, currency: Currency) -> Option<Self> {
        (0..=MICROS_MAX).contains(&micros).then_some(Self { micros, currency })
    }

    /// Of the smallest unit; as [`Money::of_micros`].
    #[must_use]
    pub fn of_minor(Minor(minor): Minor, currency: Currency) -> Option<Self> {
        let micros = minor.checked_mul(10_i64.pow(6 - currency.digits()))?;
        Self::of_micros(Micros(micros), currency)
    }

    /// From what a person writes: `25 EUR`, `21.99 USD`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{:?} is no amount: say it like \"25 EUR\" or \"21.99 USD\"", crate::limits::short(text));
        let (amount, currency) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (whole, rest) = amount.split_once('.').unwrap_or((amount, "0"));
        let digits = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(rest) || rest.len() > 6 {
            return Err(wrong());
        }
        let micros = format!("{whole}{rest:0<6}").parse().map_err(|_| wrong())?;
        Self::of_micros(Micros(micros), currency.trim().parse()?).ok_or_else(wrong)
    }

    /// In millionths.
    #[must_use]
    pub const fn micros(self) -> Micros {
        Micros(self.micros)
    }

    /// Of which currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Both together; `None` of two currencies, or where it is too much.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let same = self.currency == other.currency;
        same.then(|| self.micros.checked_add(other.micros))
            .flatten()
            .and_then(|micros| Self::of_micros(Micros(micros), self.currency))
    }

    /// Which is more; `None` of two currencies.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.micros.cmp(&other.micros))
    }

    /// Whether it is at most `limit`. An amount of another currency is not.
    #[must_use]
    pub fn is_within(self, limit: Self) -> bool {
        self.compare(limit).is_some_and(Ordering::is_le)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.micros / 1_000_000, self.micros % 1_000_000);
        let digits = format!("{rest:06}");
        let kept = digits.trim_end_matches('0').len().max(self.currency.digits() as usize);
        let point = if kept == 0 { "" } else { "." };
        write!(f, "{whole}{point}{} {}", digits.get(..kept).unwrap_or_default(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn both_units_say_the_same() {
        let of_micros = Money::of_micros(Micros(21_990_000), currency("USD")).unwrap();
        assert_eq!(Some(of_micros), Money::of_minor(Minor(2_199), currency("USD")));
        assert_eq!(of_micros.to_string(), "21.99 USD");
        assert_eq!(Money::of_minor(Minor(2_199), currency("JPY")).unwrap().to_string(), "2199 JPY");
        assert_eq!(Money::of_minor(Minor(2_199), currency("KWD")).unwrap().to_string(), "2.199 KWD");
        assert_eq!(Money::of_micros(Micros(5_000_001), currency("EUR")).unwrap().to_string(), "5.000001 EUR");
    }

    #[test]
    fn a_mistake_in_a_unit_is_no_money() {
        assert_eq!(Money::of_micros(Micros(-1), currency("USD")), None);
        assert_eq!(Money::of_minor(Minor(21_990_000_000), currency("USD")), None, "micros taken for cents");
        assert_eq!(Money::of_minor(Minor(i64::MAX), currency("USD")), None);
    }

    #[test]
    fn currencies_do_not_mix() {
        let (euro, dollar) = (Money::parse("5 EUR").unwrap(), Money::parse("1 USD").unwrap());
        assert_eq!((euro.plus(dollar), euro.compare(dollar)), (None, None));
        assert!(!dollar.is_within(euro));
        assert!(euro.is_within(Money::parse("5.00 EUR").unwrap()));
        assert_eq!(euro.plus(euro), Some(Money::parse("10 EUR").unwrap()));
    }

    #[test]
    fn what_a_person_writes() {
        for (text, shown) in [("25 EUR", "25.00 EUR"), (" 21.9 USD ", "21.90 USD"), ("0.000001 USD", "0.000001 USD")] {
            assert_eq!(Money::parse(text).unwrap().to_string(), shown);
        }
        for text in
            ["25", "EUR 25", "25 euro", "-1 EUR", "1,5 EUR", "1.1234567 EUR", "1. EUR", "9999999999 EUR", "1 eur"]
        {
            assert!(Money::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_is_kept_as_it_was() {
        let money = Money::parse("21.99 USD").unwrap();
        let text = serde_json::to_string(&money).unwrap();
        assert_eq!(text, r#"{"micros":21990000,"currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
    }
}
