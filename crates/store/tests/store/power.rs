//! A loss of power: of what was not fsynced, anything may be missing.

use crate::disk::{Disk, Event, PAGE, Random, SECTOR, apply, apply_torn};
use crate::support::{check_whole, commit, new_file};
use yibiao_store::Store;

const CACHE: usize = 4 << 20;

/// Commits that a run makes.
const LAST: u64 = 30;

/// Runs a store on a disk to its last commit and closes it.
fn run(disk: &Disk) {
    let store = Store::open_on(disk.clone(), CACHE).unwrap();
    let next = store.view().unwrap().last().commit.0 + 1;
    for n in next..=LAST {
        store.commit(&commit(n)).unwrap();
        disk.acked(n);
    }
}

/// A stretch of a log between two syncs: what is durable before it, what is not, and what was acknowledged.
struct Cut<'a> {
    durable: Vec<u8>,
    pending: &'a [Event],
    acked: u64,
}

/// The cuts of a run that began on `file`: one before each sync, and one after the last.
fn cuts(mut file: Vec<u8>, log: &[Event], mut acked: u64) -> Vec<Cut<'_>> {
    let mut cuts = Vec::new();
    for stretch in log.split_inclusive(|event| matches!(event, Event::Sync)) {
        for event in stretch {
            if let Event::Acked(n) = event {
                acked = *n;
            }
        }
        cuts.push(Cut { durable: file.clone(), pending: stretch, acked });
        stretch.iter().for_each(|event| apply(&mut file, event));
    }
    cuts.push(Cut { durable: file, pending: &[], acked });
    cuts
}

/// Opens what is left of the file, and checks that nothing acknowledged is missing and nothing is half there.
fn check_left(file: Vec<u8>, acked: u64) -> (Disk, u64) {
    let disk = Disk::holding(file);
    let store = Store::open_on(disk.clone(), CACHE).unwrap();
    let whole = check_whole(&store);
    assert!((acked..=acked + 1).contains(&whole), "acknowledged {acked}, found {whole}");
    (disk, whole)
}

/// A run that goes on to the end is as one that was never cut.
fn check_end(disk: &Disk) {
    run(disk);
    let store = Store::open_on(disk.clone(), CACHE).unwrap();
    assert_eq!(check_whole(&store), LAST);
}

#[test]
fn nothing_acknowledged_is_lost_with_all_that_was_not_fsynced() {
    let new = new_file(CACHE);
    let disk = Disk::holding(new.clone());
    run(&disk);
    let log = disk.log();
    let cuts = cuts(new, &log, 0);
    assert!(cuts.len() > 2 * usize::try_from(LAST).unwrap(), "every commit syncs");
    for cut in cuts {
        let (disk, _) = check_left(cut.durable, cut.acked);
        check_end(&disk);
    }
}

#[test]
fn nothing_acknowledged_is_lost_with_any_part_of_what_was_not_fsynced() {
    let new = new_file(CACHE);
    let disk = Disk::holding(new.clone());
    run(&disk);
    let log = disk.log();
    let mut random = Random(1);
    for cut in cuts(new, &log, 0) {
        for block in [PAGE, PAGE, PAGE, SECTOR, SECTOR] {
            let mut file = cut.durable.clone();
            apply_torn(&mut file, cut.pending, block, &mut random);
            check_left(file, cut.acked);
        }
        let mut file = cut.durable.clone();
        apply_torn(&mut file, cut.pending, PAGE, &mut random);
        let (disk, _) = check_left(file, cut.acked);
        check_end(&disk);
    }
}

#[test]
fn power_may_be_lost_again_while_the_store_opens() {
    let new = new_file(CACHE);
    let disk = Disk::holding(new.clone());
    run(&disk);
    let log = disk.log();
    let mut random = Random(2);
    let cuts_once = cuts(new, &log, 0);
    for cut in &cuts_once {
        let mut file = cut.durable.clone();
        apply_torn(&mut file, cut.pending, PAGE, &mut random);
        let disk = Disk::holding(file.clone());
        drop(Store::open_on(disk.clone(), CACHE).unwrap());
        let log = disk.log();
        for again in cuts(file, &log, cut.acked) {
            let mut file = again.durable;
            apply_torn(&mut file, again.pending, SECTOR, &mut random);
            check_left(file, cut.acked);
        }
    }
}
