//! Panics.

fn main() {
    panic!("the last words");
}
