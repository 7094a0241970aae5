package policies

import "time"

// A Usage counts the objects that have a finding which a waiver covers. It may
// be shared by many requests at once.
type Usage struct{}

// NewUsage returns a count that begins at zero.
func (s *Set) NewUsage() *Usage { return &Usage{} }

// The states of a waiver.
const (
	Active  = "Active"  // covers something
	Unused  = "Unused"  // covers nothing that was seen
	Expired = "Expired" // covers nothing any more
)

// A WaiverState is what has become of a waiver.
type WaiverState struct {
	*Waiver
	State   string
	Objects int // how many have findings that it covers, or covered until it expired
}

// Waivers returns the states of all waivers of the set.
func (s *Set) Waivers(u *Usage, now time.Time) []WaiverState { return nil }
