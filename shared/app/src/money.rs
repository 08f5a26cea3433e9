//! Deposits, withdrawals, transfers, exchanges and refunds.

use domain::{
    amount::{Amount, Money},
    commit::Commit,
    conversion::Fixed,
    currency::CurrencyCode,
    id::{EntryId, UserId},
    ledger::{Entry, Guard},
    operation,
    quote::Quote,
    refund,
    refusal::{Declined, Missing},
    universe::Universes,
};

use crate::{
    market::Market,
    perform::{Failed, Freshness, Operation},
};

/// A deposit into or a withdrawal from a wallet of the actor.
#[derive(Debug, Clone, Copy)]
pub enum Operate {
    /// From outside.
    Deposit(Money),
    /// To outside.
    Withdraw(Money),
}

impl Operation for Operate {
    type Loaded = ();

    async fn load(&self, _: &Market, _: Freshness) -> Result<(), Failed> {
        Ok(())
    }

    fn decide(&self, guard: &Guard, (): &()) -> Result<Commit, Declined> {
        match *self {
            Self::Deposit(money) => operation::deposit(guard, money),
            Self::Withdraw(money) => operation::withdraw(guard, money),
        }
    }
}

/// Money to another user.
#[derive(Debug, Clone, Copy)]
pub struct Transfer {
    /// Who receives it.
    pub recipient: UserId,
    /// How much.
    pub money: Money,
}

impl Operation for Transfer {
    type Loaded = ();

    async fn load(&self, _: &Market, _: Freshness) -> Result<(), Failed> {
        Ok(())
    }

    fn decide(&self, guard: &Guard, (): &()) -> Result<Commit, Declined> {
        operation::transfer(guard, self.recipient, self.money)
    }
}

/// One currency into another at the rates that hold now.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    /// The currency that is paid.
    pub from: CurrencyCode,
    /// The currency that is received.
    pub to: CurrencyCode,
    /// Which side is fixed.
    pub fixed: Fixed,
    /// The least that may be received.
    pub min_receive: Option<Amount>,
}

impl Operation for Exchange {
    type Loaded = Universes;

    async fn load(&self, market: &Market, freshness: Freshness) -> Result<Universes, Failed> {
        Ok(market.rates.current(freshness).await?)
    }

    fn decide(&self, guard: &Guard, universes: &Universes) -> Result<Commit, Declined> {
        let wanted = operation::Exchange {
            from: universes.of_currency(self.from)?,
            to: universes.of_currency(self.to)?,
            fixed: self.fixed,
            min_receive: self.min_receive,
        };
        operation::exchange(guard, &wanted)
    }
}

/// One currency into another at the rates of a quote.
#[derive(Debug, Clone)]
pub struct Redeem {
    /// The quote; the actor's own.
    pub quote: Quote,
}

impl Operation for Redeem {
    type Loaded = Universes;

    async fn load(&self, market: &Market, freshness: Freshness) -> Result<Universes, Failed> {
        Ok(market.rates.current(freshness).await?)
    }

    fn decide(&self, guard: &Guard, universes: &Universes) -> Result<Commit, Declined> {
        if self.quote.owner != guard.actor {
            return Err(Missing::Quote.into());
        }
        operation::redeem(guard, &self.quote, universes)
    }
}

/// One currency into another, by a quote or at the rates that hold now.
#[derive(Debug, Clone)]
pub enum Conversion {
    /// By a quote.
    Quoted(Redeem),
    /// At the rates that hold now.
    Current(Exchange),
}

impl Operation for Conversion {
    type Loaded = Universes;

    async fn load(&self, market: &Market, freshness: Freshness) -> Result<Universes, Failed> {
        Ok(market.rates.current(freshness).await?)
    }

    fn decide(&self, guard: &Guard, universes: &Universes) -> Result<Commit, Declined> {
        match self {
            Self::Quoted(redeem) => redeem.decide(guard, universes),
            Self::Current(exchange) => exchange.decide(guard, universes),
        }
    }
}

/// A purchase turned back.
#[derive(Debug, Clone, Copy)]
pub struct Refund {
    /// Which purchase.
    pub of: EntryId,
    /// Whether its pieces are for sale again.
    pub restock: bool,
    /// Whether the actor is an administrator.
    pub by_admin: bool,
}

impl Operation for Refund {
    type Loaded = Entry;

    async fn load(&self, market: &Market, _: Freshness) -> Result<Entry, Failed> {
        Ok(market.store.entry(self.of).await?.ok_or(Missing::Transaction)?)
    }

    fn decide(&self, guard: &Guard, original: &Entry) -> Result<Commit, Declined> {
        refund::refund(guard, original, self.restock, self.by_admin)
    }
}
