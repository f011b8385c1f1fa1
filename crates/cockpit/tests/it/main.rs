//! The cockpit from the outside: messages in, screens and requests out.

#[cfg(test)]
mod clocks;
#[cfg(test)]
mod containers;
mod files;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod head;
#[cfg(test)]
mod ill;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod possible;
#[cfg(test)]
mod removal;
#[cfg(test)]
mod room;
mod screens;
#[cfg(test)]
mod small;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod verdict;
#[cfg(test)]
mod views;
#[cfg(test)]
mod watched;
#[cfg(test)]
mod wide;
