package release

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// machine names this boot of this machine, and the space that process ids are
// counted in: two containers on one machine may both have a process 7.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(string(boot)) + space))
	return hex.EncodeToString(sum[:8])
}

// stat returns the fields of /proc/PID/stat from the third on, the state, or
// nothing. The second is a name in parentheses that may hold anything.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	i := strings.LastIndex(string(text), ") ")
	if i < 0 {
		return nil
	}
	return strings.Fields(string(text)[i+2:])
}

// startOf tells when a process started, in ticks since boot, or nothing.
func startOf(pid int) string {
	if field := stat(pid); len(field) > 19 {
		return field[19]
	}
	return ""
}

func lives(pid int, start string) life {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return dead
	}
	field := stat(pid)
	switch {
	case len(field) <= 19:
		return unknown
	case field[0] == "Z" || field[19] != start: // a zombie, or another process with its number
		return dead
	}
	return alive
}
