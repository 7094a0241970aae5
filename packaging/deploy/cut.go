package deploy

import (
	"maps"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Cut takes the Secrets out of rendered files. What is left is what Helm may
// record; the Secrets, one manifest each, are to be applied beside it. A Secret
// that is an item of a List stays where it is.
func Cut(files map[string]string) (rest map[string]string, cut []string) {
	rest = maps.Clone(files)
	for _, name := range sortedKeys(files) {
		text := files[name]
		if !strings.Contains(text, "Secret") {
			continue
		}
		var kept strings.Builder
		last, found := 0, false
		for _, d := range manifest.Parse(source.NewFile(name, []byte(text))) {
			if !IsSecret(d.Root) {
				continue
			}
			found = true
			cut = append(cut, text[d.Start:d.End])
			kept.WriteString(text[last:d.Start])
			last = d.End
		}
		if found {
			kept.WriteString(text[last:])
			rest[name] = kept.String()
		}
	}
	return rest, cut
}
