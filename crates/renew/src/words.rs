//! Why something was not done, for people who read English; pages have their own words.

use crate::plan::Why;

impl Why {
    /// In a sentence's second half.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::PriceRose { now: Some(now) } => format!("it costs {now} now, more than was approved"),
            Self::PriceRose { now: None } => "what it costs now is not what was approved".into(),
            Self::EndMoved { .. } => {
                "it ends at another time than when it was approved; somebody may have renewed it".into()
            }
            Self::RenewsAlready => "its provider renews it already".into(),
            Self::Cap { spent, cap } => format!("{spent} of {cap} a month are spent, and it would be more"),
            Self::SwitchedOff => "spending is switched off".into(),
            Self::NoCap => "no cap is configured in its currency".into(),
            Self::Failed { text } => text.clone(),
            Self::NotDone { who } => format!("{who} looked, and it was not done"),
        }
    }
}
