mod foreseen;
mod outcome;
mod sealed;
mod support;
mod vectors;
mod verified;
