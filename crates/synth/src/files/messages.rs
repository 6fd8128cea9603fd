//! The message file of the population register: one JSON object a line, first the stock, then what changed.

use std::io::Write;

use super::{Source, WriteErrorKind};
use crate::day::{Day, Moment};
use crate::dice::Dice;
use crate::office::ga::{self, State};
use crate::roll::Registration;

/// Which message of a registration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Opened,
    Changed,
    Closed,
}

/// Writes the file.
pub(super) fn write(source: Source<'_>, out: &mut impl Write) -> Result<(), WriteErrorKind> {
    let stock_ends = Moment { day: Day::of(2026, 1, 1), second: 0 };
    // What arrives when: the time of arrival, the registration, the message.
    let mut arrivals: Vec<(Moment, u32, Message)> = Vec::new();
    for (registration, index) in source.rolls.ga.iter().zip(0..) {
        let story = registration.story;
        if story.opened < stock_ends {
            send(source, out, registration, Message::Opened)?;
        } else {
            arrivals.push((story.opened, index, Message::Opened));
        }
        if let Some((at, _)) = story.changed {
            arrivals.push((at, index, Message::Changed));
        }
        if let Some((at, _)) = story.closed {
            arrivals.push((at, index, Message::Closed));
        }
        if story.redelivered {
            let again = if story.changed.is_some() { Message::Changed } else { Message::Opened };
            let first = story.changed.map_or(story.opened, |(at, _)| at).max(stock_ends);
            let days = Dice::at(source.plan.seed, &[30, u64::from(index)]).between(1, 40);
            arrivals.push((Moment { day: Day(first.day.0 + days), ..first }, index, again));
        }
    }
    arrivals.sort_unstable();
    for (_, index, message) in arrivals {
        let index = usize::try_from(index).expect("invariant: fits the machine");
        let registration = source.rolls.ga.get(index).expect("invariant: an index of the roll");
        send(source, out, registration, message)?;
    }
    for registration in &source.rolls.ga {
        if let Some(at) = registration.story.late {
            let written = ga::row(source.plan, source.world, registration, State::Before);
            put(out, &ga::line("U", registration, at, Some(&written), None))?;
        }
    }
    Ok(())
}

fn send(
    source: Source<'_>,
    out: &mut impl Write,
    registration: &Registration,
    message: Message,
) -> Result<(), WriteErrorKind> {
    let story = registration.story;
    let row = |state| ga::row(source.plan, source.world, registration, state);
    let line = match (message, story.changed, story.closed) {
        (Message::Changed, Some((at, _)), _) => ga::line("U", registration, at, Some(&row(State::Now)), None),
        (Message::Closed, _, Some((at, reason))) => ga::line("D", registration, at, None, Some(reason)),
        _ => ga::line("I", registration, story.opened, Some(&row(State::Before)), None),
    };
    put(out, &line)
}

fn put(out: &mut impl Write, line: &str) -> Result<(), WriteErrorKind> {
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}
