//! Texts whose verdict is known from elsewhere.
//!
//! Responsible for holding the reader against what others said of the corpus and of the files
//! beside. It must not need them: what they said is written down.

mod arguments;
mod corpus;
mod linear;
mod recovery;
mod scope;
mod slips;
