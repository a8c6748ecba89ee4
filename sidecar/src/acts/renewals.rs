//! What people decide about renewals. Whoever spends money is somebody with a name: an account, not a token, and on the
//! machine itself an account with its password.

use std::net::{IpAddr, Ipv4Addr};

use atalaya_renew::{Act, Event, Key, PlanId, Refused as Planner, Why};

use super::{Acts, By, Refused};
use crate::error::Kind;
use crate::people::{Need, Password, Rights};
use crate::renewals::Denied;
use crate::tower::Who;

/// An account and its password, for those who have no session.
pub struct Named {
    /// Its name.
    pub account: String,
    /// Its password.
    pub password: Password,
}

impl Acts {
    /// Money may be spent as the plan says, once.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn approve(&self, by: &By, plan: PlanId, named: Option<Named>) -> Result<(), Refused> {
        let who = self.approver(by, named).await?;
        let event = Event::Approve { plan, who: who.name.clone() };
        self.renew(&who, event, "renewal.approve", &format!("plan {plan}")).await
    }

    /// What was found out of a plan of which nobody knew what became of it.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn settle(&self, by: &By, plan: PlanId, done: bool, named: Option<Named>) -> Result<(), Refused> {
        let who = self.approver(by, named).await?;
        let event = Event::Settle { plan, who: who.name.clone(), done };
        let what = if done { "renewal.settle.done" } else { "renewal.settle.not_done" };
        self.renew(&who, event, what, &format!("plan {plan}")).await
    }

    /// Spending off, which everybody may who operates; or on again.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn switch_spending(&self, by: &By, on: bool, named: Option<Named>) -> Result<(), Refused> {
        let who = if on {
            self.approver(by, named).await?
        } else {
            by.may(Need::Operate, None)?;
            by.who()
        };
        let what = if on { "renewal.spending.on" } else { "renewal.spending.off" };
        self.renew(&who, Event::Switch { on, who: who.name.clone() }, what, "").await
    }

    /// A plan is not carried out.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn reject(&self, by: &By, plan: PlanId) -> Result<(), Refused> {
        by.may(Need::Operate, None)?;
        let who = by.who();
        let event = Event::Reject { plan, who: who.name.clone() };
        self.renew(&who, event, "renewal.reject", &format!("plan {plan}")).await
    }

    /// What something would cost is asked, and stands as a plan to be approved.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn plan(&self, by: &By, key: Key, act: Act) -> Result<(), Refused> {
        by.may(Need::Operate, None)?;
        let (who, target) = (by.who(), key.to_string());
        let event = Event::Want { key, act, who: who.name.clone() };
        self.renew(&who, event, "renewal.plan", &target).await
    }

    /// A person did what a provider's mail asked for, or changed what was old.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn confirm(&self, by: &By, key: Key) -> Result<(), Refused> {
        by.may(Need::Operate, None)?;
        let (who, target) = (by.who(), key.to_string());
        let event = Event::Confirm { key, who: who.name.clone() };
        self.renew(&who, event, "renewal.confirm", &target).await
    }

    /// All providers are asked now.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn check_renewals(&self, by: &By) -> Result<(), Refused> {
        by.may(Need::Operate, None)?;
        self.renewals.check().await.map_err(denied)
    }

    /// Who it is that approves.
    async fn approver(&self, by: &By, named: Option<Named>) -> Result<Who, Refused> {
        let Some(Named { account, password }) = named else {
            by.may(Need::Approve, None)?;
            // Whoever has the machine may do everything, but nobody could be asked afterwards who it was.
            return match by.person.rights {
                Rights::Role(_) if by.person.session.is_some() => Ok(by.who()),
                _ => Err(Refused::new(
                    Kind::Denied,
                    "this is done by a person: give an account that may approve, and its password",
                )),
            };
        };
        let peer = by.peer.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let person = self.people.vouch(&account, password, peer, self.now()).await?;
        let named = By { person, peer: by.peer.clone() };
        named.may(Need::Approve, None)?;
        Ok(Who { how: by.who().how, ..named.who() })
    }

    async fn renew(&self, who: &Who, event: Event, what: &str, target: &str) -> Result<(), Refused> {
        let line = who.did(self.now().seconds(), what, target, "");
        self.renewals.act(event, line).await.map_err(denied)
    }
}

fn denied(why: Denied) -> Refused {
    match why {
        Denied::Failed(err) => Refused::Failed(err),
        Denied::Refused(Planner::NoPlan) => Refused::new(
            Kind::Missing,
            "there is no such plan; \"atalaya-sidecar renewals history\" shows which there are",
        ),
        Denied::Refused(Planner::NoItem) => Refused::new(
            Kind::Missing,
            "nothing of that name is known; \"atalaya-sidecar renewals list\" shows what is",
        ),
        Denied::Refused(Planner::Decided(stage)) => Refused::new(Kind::Refused, format!("the plan is {stage} already")),
        Denied::Refused(Planner::PlanThere(plan)) => {
            Refused::new(Kind::Refused, format!("plan {plan} for it is not over yet; decide on that one"))
        }
        Denied::Refused(Planner::NotSold) => Refused::new(
            Kind::Refused,
            "no provider that is configured with a spending key sells it, so it is renewed where it was bought",
        ),
        Denied::Refused(Planner::OnlySold(Act::AutoRenew)) => Refused::new(
            Kind::Refused,
            "its provider renews nothing when it is asked to; plan automatic renewal (--auto-renew), or renew it there",
        ),
        Denied::Refused(Planner::OnlySold(Act::Renew { .. })) => {
            Refused::new(Kind::Refused, "its provider sells renewals only, and does not turn on automatic renewal")
        }
        Denied::Refused(Planner::Spending(why)) => {
            let to_do = match why {
                Why::SwitchedOff => "; somebody who approves switches it on (\"renewals spending on\")",
                Why::Cap { .. } => "; the next month has room again, or set higher caps in [renewals]",
                Why::NoCap => "; set caps in [renewals]",
                _ => "",
            };
            Refused::new(Kind::Refused, format!("not now: {}{to_do}", why.text()))
        }
        Denied::Refused(Planner::NotSaid) => Refused::new(
            Kind::Refused,
            "only host names, secrets and what a mail asks for are confirmed; of everything else the end is seen",
        ),
        Denied::Refused(Planner::Years) => Refused::new(Kind::Refused, "a renewal is for 1 to 10 years"),
    }
}
