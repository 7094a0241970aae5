package helmsecrets

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// handover holds the decrypted files that helm is to read, and helm inherits.
//
// Where there is a memory file (Linux) it is one: complete before helm starts,
// so that helm never deploys half a file should we be killed, and it can be
// read more than once. Elsewhere it is a pipe, which is written while helm reads.
type handover struct {
	// pipes is set when pipes are wanted even where there are memory files.
	pipes bool

	files   []*os.File
	pending []pending
	writers sync.WaitGroup
}

// pending is a pipe to write to when helm runs.
type pending struct {
	to   *os.File
	text []byte
}

// firstFile is the number of the first file that a child inherits after its
// standard streams.
const firstFile = 3

// add returns the path that helm will find the text at.
func (h *handover) add(text []byte) (string, error) {
	if runtime.GOOS == "windows" {
		return "", errors.New("on Windows nothing can be handed to helm but through the disk, where no secret may lie: use tiphys upgrade")
	}
	f, err := (*os.File)(nil), error(errors.ErrUnsupported)
	if !h.pipes {
		f, err = memoryFile(text)
	}
	if err != nil { // an old kernel, or a sandbox that forbids it
		var w *os.File
		if f, w, err = os.Pipe(); err != nil {
			return "", fmt.Errorf("make a pipe to helm: %w", err)
		}
		h.pending = append(h.pending, pending{w, text})
	}
	h.files = append(h.files, f)
	return descriptors() + strconv.Itoa(firstFile+len(h.files)-1), nil
}

// descriptors is the folder where a process finds its open files.
func descriptors() string {
	if _, err := os.Stat("/dev/fd"); err != nil {
		return "/proc/self/fd/"
	}
	return "/dev/fd/"
}

// started is called when helm runs: what only it may read is closed here, so
// that a pipe breaks when helm ends.
func (h *handover) started() {
	for _, f := range h.files {
		f.Close()
	}
	for _, p := range h.pending {
		h.writers.Go(func() {
			p.to.Write(p.text) // EPIPE when helm ended before it read this
			p.to.Close()
		})
	}
}

// close ends the handover, also when helm has not started, or has left a child
// that never reads.
func (h *handover) close() {
	for _, f := range h.files {
		f.Close()
	}
	for _, p := range h.pending {
		p.to.Close()
	}
	h.writers.Wait()
}
