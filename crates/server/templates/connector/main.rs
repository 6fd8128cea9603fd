//! The connector as a program that the node runs: `program: { run: [hello-source, FILE, COLUMN...] }`.

use hello_source::HelloSource;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let path = words.next().unwrap_or_default().into();
    yibiao_contract::program::serve(HelloSource(path, words.collect()))
}
