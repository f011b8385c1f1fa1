//! The edge with real sockets: clients on one side, targets on the other, an engine's part
//! played over the control socket.

#[cfg(test)]
mod clients;
#[cfg(test)]
mod codec;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod drains;
#[cfg(test)]
mod forwarding;
#[cfg(test)]
mod health;
#[cfg(test)]
mod limits;
#[cfg(test)]
#[cfg(test)]
mod paths;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tables;
