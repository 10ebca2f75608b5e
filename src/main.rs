//! The `postseal` program.

fn main() {}
