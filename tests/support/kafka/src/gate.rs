//! A way to a server that can be shut: for whoever must do without the server for a while.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A port that leads to a server while it is open. While it is shut, connections end as soon as they are made.
#[derive(Clone, Debug)]
pub struct Gate {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    /// Both ends of every connection.
    streams: Vec<TcpStream>,
}

impl Gate {
    /// A gate to a port of this machine, shut.
    pub fn to(server: u16) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let gate = Gate { port, state: Arc::default() };
        let on_thread = gate.clone();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                on_thread.lead(&client, server);
            }
        });
        gate
    }

    /// The port that leads to the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens it.
    pub fn open(&self) {
        self.state().open = true;
    }

    /// Shuts it; what is under way breaks off.
    pub fn shut(&self) {
        let mut state = self.state();
        state.open = false;
        for stream in state.streams.drain(..) {
            // Fails only where it has ended by itself.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lead(&self, client: &TcpStream, server: u16) {
        let mut state = self.state();
        if !state.open {
            return;
        }
        let server = TcpStream::connect(("127.0.0.1", server)).expect("the server is there");
        let copy = |stream: &TcpStream| stream.try_clone().expect("a socket can be copied");
        for (from, to) in [(client, &server), (&server, client)] {
            let (mut from, mut to) = (copy(from), copy(to));
            state.streams.push(copy(&from));
            std::thread::spawn(move || {
                let mut bytes = [0; 8192];
                while let Ok(length @ 1..) = from.read(&mut bytes) {
                    if bytes.get(..length).is_none_or(|read| to.write_all(read).is_err()) {
                        break;
                    }
                }
                drop(to.shutdown(Shutdown::Write));
            });
        }
    }
}
