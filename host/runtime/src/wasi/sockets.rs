//! `wasi:sockets`: a network on which nothing may be opened, connected or resolved.
//! Sockets can therefore not exist; were there one, all of its operations would be
//! refused.

use super::bindings::wasi::io::error::Error;
use super::bindings::wasi::io::poll::Pollable;
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use super::bindings::wasi::sockets::{
    instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
};
use super::{Wasi, io};
use ip_name_lookup::ResolveAddressStream;
use network::{ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Network};
use tcp::{ShutdownType, TcpSocket};
use udp::{
    IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use wasmtime::component::Resource;

impl network::Host for Wasi {
    fn network_error_code(&mut self, _: Resource<Error>) -> Option<ErrorCode> {
        None
    }
}

impl network::HostNetwork for Wasi {
    release!(Network);
}

impl instance_network::Host for Wasi {
    fn instance_network(&mut self) -> Resource<Network> {
        Resource::new_own(0)
    }
}

impl ip_name_lookup::Host for Wasi {
    refuse! { ErrorCode::AccessDenied;
        resolve_addresses(Resource<Network>, String) -> Resource<ResolveAddressStream>;
    }
}

impl ip_name_lookup::HostResolveAddressStream for Wasi {
    refuse! { ErrorCode::AccessDenied;
        resolve_next_address(Resource<ResolveAddressStream>) -> Option<IpAddress>;
    }

    fn subscribe(&mut self, _: Resource<ResolveAddressStream>) -> Resource<Pollable> {
        io::ready()
    }

    release!(ResolveAddressStream);
}

impl tcp_create_socket::Host for Wasi {
    refuse! { ErrorCode::AccessDenied;
        create_tcp_socket(IpAddressFamily) -> Resource<TcpSocket>;
    }
}

impl tcp::Host for Wasi {}
impl tcp::HostTcpSocket for Wasi {
    refuse! { ErrorCode::AccessDenied;
        start_bind(Resource<TcpSocket>, Resource<Network>, IpSocketAddress) -> ();
        finish_bind(Resource<TcpSocket>) -> ();
        start_connect(Resource<TcpSocket>, Resource<Network>, IpSocketAddress) -> ();
        finish_connect(Resource<TcpSocket>) -> (Resource<InputStream>, Resource<OutputStream>);
        start_listen(Resource<TcpSocket>) -> ();
        finish_listen(Resource<TcpSocket>) -> ();
        accept(Resource<TcpSocket>)
            -> (Resource<TcpSocket>, Resource<InputStream>, Resource<OutputStream>);
        local_address(Resource<TcpSocket>) -> IpSocketAddress;
        remote_address(Resource<TcpSocket>) -> IpSocketAddress;
        set_listen_backlog_size(Resource<TcpSocket>, u64) -> ();
        keep_alive_enabled(Resource<TcpSocket>) -> bool;
        set_keep_alive_enabled(Resource<TcpSocket>, bool) -> ();
        keep_alive_idle_time(Resource<TcpSocket>) -> u64;
        set_keep_alive_idle_time(Resource<TcpSocket>, u64) -> ();
        keep_alive_interval(Resource<TcpSocket>) -> u64;
        set_keep_alive_interval(Resource<TcpSocket>, u64) -> ();
        keep_alive_count(Resource<TcpSocket>) -> u32;
        set_keep_alive_count(Resource<TcpSocket>, u32) -> ();
        hop_limit(Resource<TcpSocket>) -> u8;
        set_hop_limit(Resource<TcpSocket>, u8) -> ();
        receive_buffer_size(Resource<TcpSocket>) -> u64;
        set_receive_buffer_size(Resource<TcpSocket>, u64) -> ();
        send_buffer_size(Resource<TcpSocket>) -> u64;
        set_send_buffer_size(Resource<TcpSocket>, u64) -> ();
        shutdown(Resource<TcpSocket>, ShutdownType) -> ();
    }

    fn is_listening(&mut self, _: Resource<TcpSocket>) -> bool {
        false
    }

    fn address_family(&mut self, _: Resource<TcpSocket>) -> IpAddressFamily {
        IpAddressFamily::Ipv4
    }

    fn subscribe(&mut self, _: Resource<TcpSocket>) -> Resource<Pollable> {
        io::ready()
    }

    release!(TcpSocket);
}

impl udp_create_socket::Host for Wasi {
    refuse! { ErrorCode::AccessDenied;
        create_udp_socket(IpAddressFamily) -> Resource<UdpSocket>;
    }
}

impl udp::Host for Wasi {}
impl udp::HostUdpSocket for Wasi {
    refuse! { ErrorCode::AccessDenied;
        start_bind(Resource<UdpSocket>, Resource<Network>, IpSocketAddress) -> ();
        finish_bind(Resource<UdpSocket>) -> ();
        stream(Resource<UdpSocket>, Option<IpSocketAddress>)
            -> (Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>);
        local_address(Resource<UdpSocket>) -> IpSocketAddress;
        remote_address(Resource<UdpSocket>) -> IpSocketAddress;
        unicast_hop_limit(Resource<UdpSocket>) -> u8;
        set_unicast_hop_limit(Resource<UdpSocket>, u8) -> ();
        receive_buffer_size(Resource<UdpSocket>) -> u64;
        set_receive_buffer_size(Resource<UdpSocket>, u64) -> ();
        send_buffer_size(Resource<UdpSocket>) -> u64;
        set_send_buffer_size(Resource<UdpSocket>, u64) -> ();
    }

    fn address_family(&mut self, _: Resource<UdpSocket>) -> IpAddressFamily {
        IpAddressFamily::Ipv4
    }

    fn subscribe(&mut self, _: Resource<UdpSocket>) -> Resource<Pollable> {
        io::ready()
    }

    release!(UdpSocket);
}

impl udp::HostIncomingDatagramStream for Wasi {
    refuse! { ErrorCode::AccessDenied;
        receive(Resource<IncomingDatagramStream>, u64) -> Vec<IncomingDatagram>;
    }

    fn subscribe(&mut self, _: Resource<IncomingDatagramStream>) -> Resource<Pollable> {
        io::ready()
    }

    release!(IncomingDatagramStream);
}

impl udp::HostOutgoingDatagramStream for Wasi {
    refuse! { ErrorCode::AccessDenied;
        check_send(Resource<OutgoingDatagramStream>) -> u64;
        send(Resource<OutgoingDatagramStream>, Vec<OutgoingDatagram>) -> u64;
    }

    fn subscribe(&mut self, _: Resource<OutgoingDatagramStream>) -> Resource<Pollable> {
        io::ready()
    }

    release!(OutgoingDatagramStream);
}
