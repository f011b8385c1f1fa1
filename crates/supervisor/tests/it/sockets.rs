//! Promise 7: an answer counts only if the unit's own socket gave it.

use std::net::TcpListener;

use pilothouse_supervisor::{SocketOwner, owns_socket, socket_owner};

use crate::support::{Unit, is_alive, number_in, until};

#[test]
fn a_unit_owns_the_socket_that_its_descendant_listens_on() {
    let unit =
        Unit::program(&[env!("CARGO_BIN_EXE_supervisor-probe"), "listen", "127.0.0.1:0", "port"]);
    let handle = unit.start();
    let port = u16::try_from(number_in(&unit.path("port"))).unwrap();
    let address = ([127, 0, 0, 1], port).into();
    assert_eq!(socket_owner(&handle, address).unwrap(), SocketOwner::Unit);
    assert!(owns_socket(&handle, address).unwrap());
    assert!(!owns_socket(&handle, ([127, 0, 0, 2], port).into()).unwrap(), "another address");
}

#[test]
fn a_wildcard_socket_counts_for_each_address() {
    for bound in ["0.0.0.0:0", "[::]:0"] {
        let unit =
            Unit::program(&[env!("CARGO_BIN_EXE_supervisor-probe"), "listen", bound, "port"]);
        let handle = unit.start();
        let port = u16::try_from(number_in(&unit.path("port"))).unwrap();
        assert!(owns_socket(&handle, ([127, 0, 0, 1], port).into()).unwrap(), "{bound}");
    }
}

#[test]
fn a_strangers_socket_is_not_the_units() {
    let unit = Unit::shell("echo $$ > pid; exec sleep 60");
    let handle = unit.start();
    until("the program", || Some(number_in(&unit.path("pid"))).filter(|&pid| is_alive(pid)));
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap();
    assert_eq!(socket_owner(&handle, address).unwrap(), SocketOwner::Stranger);
    drop(stranger);
    assert_eq!(socket_owner(&handle, address).unwrap(), SocketOwner::Nobody);
}
