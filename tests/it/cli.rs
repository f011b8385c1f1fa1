//! The command line: what each verb says, and the exit code that programs branch on.

mod absent;
mod deploying;
mod files;
mod jenkins;
mod running;
mod strange;
mod telling;
