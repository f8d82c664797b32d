// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

// A Go program, for what its tables say of it.
package main

import "os"

type Server struct{ n int }

//go:noinline
func (s *Server) handle(x int) int { s.n += x; return s.n }

//go:noinline
func apply[T any](x T, f func(T) T) T { return f(x) }

func main() {
	s := &Server{}
	println(s.handle(len(os.Args)), apply(3, func(x int) int { return x + 1 }))
}
