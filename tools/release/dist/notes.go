package dist

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Notes cuts what the changelog says of a version: what is below the heading "## v1.2.3",
// up to the next one. A version without one is not released; for a trial, the first will do.
func Notes(path, version string, trial bool) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the changelog: %w", err)
	}
	sections := strings.Split("\n"+string(text), "\n## ")
	for _, s := range sections[1:] {
		heading, body, _ := strings.Cut(s, "\n")
		name, _, _ := strings.Cut(heading, " ")
		if body = strings.TrimSpace(body); name == version && body != "" {
			return []byte(body + "\n"), nil
		}
	}
	if trial && len(sections) > 1 {
		_, body, _ := strings.Cut(sections[1], "\n")
		return fmt.Appendf(nil, "This is %s, a trial and no release.\n\n%s\n", version, strings.TrimSpace(body)), nil
	}
	return nil, fmt.Errorf("find out what is new: %s has nothing below a heading \"## %s\"", filepath.Base(path), version)
}
