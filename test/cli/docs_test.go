package cli

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the output of commands in the documentation")

var root = filepath.Join("..", "..")

// checked matches a block of commands, each after "$ ", with what they print.
var checked = regexp.MustCompile("(?s)<!-- checked -->\n```console\n(.*?)```\n")

// What the documentation shows is what is printed.
func TestConsoleBlocks(t *testing.T) {
	for _, file := range documents(t) {
		text := read(t, file)
		got := checked.ReplaceAllStringFunc(text, func(block string) string {
			return "<!-- checked -->\n```console\n" + replay(t, checked.FindStringSubmatch(block)[1]) + "```\n"
		})
		if *update && got != text {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(text, got); diff != "" {
			t.Errorf("%s (-written +printed; go test ./test/cli -run Console -update rewrites it):\n%s", file, diff)
		}
	}
}

// replay runs the commands of a block in the root of the repository.
func replay(t *testing.T, block string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(block) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		b.WriteString(line)
		c := exec.Command("sh", "-c", command)
		c.Dir = root
		out, err := c.CombinedOutput()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatal(err)
		}
		b.Write(out)
	}
	return b.String()
}

// run matches a block of commands that must work.
var run = regexp.MustCompile("(?s)<!-- run -->\n```sh\n(.*?)```\n")

func TestShellBlocks(t *testing.T) {
	good := read(t, filepath.Join(root, "examples", "good", "train-model.yaml"))
	blocks := 0
	for _, file := range documents(t) {
		for _, block := range run.FindAllStringSubmatch(read(t, file), -1) {
			blocks++
			dir := t.TempDir()
			put(t, filepath.Join(dir, "workflows", "flow.yaml"), good, 0o644)
			put(t, filepath.Join(dir, "sensor.yaml"), strings.ReplaceAll(good, "train-churn", "train-again"), 0o644)
			put(t, filepath.Join(dir, "bin", "helm"), "#!/bin/sh\ncat workflows/flow.yaml\n", 0o755)
			c := exec.Command("sh", "-e", "-c", block[1])
			c.Dir = dir
			c.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s:\n%s%v\n%s", file, block[1], err, out)
			}
		}
	}
	if blocks == 0 {
		t.Error("no block was run")
	}
}

// The targets that the documentation speaks of are there.
func TestMakeTargets(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	for _, file := range documents(t) {
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(read(t, file), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s speaks of make %s, which is not in the Makefile", file, m[1])
			}
		}
	}
}

// The demo is how newcomers meet the program.
func TestDemo(t *testing.T) {
	c := exec.Command("./examples/demo.sh")
	c.Dir = root
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	return append(files, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"))
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
