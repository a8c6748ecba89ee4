//! Refused acts as answers.

use axum::http::StatusCode;

use crate::acts::Refused;
use crate::error::{Error, Kind};
use crate::people;
use crate::web::api::problem::Problem;

impl From<Refused> for Problem {
    fn from(why: Refused) -> Self {
        let text = why.to_string();
        match why {
            Refused::People(people) => of_people(&people, text),
            // It is the configuration that does not fit, and that can be changed.
            Refused::Failed(err) if err.kind == Kind::Config => conflict("not-set-up", text),
            Refused::Away => conflict("away", text),
            why => Error::new(why.kind(), text).into(),
        }
    }
}

impl From<people::Refused> for Problem {
    fn from(why: people::Refused) -> Self {
        Refused::People(why).into()
    }
}

fn conflict(name: &str, text: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, name, "It does not fit with what is there", text)
}

fn of_people(why: &people::Refused, text: String) -> Problem {
    use people::Refused as Why;
    let field = match why {
        Why::Name => "name",
        Why::Short | Why::Long | Why::SameAsName => "password",
        Why::NoScope => "scopes",
        Why::Days => "days",
        Why::Customers => "customers",
        Why::Language => "language",
        Why::Zone => "zone",
        Why::Taken => return conflict("taken", text),
        Why::LastManager => return conflict("last-manager", text),
        Why::Failed(err) => return err.clone().into(),
        other => return Error::new(Refused::People(other.clone()).kind(), text).into(),
    };
    Problem::field(field, text)
}
