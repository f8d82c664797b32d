// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Functions of every kind of name that Rust has, for both of its manglings.
mod motor {
    pub struct Axis {
        pub at: i64,
    }

    pub trait Move {
        fn go(&mut self, by: i64) -> i64;
    }

    impl Axis {
        #[inline(never)]
        pub fn home(&mut self) -> i64 {
            self.at -= 1;
            self.at
        }
    }

    impl Move for Axis {
        #[inline(never)]
        fn go(&mut self, by: i64) -> i64 {
            self.at += by;
            self.at
        }
    }

    #[inline(never)]
    pub fn twice<T: std::ops::Add<Output = T> + Copy>(x: T) -> T {
        x + x
    }
}

use motor::Move;

#[inline(never)]
fn plain(x: i64) -> i64 {
    x * 3
}

fn main() {
    let mut axis = motor::Axis { at: std::env::args().count() as i64 };
    println!("{}", axis.home() + axis.go(3) + plain(axis.at) + motor::twice(axis.at));
    println!("{}", motor::twice(axis.at as i32));
}
