package policies

import (
	"embed"

	"github.com/tiphys-dev/tiphys/lint/source"
)

//go:embed baseline.yaml restricted.yaml production.yaml
var shipped embed.FS

// Names are those of the policies that come with tiphys, from the mildest on.
func Names() []string { return []string{"baseline", "restricted", "production"} }

// Shipped returns a policy file that comes with tiphys, by the name of its
// policy, or nil.
func Shipped(name string) *source.File {
	text, err := shipped.ReadFile(name + ".yaml")
	if err != nil {
		return nil
	}
	return source.NewFile("policies/"+name+".yaml", text)
}
