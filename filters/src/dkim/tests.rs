mod outcome;
mod support;
mod vectors;
mod verified;
