// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

// A Go program with C in it: its .text begins with the C code.
package main

// static int triple(int x) { return x * 3; }
import "C"

//go:noinline
func handle(x int) int { return int(C.triple(C.int(x))) }

func main() {
	println(handle(14))
}
