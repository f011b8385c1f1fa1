//! `pilothouse iam-policy`: the least policy of AWS that lets an account be watched.

use pilothouse_core::aws::policy::policy;

use crate::out;

/// Prints it.
pub fn run() {
    out::line(policy().trim_end());
}
