package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Replicas that read the same file have the same key, however it ends.
func TestSessionKey(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	long := strings.Repeat("k", leastKey)
	one, err := readKey(file(long))
	if err != nil || len(one) != 32 {
		t.Fatalf("%d bytes, %v", len(one), err)
	}
	if two, err := readKey(file(long + "\n")); err != nil || !bytes.Equal(one, two) {
		t.Errorf("with a line end it is another key: %v", err)
	}
	if none, err := readKey(""); none != nil || err != nil {
		t.Errorf("without a file: %v, %v", none, err)
	}
	if _, err := readKey(file(long[1:])); err == nil || !strings.Contains(err.Error(), "has 31 bytes: it must have 32") {
		t.Errorf("a short one: %v", err)
	}
	if _, err := readKey("nowhere"); err == nil {
		t.Error("one that is not there is none")
	}
}
