//! Over sockets: all services get the same bytes, cut at the same places, and must do with them what most do.
//!
//! `fuzz/services COMMAND` starts the services and names them in `HELLO_SERVICES`. A file named by `HELLO_FINDINGS` gets
//! one line a finding, and the search goes on; without one the first finding ends it.
#![no_main]

mod known;
mod reaction;

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use hello_bench::raw::{Listening, RawConnection, Sending};
use hello_load::Target;
use known::Arrival;
use libfuzzer_sys::{Corpus, fuzz_target};
use reaction::Reaction;

/// A request behind every stream: it shows whether a service still knows where a request begins.
const LAST: &[u8] = b"GET /?name=Last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
/// The most cuts of a stream.
const MAX_CUTS: u64 = 3;
/// The time between two pieces.
const PAUSE: Duration = Duration::from_millis(2);
/// How long to listen, first and, since a busy machine is late, before a difference counts.
const QUICK: Listening = Listening { first: Duration::from_millis(150), more: Duration::from_millis(40) };
const PATIENT: Listening = Listening { first: Duration::from_secs(2), more: Duration::from_millis(600) };

/// How often a difference must show with patience before it counts.
const CONFIRMATIONS: usize = 3;

/// A service, by its name.
struct Service {
    name: String,
    target: Target,
}

static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| {
    let named = std::env::var("HELLO_SERVICES").expect("HELLO_SERVICES is set: start this by fuzz/services");
    let service = |word: &str| {
        let (name, address) = word.split_once('=').expect("NAME=ADDRESS");
        Service { name: name.to_owned(), target: Target::at(address.parse().expect("an address")) }
    };
    named.split_whitespace().map(service).collect()
});

fuzz_target!(|input: &[u8]| -> Corpus {
    if !is_worth_sending(input) {
        return Corpus::Reject;
    }
    if !differences(input, QUICK).is_empty() {
        let confirmed = confirmed(input);
        if !confirmed.is_empty() {
            report(input, &confirmed);
        }
    }
    Corpus::Keep
});

/// Whether the bytes begin like a request. Parsing them here, too, shows the fuzzer what requests are made of.
fn is_worth_sending(input: &[u8]) -> bool {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let parsed = httparse::Request::new(&mut headers).parse(input);
    match parsed {
        Ok(httparse::Status::Complete(head)) => {
            let _ = httparse::parse_chunk_size(&input[head..]);
            true
        }
        Ok(httparse::Status::Partial) => input.len() > 8,
        Err(_) => input.first().is_some_and(u8::is_ascii_uppercase),
    }
}

/// The differences that show each time: what a busy machine brings about comes and goes.
fn confirmed(input: &[u8]) -> Vec<String> {
    let mut confirmed = differences(input, PATIENT);
    for _ in 1..CONFIRMATIONS {
        if confirmed.is_empty() {
            break;
        }
        let again = differences(input, PATIENT);
        confirmed.retain(|difference| again.contains(difference));
    }
    confirmed
}

/// What is unlike most and has no known reason, when the bytes come in one write and when they come in pieces.
fn differences(input: &[u8], listening: Listening) -> Vec<String> {
    let stream = [input, LAST].concat();
    let (whole, pieces) = ([stream.as_slice()], pieces(input));
    let mut found = unknown(&stream, reactions(&whole, listening), Arrival::Whole);
    if pieces.len() > 1 {
        found.extend(unknown(&stream, reactions(&pieces, listening), Arrival::Pieces));
    }
    found
}

fn unknown(stream: &[u8], reactions: Vec<Reaction>, arrival: Arrival) -> Vec<String> {
    let common = Reaction::commonest(&reactions);
    let others = SERVICES.iter().zip(&reactions).filter(|(_, own)| **own != common);
    let unknown =
        others.filter(|(service, own)| known::reason(&service.name, stream, arrival, own, &common).is_none());
    unknown
        .map(|(service, own)| format!("{}: {own}, most: {common} ({arrival:?})", service.name))
        .collect()
}

/// What each service does with these pieces, in the order of the services.
fn reactions(pieces: &[&[u8]], listening: Listening) -> Vec<Reaction> {
    let sending = Sending { pieces, pause: PAUSE, half_closes: false };
    thread::scope(|scope| {
        let converse = |service: &Service| -> Reaction {
            let connection = RawConnection::open(&service.target)
                .unwrap_or_else(|cause| panic!("{} does not live: {cause}", service.name));
            Reaction::of(connection.converse(sending, listening).expect("time-outs"))
        };
        let all: Vec<_> = SERVICES.iter().map(|service| scope.spawn(move || converse(service))).collect();
        all.into_iter().map(|one| one.join().expect("a conversation")).collect()
    })
}

/// The bytes, cut at places that they determine themselves, and the last request.
fn pieces(input: &[u8]) -> Vec<&[u8]> {
    let seed = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let cut = |number: u64| (seed.rotate_left(number as u32 * 16) % input.len() as u64) as usize;
    let mut ends: Vec<usize> = (1..=seed % (MAX_CUTS + 1)).map(cut).chain([0, input.len()]).collect();
    ends.sort_unstable();
    let pieces = ends.windows(2).map(|ends| &input[ends[0]..ends[1]]).filter(|piece| !piece.is_empty());
    pieces.chain([LAST]).collect()
}

fn report(input: &[u8], differences: &[String]) {
    let text = format!("\"{}\"\t{}\n", input.escape_ascii(), differences.join("\t"));
    match std::env::var_os("HELLO_FINDINGS") {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(text.as_bytes())).expect("findings are written");
        }
        None => panic!("{text}"),
    }
}
