package guides

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Limit is how long a block may take.
const Limit = 3 * time.Minute

// A Session is a shell that stays, so that variables, functions and the working
// directory are those that the commands before have left.
type Session struct {
	dir     string // of the files below
	process *exec.Cmd
	stdin   io.Writer
	answers chan string
	n       int
}

// Open starts a shell in a directory. Close ends it, and what it has started.
func Open(dir, scratch string, env []string) (*Session, error) {
	s := &Session{dir: scratch, process: exec.Command("sh"), answers: make(chan string)}
	s.process.Dir, s.process.Env = dir, env
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := s.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = stdin
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		for r := bufio.NewScanner(stdout); r.Scan(); {
			s.answers <- r.Text()
		}
		close(s.answers)
	}()
	return s, nil
}

// Close ends the shell, and what it has started.
func (s *Session) Close() {
	syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	for range s.answers {
	}
	s.process.Wait()
}

// Strictly runs lines of which each must succeed, and returns what was printed,
// the commands included.
func (s *Session) Strictly(lines string) (string, error) {
	out, _, err := s.run("set -ex", lines)
	return out, err
}

// Try runs lines and returns what was printed and the last exit code.
func (s *Session) Try(lines string) (string, int, error) { return s.run("set +e", lines) }

func (s *Session) run(set, lines string) (string, int, error) {
	s.n++
	file := filepath.Join(s.dir, fmt.Sprint("block-", s.n))
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		return "", 0, err
	}
	if _, err := fmt.Fprintf(s.stdin, "%s; . '%s' >'%s.out' 2>&1 3>&1 </dev/null; { echo $?; set +ex; } 2>/dev/null\n", set, file, file); err != nil {
		return "", 0, err
	}
	select {
	case answer, ok := <-s.answers:
		out, err := os.ReadFile(file + ".out")
		if err == nil && !ok {
			err = fmt.Errorf("the shell ended: a command failed, or it was told to exit")
		}
		code, _ := strconv.Atoi(strings.TrimSpace(answer))
		return string(out), code, err
	case <-time.After(Limit):
		out, _ := os.ReadFile(file + ".out")
		return string(out), 0, fmt.Errorf("it does not end within %s", Limit)
	}
}
