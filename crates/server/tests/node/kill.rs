//! Killed at any moment: nothing acknowledged is lost, nothing is there by half, and the end is the same.

use crate::support::{Desk, bytes};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const ROUNDS: u64 = 24;
/// Kills of one round, each of the run that goes on where the last was killed.
const KILLS: u64 = 3;

/// A number below `bound`, by a fixed rule (splitmix64).
fn drawn(seed: u64, bound: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % bound
}

#[test]
fn a_run_killed_at_any_moment_ends_like_one_that_was_left_alone() {
    let undisturbed = Desk::county(40);
    let started = Instant::now();
    undisturbed.run_once();
    let length = u64::try_from(started.elapsed().as_micros()).unwrap();
    let (all, out) = (undisturbed.everything(), bytes(&undisturbed.out()));
    let counts = undisturbed.counts();
    let (_keep, never) = mpsc::channel::<()>();
    let mut killed = 0;
    for round in 0..ROUNDS {
        let desk = undisturbed.twin();
        let mut moments = Vec::new();
        for kill in 0..KILLS {
            let mut command = desk.command(&["run", "--once"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // What is left to do grows shorter with every kill, and the first run may have been measured on a busy machine.
            let moment = drawn(round * KILLS + kill, length / (kill + 1));
            assert!(never.recv_timeout(Duration::from_micros(moment)).is_err());
            child.kill().unwrap();
            killed += u32::from(child.wait().unwrap().code().is_none());
            moments.push(moment);
        }
        desk.run_once();
        assert_eq!(desk.counts(), counts, "killed after {moments:?} µs");
        assert_eq!(desk.everything(), all, "killed after {moments:?} µs");
        let now = bytes(&desk.out());
        assert_eq!(
            now.keys().collect::<Vec<_>>(),
            out.keys().collect::<Vec<_>>(),
            "killed after {moments:?} µs"
        );
        for (path, bytes) in now {
            assert!(out[&path] == bytes, "{} differs: killed after {moments:?} µs", path.display());
        }
    }
    assert!(u64::from(killed) >= ROUNDS / 2, "only {killed} kills met a run");
}
