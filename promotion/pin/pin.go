// Package pin writes which package an environment is to run into a git
// repository: environments/<env>/<chart>/pin.yaml, for Argo CD or Flux to apply.
package pin

// FileName is what a pin is called.
const FileName = "pin.yaml"

// A Pin says which package an environment is to run. In YAML it is flat, so
// that generators can read it.
type Pin struct {
	// Digest of the package, and Chart and Version of its chart.
	Digest  string `json:"digest"`
	Chart   string `json:"chart"`
	Version string `json:"version"`
	// Source and Revision are where the package is found: a URL, and a commit,
	// the digest of a manifest, or a version.
	Source   string `json:"source,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Candidate is its name in the cluster, if a controller promotes it.
	Candidate string `json:"candidate,omitempty"`
}
