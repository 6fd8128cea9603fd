//! Writes an invented county: `county HOUSEHOLDS SEED DIRECTORY`.

use std::error::Error;
use std::path::PathBuf;

use yibiao_synth::{County, Noise, Plan};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("{what} is missing"));
    let households = next("the number of households")?.parse()?;
    let seed = next("the seed")?.parse()?;
    let dir = PathBuf::from(next("the directory")?);
    std::fs::create_dir_all(&dir)?;
    let county = County::generate(&Plan { households, seed, noise: Noise::mid(), traps: true });
    county.write(&dir)?;
    county.write_truth(&dir)?;
    Ok(())
}
