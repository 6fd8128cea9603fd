//! Apicurio Registry: a schema registry that is not ours, with Confluent's REST interface.

use crate::broker::free_port;
use crate::process::{self, Kept};
use crate::{certificate, jars, python};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long it may take to start.
const START: Duration = Duration::from_secs(240);

/// A registry that keeps schemas in memory.
#[derive(Debug)]
pub struct ForeignRegistry {
    process: Kept,
    port: u16,
    secure_port: u16,
}

impl ForeignRegistry {
    /// The one registry of this test binary. Each test has subjects of its own.
    pub fn shared() -> &'static ForeignRegistry {
        static SHARED: OnceLock<ForeignRegistry> = OnceLock::new();
        SHARED.get_or_init(ForeignRegistry::start)
    }

    fn start() -> ForeignRegistry {
        let java = python::java_25();
        let process = Kept::new("registry", "KILL");
        let registry = ForeignRegistry { process, port: free_port(), secure_port: free_port() };
        certificate::make(registry.process.folder());
        let option = |name: &str, value: &str| format!("-Dquarkus.http.{name}={value}");
        let file = |name: &str| registry.process.folder().join(name).display().to_string();
        let options = [
            option("host", "127.0.0.1"),
            option("port", &registry.port.to_string()),
            option("ssl-port", &registry.secure_port.to_string()),
            option("ssl.certificate.files", &file("own.pem")),
            option("ssl.certificate.key-files", &file("own.key")),
        ];
        let program = jars::registry().join("quarkus-run.jar");
        let program = program.to_str().expect("the cache's path is UTF-8");
        let mut words = vec!["-Xmx256m"];
        words.extend(options.iter().map(String::as_str));
        words.extend(["-jar", program]);
        registry.process.start(&java, &words);
        let started = Instant::now();
        while !registry.answers() {
            assert!(started.elapsed() < START, "the registry does not answer: {}", registry.process.log());
            process::pause();
        }
        registry
    }

    /// The port of HTTPS.
    pub fn secure_port(&self) -> u16 {
        self.secure_port
    }

    /// The file of the authority that vouches for it under `https://127.0.0.1`.
    pub fn authority(&self) -> PathBuf {
        self.process.folder().join("authority.pem")
    }

    /// Where Confluent's interface is served.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/ccompat/v7", self.port)
    }

    /// Where Apicurio's own interface is served, which its converter uses.
    pub(crate) fn own_url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/registry/v2", self.port)
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let asked = "GET /apis/ccompat/v7/subjects HTTP/1.0\r\nHost: localhost\r\n\r\n";
        let mut answer = String::new();
        stream.write_all(asked.as_bytes()).is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.")
            && answer.contains(" 200 ")
    }
}
