package controller

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/release"
)

// A release that somebody else's helm left pending has a word of its own: it does
// not pass by itself, as what is merely tried again does.
func TestReasonOf(t *testing.T) {
	for want, err := range map[string]error{
		"Retrying":       errors.New("anything"),
		"Locked":         fmt.Errorf("deploy: %w", &release.Locked{}),
		"ReleasePending": fmt.Errorf("deploy: %w", &release.Refused{Err: &release.Pending{}}),
		"SecretMissing":  &fault{"SecretMissing", errors.New("gone")},
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("%v is %s, and not %s", err, got, want)
		}
	}
}
