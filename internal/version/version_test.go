package version

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestLine(t *testing.T) {
	on := runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	for want, built := range map[string][]debug.BuildSetting{
		"tiphys version v1.2.3 (commit 0123456789ab, " + on:       {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "false"}},
		"tiphys version v1.2.3 (commit 0123456789ab-dirty, " + on: {{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
		"tiphys version v1.2.3 (" + on:                            nil,
	} {
		if got := line("tiphys", "v1.2.3", commit(built)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
