//! The threads that serve the Runtime API and the gates.
//!
//! They are apart from the test's own runtime, so that a test that blocks, or has one thread only,
//! cannot starve the function it waits for, and a [`crate::Function`] may outlive one test's runtime.

use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("runtime-api")
        .enable_all()
        .build()
        .expect("the threads that drive functions could not be started")
});

/// The runtime of this crate's servers.
pub(crate) fn runtime() -> &'static Runtime {
    &RUNTIME
}

/// Listens on an address, without a runtime's thread having to wait for it.
pub(crate) fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let _in_runtime = runtime().enter();
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

/// Routes that are served on a free port of the loopback interface, until this is dropped.
#[derive(Debug)]
pub(crate) struct Serving {
    address: SocketAddr,
    task: AbortHandle,
}

impl Serving {
    pub(crate) fn start(routes: Router) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (listener, address) = listen(any).expect("no free port on the loopback interface");
        let task = runtime().spawn(async move { axum::serve(listener, routes).await });
        Self {
            address,
            task: task.abort_handle(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}
