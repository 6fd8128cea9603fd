//! Measures the way over Kafka: rows in, resolved, persons out; beside Kafka Connect, which resolves nothing, and beside a
//! bare loop of the client library, which is the ceiling. One broker, one run, the same rows.
//!
//! `bus NODE [ROWS]`: NODE is the program `yibiao`, ROWS how many rows (20,000 unless told).

mod bare;
mod connect;
mod node;
mod watch;

use std::path::PathBuf;
use std::time::Duration;
use yibiao_benches::rows;
use yibiao_kafka_testkit::Broker;

/// What one way came to.
struct Figures {
    name: &'static str,
    /// Rows a second, from the first that came out to the last.
    rate: f64,
    /// Processor time of the program, user and system.
    cpu: Duration,
    rows: usize,
    /// Half and 99 of a hundred rows came out within this, at half the rate; `None` where it was not measured.
    latency: Option<(Duration, Duration)>,
}

#[expect(clippy::print_stdout, reason = "a benchmark tells its figures to the terminal")]
fn main() {
    let mut words = std::env::args_os().skip(1);
    let node = PathBuf::from(words.next().expect("name the program `yibiao`"));
    let rows = words
        .next()
        .map_or(20_000, |rows| rows.to_str().and_then(|rows| rows.parse().ok()).expect("a number"));
    let broker = Broker::start();
    let all = [bare::run(&broker, rows), connect::run(&broker, rows), node::run(&broker, &node, rows)];
    println!("{rows} rows of {} bytes on average\n", rows::bytes(rows) / rows);
    println!("| way | rows/s | latency p50 | p99 at half load | CPU-s per million |\n|---|---|---|---|---|");
    for Figures { name, rate, cpu, rows, latency } in all {
        let (half, most) = latency.map_or(("–".to_owned(), "–".to_owned()), |(half, most)| {
            (format!("{:.1} ms", half.as_secs_f64() * 1e3), format!("{:.1} ms", most.as_secs_f64() * 1e3))
        });
        let millions = f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) / 1e6;
        println!("| {name} | {rate:.0} | {half} | {most} | {:.1} |", cpu.as_secs_f64() / millions);
    }
}
