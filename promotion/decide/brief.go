package decide

import "strings"

// Bounds of texts of others in what is recorded, in bytes. An API server takes
// 32 KiB for the message of a condition and about a megabyte for an object: what
// it did not take could never be recorded, and would be done again and again.
const (
	messageLength  = 1000
	evidenceLength = 300
	mostEvidence   = 40
)

// Brief cuts a message to what is recorded of it.
func Brief(message string) string { return cut(message, messageLength) }

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + " ..."
}

// briefs are the first lines of evidence, cut.
func briefs(evidence []string) []string {
	var all []string
	for _, line := range evidence[:min(len(evidence), mostEvidence)] {
		all = append(all, cut(line, evidenceLength))
	}
	return all
}
