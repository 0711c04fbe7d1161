//! A selector whose author forgot that it runs in a sandbox: it prints, looks for files and
//! variables, and gives up with a panic, as the request's path says. It always chooses the
//! first endpoint.

use tidegate_sdk::prelude::*;

struct Careless;

impl Selector for Careless {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(Careless)
    }

    fn update(&mut self, _: Vec<Endpoint>) {}

    fn select(&mut self, _: &Excluded) -> Option<Choice> {
        match request::path().as_str() {
            "/panic" => give_up(),
            "/print" => {
                println!("printed on the output");
                eprintln!("printed on the error output");
            }
            "/look" => log::info!("{}", look_around()),
            _ => {}
        }
        Some(Choice::at(0))
    }
}

#[inline(never)]
fn give_up() {
    panic!("this cannot happen");
}

/// What of the machine can be seen from here.
fn look_around() -> String {
    let file = match std::fs::read("/etc/passwd") {
        Ok(bytes) => format!("{} bytes", bytes.len()),
        Err(_) => "no file".to_owned(),
    };
    let directory = match std::fs::read_dir("/") {
        Ok(entries) => format!("{} entries", entries.count()),
        Err(_) => "no directory".to_owned(),
    };
    let network = match std::net::TcpStream::connect("127.0.0.1:80") {
        Ok(_) => "a connection",
        Err(_) => "no network",
    };
    let (variables, arguments) = (std::env::vars().count(), std::env::args().count());
    format!("{file}, {directory}, {network}, {variables} variables, {arguments} arguments")
}

export!(Careless);
