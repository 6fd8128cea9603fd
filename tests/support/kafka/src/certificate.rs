//! Certificates for servers on this machine.

use std::path::Path;
use std::process::Command;

/// Makes an authority, and a certificate for 127.0.0.1 that it vouches for.
const MAKE: &str = r#"
curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $curve -keyout authority.key -out authority.pem -days 2 -subj "/CN=authority of the test"
openssl req $curve -keyout own.key -out own.csr -subj "/CN=server of the test"
printf 'subjectAltName=IP:127.0.0.1
basicConstraints=critical,CA:FALSE
' >own.ext
openssl x509 -req -in own.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile own.ext -out own.pem
cat own.key own.pem >both.pem
"#;

/// Makes `authority.pem`, `own.key` and `own.pem` in a folder, and `both.pem`, which has the last two.
pub(crate) fn make(folder: &Path) {
    let made = Command::new("sh").args(["-ec", MAKE]).current_dir(folder).output();
    let made = made.expect("a shell can be started");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
