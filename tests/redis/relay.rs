//! TCP between a store and its server, which can be told to hold back answers, or to break.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::late::until;

/// What becomes of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Everything goes through.
    Pass,
    /// What is asked reaches the server; answers wait.
    Hold,
    /// Connections break, and new ones too.
    Cut,
}

/// Runs as long as the runtime of the test.
pub(crate) struct Relay {
    pub(crate) port: u16,
    order: watch::Sender<Order>,
}

impl Relay {
    pub(crate) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (order, orders) = watch::channel(Order::Pass);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, orders.clone()));
            }
        });
        Self { port, order }
    }

    /// In force when this returns.
    pub(crate) async fn order(&self, order: Order) {
        self.order.send_replace(order);
        if order == Order::Cut {
            // One is left, with which new connections begin.
            until("connections are gone", async || self.order.receiver_count() == 1).await;
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

async fn carry(mut client: TcpStream, server: u16, orders: watch::Receiver<Order>) {
    let (mut held, mut cut) = (orders.clone(), orders);
    let broken = async move { drop(cut.wait_for(|order| *order == Order::Cut).await) };
    let carried = async {
        let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
        let (mut from, mut to) = client.split();
        let (mut answers, mut asked) = server.split();
        let back = async {
            let mut octets = vec![0; 65_536];
            while let Ok(some @ 1..) = answers.read(&mut octets).await {
                let free = held.wait_for(|order| *order != Order::Hold).await.is_ok();
                if !free || to.write_all(&octets[..some]).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! { _ = copy(&mut from, &mut asked) => {} () = back => {} }
    };
    // What breaks passes nothing on that it has held back.
    tokio::select! { biased; () = broken => {} () = carried => {} }
}
