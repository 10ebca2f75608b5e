//! An MTA that plays by the rules, over a blocking socket.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use bytes::{Bytes, BytesMut};
use postseal_protocol::testing::mta::{Mta, OFFER};
use postseal_protocol::{Action, Address, Command, Connect, HeaderField, MacroList, Offer, Peer, Verdict};

use super::PATIENCE;

/// One milter connection of an MTA.
pub struct FakeMta {
    stream: Box<dyn Stream>,
    mta: Mta,
    input: BytesMut,
    /// How often the filter has said that it is at work.
    pub progress: usize,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl FakeMta {
    /// Connects to `inet:HOST:PORT` or `unix:/path`, and agrees with the filter.
    pub fn connect(address: &str) -> Self {
        let mut this = Self::silent(address);
        this.agree();
        this
    }

    /// Like [`Self::connect`], with another offer.
    pub fn connect_with(address: &str, offer: Offer) -> Self {
        let mut this = Self { mta: Mta::new(offer), ..Self::silent(address) };
        this.agree();
        this
    }

    /// Makes an offer, and takes what the filter wants of it.
    pub fn agree(&mut self) {
        let mut out = BytesMut::new();
        self.mta.offer(&mut out).unwrap();
        self.send(&out);
        assert!(matches!(self.hear(), Some(Action::Negotiate(_))), "no answer to the offer");
    }

    /// Connects, and says nothing.
    pub fn silent(address: &str) -> Self {
        Self::try_silent(address).unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    pub fn try_silent(address: &str) -> std::io::Result<Self> {
        let stream: Box<dyn Stream> = match address.split_once(':') {
            Some(("unix", path)) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Some((_, rest)) => {
                let stream = TcpStream::connect(rest)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            None => panic!("{address} is no address"),
        };
        Ok(Self { stream, mta: Mta::new(OFFER), input: BytesMut::new(), progress: 0 })
    }

    /// Bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Says a command, and does not wait.
    pub fn tell(&mut self, command: &Command) {
        let mut out = BytesMut::new();
        self.mta.say(command, &mut out).unwrap();
        self.send(&out);
    }

    /// Says a command, and waits for the verdict if one is due. `None` if it was not asked for, or is not answered.
    pub fn say(&mut self, command: &Command) -> Option<Verdict> {
        self.tell(command);
        self.verdict()
    }

    /// The verdict that is due.
    pub fn verdict(&mut self) -> Option<Verdict> {
        while self.mta.waiting().is_some() {
            match self.hear() {
                Some(Action::Verdict(verdict)) => return Some(verdict),
                Some(Action::Progress) => self.progress += 1,
                Some(_) => {}
                None => panic!("the filter has closed the connection"),
            }
        }
        None
    }

    /// A message up to the recipient.
    pub fn begin(&mut self) {
        self.greet();
        self.mail();
    }

    /// A client of this MTA connects and greets.
    pub fn greet(&mut self) {
        let client =
            Connect { hostname: Bytes::from_static(b"localhost"), peer: Peer::Inet("127.0.0.1:25".parse().unwrap()) };
        self.say(&Command::Connect(client));
        self.say(&Command::Helo(Bytes::from_static(b"client.example")));
    }

    /// MAIL, in a connection that has begun.
    pub fn mail(&mut self) {
        self.say(&Command::Mail(Address::new("<alice@example.com>")));
        self.say(&Command::Rcpt(Address::new("<bob@example.net>")));
    }

    /// One more recipient.
    pub fn another_recipient(&mut self) {
        self.say(&Command::Rcpt(Address::new("<carol@example.net>")));
    }

    /// The rest of a message.
    pub fn finish(&mut self, queue_id: &str) -> Verdict {
        self.say(&Command::Macros(MacroList { command: b'T', values: vec![("i".into(), queue_id.to_owned().into())] }));
        self.say(&Command::Data);
        for (name, value) in [("From", " alice@example.com"), ("Subject", " test")] {
            self.say(&Command::Header(HeaderField::new(name, value)));
        }
        self.say(&Command::EndOfHeaders);
        self.say(&Command::BodyChunk(Bytes::from_static(b"Hello\r\n")));
        self.say(&Command::EndOfMessage(None)).expect("end of message is always answered")
    }

    /// A whole message.
    pub fn message(&mut self, queue_id: &str) -> Verdict {
        self.begin();
        self.finish(queue_id)
    }

    /// Waits until the filter closes the connection.
    pub fn closed(&mut self) {
        assert_eq!(self.hear(), None, "an action instead of the end");
    }

    fn hear(&mut self) -> Option<Action> {
        loop {
            if let Some(action) = self.mta.hear(&mut self.input).unwrap() {
                return Some(action);
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(length) => self.input.extend_from_slice(&piece[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
                    return None;
                }
                Err(error) => panic!("neither an answer nor the end: {error}"),
            }
        }
    }
}
