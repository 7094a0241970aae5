//go:build unix

package edit

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ending are the signals that end an edit.
var ending = []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// locks says whether lock tells folders that are in use from others.
const locks = true

// lock takes the lock of a file, unless somebody else has it.
func lock(f *os.File) bool {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// alone lets the editor and what it starts be ended together. On a terminal it
// has to stay in the group of the terminal, so that the shell can stop and
// continue it.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return unix.Kill(-c.Process.Pid, unix.SIGTERM) }
}

// endAll ends what an editor that is gone has started: a shell may lose the
// signal while it starts a program.
func endAll(p *os.Process) { _ = unix.Kill(-p.Pid, unix.SIGKILL) }

// end asks the editor to end.
func end(p *os.Process) error { return p.Signal(unix.SIGTERM) }
