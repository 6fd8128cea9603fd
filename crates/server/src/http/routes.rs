//! A router that knows what it serves, so that the documentation can be held against it.

use axum::Router;
use axum::handler::Handler;
use axum::routing;
use std::collections::BTreeSet;

/// Method and path of what is served, as OpenAPI writes them.
pub(crate) type Served = BTreeSet<(&'static str, String)>;

/// Routes on their way to become a router.
#[derive(Debug)]
pub(crate) struct Routes<S> {
    router: Router<S>,
    served: Served,
}

macro_rules! method {
    ($name:ident) => {
        pub(crate) fn $name<H: Handler<T, S>, T: 'static>(mut self, path: &'static str, handler: H) -> Self {
            self.served.insert((stringify!($name), path.to_owned()));
            self.router = self.router.route(path, routing::$name(handler));
            self
        }
    };
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    pub(crate) fn new() -> Routes<S> {
        Routes { router: Router::new(), served: Served::new() }
    }

    method!(get);
    method!(post);
    method!(put);
    method!(delete);

    /// Adds routes under a prefix.
    pub(crate) fn nest(mut self, prefix: &str, other: Routes<S>) -> Self {
        let under = |(method, path): (&'static str, String)| {
            (method, if path == "/" { prefix.to_owned() } else { format!("{prefix}{path}") })
        };
        self.served.extend(other.served.into_iter().map(under));
        self.router = self.router.nest(prefix, other.router);
        self
    }

    /// The router, and what it serves.
    pub(crate) fn with(self, state: S) -> (Router, Served) {
        (self.router.with_state(state), self.served)
    }
}
