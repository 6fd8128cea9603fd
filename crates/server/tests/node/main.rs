//! The binary from outside: six departments' files in, six departments' files out, and whatever goes wrong on the way.

#[cfg(test)]
mod again;
#[cfg(test)]
mod files;
#[cfg(test)]
mod http;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod model;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod pull;
#[cfg(test)]
mod quarantine;
#[cfg(test)]
mod served;
#[cfg(test)]
mod steward;
#[cfg(test)]
mod subscriber;
#[cfg(test)]
mod supervision;
#[cfg(test)]
mod support;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod webhook;
#[cfg(test)]
mod workbook;
#[cfg(test)]
mod wrong_input;
