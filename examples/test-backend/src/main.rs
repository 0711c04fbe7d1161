//! Starts one endpoint per `--listen` and serves until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use test_backend::{Endpoint, parse_duration};

/// An HTTP endpoint that names itself and misbehaves on request.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; repeat it for several endpoints. Port 0 takes a free port.
    #[arg(long, required = true, value_name = "ADDRESS")]
    listen: Vec<SocketAddr>,
    /// Name of the endpoint, in the order of `--listen`; a, b, c, … when absent.
    #[arg(long)]
    name: Vec<String>,
    /// Wait this long before every answer, for example 10ms.
    #[arg(long, value_parser = parse_duration, default_value = "0ms")]
    delay: Duration,
    /// Answer every Nth request with 500; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    fail_every: u64,
    /// Print a line for each request that arrives: `a got GET /path`.
    #[arg(long)]
    log: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut endpoints = Vec::new();
    for (position, address) in arguments.listen.iter().enumerate() {
        let name = arguments
            .name
            .get(position)
            .cloned()
            .unwrap_or_else(|| letter(position));
        let endpoint = Endpoint::start_on(&name, *address)?;
        endpoint.set_delay(arguments.delay);
        endpoint.fail_every(arguments.fail_every);
        endpoint.log_requests(arguments.log);
        println!("{name} listens on {}", endpoint.address());
        endpoints.push(endpoint);
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// a to z, then 26, 27, …
fn letter(position: usize) -> String {
    match u8::try_from(position) {
        Ok(n) if n < 26 => char::from(b'a' + n).to_string(),
        _ => position.to_string(),
    }
}
