//! A book as small as can be: commands, what is held for them, and what one commit makes of
//! them. Whether the commit succeeds is not known here.

/// How much one commit takes: a fill is two, all else one.
const ROOM: u8 = 2;
const FILL: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Buy,
    Sell,
}

/// What was asked. A command is known by its number, which is its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    Place { side: Side, price: i8, lots: i8 },
    Cancel { order: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Command {
    pub(crate) user: usize,
    pub(crate) asked: Asked,
}

impl Command {
    /// What is held for so many lots: of the base and of the quote.
    pub(crate) fn needs(&self, lots: i8) -> (i8, i8) {
        match self.asked {
            Asked::Place { side: Side::Sell, .. } => (lots, 0),
            Asked::Place { side: Side::Buy, price, .. } => (0, lots * price),
            Asked::Cancel { .. } => (0, 0),
        }
    }

    pub(crate) fn lots(&self) -> i8 {
        match self.asked {
            Asked::Place { lots, .. } => lots,
            Asked::Cancel { .. } => 0,
        }
    }

    fn price(&self) -> i8 {
        match self.asked {
            Asked::Place { price, .. } => price,
            Asked::Cancel { .. } => 0,
        }
    }

    fn crosses(&self, maker: &Self) -> bool {
        match (self.asked, maker.asked) {
            (
                Asked::Place { side: Side::Buy, price, .. },
                Asked::Place { side: Side::Sell, price: asked, .. },
            ) => asked <= price,
            (
                Asked::Place { side: Side::Sell, price, .. },
                Asked::Place { side: Side::Buy, price: bid, .. },
            ) => bid >= price,
            _ => false,
        }
    }
}

/// A user's wallets: base and quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Account {
    pub(crate) available: (i8, i8),
    pub(crate) held: (i8, i8),
}

impl Account {
    /// Makes available what is held.
    pub(crate) fn release(&mut self, (base, quote): (i8, i8)) {
        self.available = (self.available.0 + base, self.available.1 + quote);
        self.held = (self.held.0 - base, self.held.1 - quote);
    }

    fn add(&mut self, change: &Self) {
        self.available.0 += change.available.0;
        self.available.1 += change.available.1;
        self.held.0 += change.held.0;
        self.held.1 += change.held.1;
    }
}

/// Orders that rest, the oldest first, each with its open lots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub(crate) struct Book(pub(crate) Vec<(usize, i8)>);

impl Book {
    fn lots(&self, order: usize) -> i8 {
        self.0.iter().find(|row| row.0 == order).map_or(0, |row| row.1)
    }

    /// Writes a row, or removes it.
    pub(crate) fn put(&mut self, order: usize, lots: i8) {
        match self.0.iter().position(|row| row.0 == order) {
            Some(at) if lots == 0 => drop(self.0.remove(at)),
            Some(at) => self.0[at].1 = lots,
            None if lots == 0 => {}
            None => self.0.push((order, lots)),
        }
    }

    /// The best order that a command meets, of equal ones the oldest.
    fn best(&self, commands: &[Command], taker: &Command) -> Option<usize> {
        let crossing = self.0.iter().map(|row| row.0);
        let crossing = crossing.filter(|order| taker.crosses(&commands[*order]));
        crossing.min_by_key(|order| match taker.asked {
            Asked::Place { side: Side::Sell, .. } => -commands[*order].price(),
            _ => commands[*order].price(),
        })
    }
}

/// What one commit writes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Chunk {
    /// Open lots of orders, as they are to be.
    pub(crate) rows: Vec<(usize, i8)>,
    changes: Vec<(usize, Account)>,
    /// Lots filled of orders.
    pub(crate) fills: Vec<(usize, i8)>,
    /// Commands that are done, in order.
    pub(crate) done: Vec<usize>,
    /// A command that is half done, and the lots that are left of it.
    pub(crate) begun: Option<(usize, i8)>,
    taken: u8,
}

/// What carries out commands.
pub(crate) struct Rules<'a> {
    pub(crate) commands: &'a [Command],
    /// A wrong design: an order that is over gives back again what was held for it.
    pub(crate) releases_twice: bool,
}

impl Rules<'_> {
    /// As much as one commit takes of what is to be done, the book with it.
    pub(crate) fn chunk(
        &self,
        book: &mut Book,
        begun: Option<(usize, i8)>,
        waiting: impl Iterator<Item = usize>,
    ) -> Chunk {
        let mut chunk = Chunk::default();
        let first = begun.map(|(command, _)| command);
        let others = waiting.filter(|command| Some(*command) != first);
        for command in first.into_iter().chain(others) {
            if chunk.taken >= ROOM || chunk.begun.is_some() {
                break;
            }
            let left = match begun {
                Some((half, left)) if half == command => left,
                _ => self.commands[command].lots(),
            };
            self.carry_out(book, &mut chunk, command, left, ROOM);
        }
        chunk
    }

    /// Carries out all of a command, or until so many lots are left of it.
    pub(crate) fn whole(&self, book: &mut Book, command: usize, until: i8) -> Chunk {
        let mut chunk = Chunk::default();
        let mut left = self.commands[command].lots();
        loop {
            self.carry_out(book, &mut chunk, command, left, FILL);
            match chunk.begun.take() {
                Some((_, rest)) if rest > until => left = rest,
                _ => return chunk,
            }
            chunk.taken = 0;
        }
    }

    fn carry_out(
        &self,
        book: &mut Book,
        chunk: &mut Chunk,
        command: usize,
        mut left: i8,
        room: u8,
    ) {
        let taker = &self.commands[command];
        if let Asked::Cancel { order } = taker.asked {
            self.cancel(book, chunk, order);
        }
        while left > 0 {
            let maker = book.best(self.commands, taker);
            if chunk.taken >= room {
                chunk.begun = Some((command, left));
                return;
            }
            let Some(maker) = maker else {
                chunk.write(book, command, left);
                break;
            };
            let lots = left.min(book.lots(maker));
            left -= lots;
            self.fill(chunk, command, maker, lots);
            let rest = book.lots(maker) - lots;
            chunk.write(book, maker, rest);
            chunk.taken += FILL - 1;
        }
        chunk.done.push(command);
        chunk.taken = chunk.taken.max(1);
    }

    fn fill(&self, chunk: &mut Chunk, taker: usize, maker: usize, lots: i8) {
        let price = self.commands[maker].price();
        for order in [taker, maker] {
            let command = &self.commands[order];
            let (base, quote) = command.needs(lots);
            let available = match command.asked {
                Asked::Place { side: Side::Sell, .. } => (0, lots * price),
                _ => (lots, quote - lots * price),
            };
            let change = Account { available, held: (-base, -quote) };
            chunk.changes.push((command.user, change));
            chunk.fills.push((order, lots));
        }
    }

    fn cancel(&self, book: &mut Book, chunk: &mut Chunk, order: usize) {
        let command = &self.commands[order];
        let lots = match book.lots(order) {
            0 if self.releases_twice => command.lots(),
            lots => lots,
        };
        let mut change = Account::default();
        change.release(command.needs(lots));
        chunk.changes.push((command.user, change));
        chunk.write(book, order, 0);
    }
}

impl Chunk {
    fn write(&mut self, book: &mut Book, order: usize, lots: i8) {
        book.put(order, lots);
        self.rows.push((order, lots));
        self.taken += 1;
    }

    /// Moves the money.
    pub(crate) fn settle(&self, accounts: &mut [Account]) {
        for (user, change) in &self.changes {
            accounts[*user].add(change);
        }
    }
}
