// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

// Goroutines whose stacks move within calls, as survive_truth.h has it for C: survive_go SCENARIO.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// --- the truth -----------------------------------------------------------------------------------

const rounds = 3

var (
	truthFile       = -1
	gateIn, gateOut = -1, -1
	countsMutex     sync.Mutex
	counts          = map[string]int64{} // "returned leaf"
	currentRound    int
	wasInside       bool
)

func tell(line string) {
	if truthFile >= 0 {
		syscall.Write(truthFile, []byte(line+"\n"))
	}
}

func truthBegins() {
	if path := os.Getenv("TRUTH"); path != "" {
		mode := syscall.O_WRONLY | syscall.O_CREAT | syscall.O_APPEND | syscall.O_CLOEXEC
		truthFile, _ = syscall.Open(path, mode, 0644)
	}
	fmt.Sscanf(os.Getenv("GATE"), "%d,%d", &gateIn, &gateOut)
	tell(fmt.Sprintf("begin %d", time.Now().UnixNano()))
}

func ends(function, ending string) {
	countsMutex.Lock()
	counts[ending+" "+function]++
	countsMutex.Unlock()
}

func enters(function string)  { ends(function, "entries") }
func returns(function string) { ends(function, "returned") }

func tellCounts() {
	countsMutex.Lock()
	defer countsMutex.Unlock()
	keys := []string{}
	for key := range counts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		tell(fmt.Sprintf("%s %d", key, counts[key]))
	}
	counts = map[string]int64{}
}

func gate() {
	tellCounts()
	tell("gate")
	if gateIn >= 0 {
		syscall.Write(gateOut, []byte{'g'})
		for {
			n, err := syscall.Read(gateIn, []byte{0})
			if n == 1 {
				return
			}
			if err != syscall.EINTR {
				panic("nobody at the gate")
			}
		}
	}
}

func gateInside() {
	if currentRound == 1 && !wasInside {
		wasInside = true
		gate()
	}
}

// --- the traced functions ------------------------------------------------------------------------

//go:noinline
func leaf(x int) int {
	enters("leaf")
	defer returns("leaf")
	return x + 1
}

//go:noinline
func sleeps(d time.Duration) time.Duration {
	enters("sleeps")
	start := time.Now()
	time.Sleep(d)
	slept := time.Since(start)
	returns("sleeps")
	return slept
}

// Needs a larger stack at every few levels: the runtime moves it, and the open calls with it.
//
//go:noinline
func grows(depth int) int {
	var room [40]int

	enters("grows")
	for i := range room {
		room[i] = depth + i
	}
	result := room[depth%40]
	if depth > 0 {
		result += grows(depth-1) % 1000
	} else {
		gateInside()
	}
	returns("grows")
	return result + room[(depth+7)%40]
}

var waiting int64

// Is open while the goroutine waits, and may go on in another thread.
//
//go:noinline
func waits(in <-chan int, out chan<- int) int {
	enters("waits")
	atomic.AddInt64(&waiting, 1)
	got := <-in
	got += grows(20)
	out <- got
	returns("waits")
	return got
}

// --- the scenarios -------------------------------------------------------------------------------

// The stack shrinks again while garbage is collected.
//
//go:noinline
func works(i int) int {
	enters("works")
	result := grows(10 * i)
	runtime.GC()
	result += leaf(i)
	result += grows(300)
	returns("works")
	return result
}

// Every goroutine begins with a small stack; it has its thread for itself.
func runGrow() int {
	sum := 0
	for i := 0; i < 6; i++ {
		done := make(chan int)
		go func(i int) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			done <- works(i)
		}(i)
		sum = sum*31 + <-done
	}
	return sum
}

// Goroutines hand a number on in a ring, from within their calls, over the threads there are.
func runMigrate() int {
	const goroutines, laps = 8, 20
	var links [goroutines + 1]chan int
	var group sync.WaitGroup
	var sum int64

	waiting = 0
	for i := range links {
		links[i] = make(chan int)
	}
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for lap := 0; lap < laps; lap++ {
				atomic.AddInt64(&sum, int64(waits(links[i], links[i+1])))
			}
		}(i)
	}
	go func() {
		for atomic.LoadInt64(&waiting) < goroutines {
			runtime.Gosched()
		}
		for lap := 0; lap < laps; lap++ {
			links[0] <- lap
		}
	}()
	for lap := 0; lap < laps; lap++ {
		atomic.AddInt64(&sum, int64(<-links[goroutines]))
	}
	group.Wait()
	return int(sum)
}

func main() {
	scenarios := map[string]func() int{"grow": runGrow, "migrate": runMigrate}
	truthBegins()
	for ; currentRound < rounds; currentRound++ {
		if currentRound > 0 {
			gate()
		}
		fmt.Printf("round %d, checksum %x\n", currentRound, scenarios[os.Args[1]]())
		when, start := time.Now().UnixNano(), time.Now()
		slept := sleeps(20 * time.Millisecond)
		around := time.Since(start)
		tell(fmt.Sprintf("slept sleeps %d %d %d", when, slept, around))
	}
	tellCounts()
	tell(fmt.Sprintf("end %d", time.Now().UnixNano()))
}
