package release

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A holder is a process that works on a release, as it signs itself in a lock.
type holder struct {
	who     string // user@host, for people
	pid     int
	start   string // when the process started, as its kernel counts
	machine string // one boot of one machine, one space of process ids; may be empty
	id      string // random: no two are the same
}

func newHolder() (holder, error) {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return holder{}, fmt.Errorf("make an identity: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if user := os.Getenv("USER"); user != "" {
		host = user + "@" + host
	}
	return holder{
		who: strings.ReplaceAll(host, "/", "-"), pid: os.Getpid(), start: startOf(os.Getpid()),
		machine: machine(), id: hex.EncodeToString(random),
	}, nil
}

func (h holder) String() string {
	return fmt.Sprintf("%s/%d/%s/%s/%s", h.who, h.pid, h.start, h.machine, h.id)
}

func parseHolder(s string) (holder, bool) {
	part := strings.Split(s, "/")
	if len(part) != 5 {
		return holder{}, false
	}
	pid, err := strconv.Atoi(part[1])
	return holder{who: part[0], pid: pid, start: part[2], machine: part[3], id: part[4]}, err == nil && pid > 0
}

// life says whether the process of a holder lives, as far as can be known from
// here.
func (h holder) life() life {
	here := machine()
	if here == "" || h.machine != here || h.start == "" {
		return unknown
	}
	return lives(h.pid, h.start)
}

type life int

const (
	unknown life = iota
	alive
	dead
)
