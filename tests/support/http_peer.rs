//! A server on loopback that a fixture of the conformance kit brings every trouble upon.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use tokio::runtime::{Builder, Runtime};
use yibiao_contract::conformance::Trouble;

/// What ails it, and how many requests were answered so.
type Ill = Arc<Mutex<(Option<Trouble>, u32)>>;

/// A server in a runtime of its own: when that ends, every socket is closed.
pub(crate) struct Peer {
    address: SocketAddr,
    router: Router,
    ill: Ill,
    running: Option<Runtime>,
}

impl Peer {
    pub(crate) fn start(router: Router) -> Peer {
        let ill = Ill::default();
        let router = router.layer(from_fn_with_state(ill.clone(), suffer));
        let mut peer = Peer { address: ([127, 0, 0, 1], 0).into(), router, ill, running: None };
        peer.listen();
        peer
    }

    /// `http://127.0.0.1:PORT`; the same after it was gone.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn bring(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Gone => self.end(),
            Trouble::Hanging | Trouble::Refusing | Trouble::Throttling => {
                *self.ill.lock().unwrap() = (Some(trouble), 0);
            }
        }
    }

    pub(crate) fn mend(&mut self) {
        *self.ill.lock().unwrap() = (None, 0);
        if self.running.is_none() {
            self.listen();
        }
    }

    fn listen(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.address = listener.local_addr().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let router = self.router.clone();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        self.running = Some(runtime);
    }

    /// A runtime may not end within another, and only its end closes the port.
    fn end(&mut self) {
        let running = self.running.take();
        std::thread::spawn(move || drop(running)).join().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}

async fn suffer(State(ill): State<Ill>, request: Request, next: Next) -> Response {
    let (trouble, answered) = {
        let mut ill = ill.lock().unwrap();
        ill.1 += 1;
        *ill
    };
    match trouble {
        None => next.run(request).await,
        Some(Trouble::Gone | Trouble::Hanging) => std::future::pending().await,
        Some(Trouble::Refusing) => StatusCode::UNAUTHORIZED.into_response(),
        Some(Trouble::Throttling) => {
            let status = if answered % 2 == 1 {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            // The shortest there is, so that no check waits; that longer ones are kept to is tested beside the code.
            (status, [("retry-after", "0")]).into_response()
        }
    }
}
