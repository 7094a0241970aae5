package bundle

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// New packages a chart with the environments that it has. With findings that
// are errors there is no package: something lies in the clear, or an
// environment cannot be read. The error is of files that cannot be packed.
func New(set *environment.Set, c *render.Chart) (*Package, []lint.Finding, error) {
	files, err := collect(set, c)
	if err != nil {
		return nil, nil, err
	}
	findings := refused(set, files)
	if len(findings) > 0 {
		return nil, findings, nil
	}
	p, err := pack(set, c, files)
	return p, nil, err
}

// Digest returns the digest of the package that a chart and its environments
// make, also where New would find something in the clear.
func Digest(set *environment.Set, c *render.Chart) (string, error) {
	files, err := collect(set, c)
	if err != nil {
		return "", err
	}
	p, err := pack(set, c, files)
	if err != nil {
		return "", err
	}
	return p.Digest(), nil
}

// A file is one that goes into a package.
type file struct {
	path string // in the package
	from string // as the user would write it
	data []byte
	// secrets is set for a secrets.yaml of an environment.
	secrets bool
	env     string // the environment it is of, "" for one of the chart
}

func pack(set *environment.Set, c *render.Chart, files []file) (*Package, error) {
	all := make(map[string][]byte, len(files))
	has := map[string]bool{}
	for _, f := range files {
		all[f.path] = f.data
		has[f.env] = true
	}
	contents := Contents{Name: c.Name, Version: c.Version, Environments: []string{}}
	for _, e := range set.Environments {
		if has[e.Name] { // git keeps no empty folders, so one is no environment
			contents.Environments = append(contents.Environments, e.Name)
		}
	}
	p, err := seal(contents, all)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", set.Chart, err)
	}
	return p, nil
}

// collect reads the files of the chart as Helm sees them, and those of each
// environment that concern it. What else lies in environments/ is nobody's.
func collect(set *environment.Set, c *render.Chart) ([]file, error) {
	if set.Name != c.Name {
		return nil, fmt.Errorf("package %s: %q cannot be the name of a chart", set.Chart, c.Name)
	}
	var all []file
	for _, f := range c.Files() {
		if strings.HasPrefix(f.Name, environmentsFolder+"/") {
			continue
		}
		from := filepath.Join(set.Chart, filepath.FromSlash(f.Name))
		inside, err := set.Inside(from)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", set.Chart, err)
		}
		if !inside {
			return nil, fmt.Errorf("package %s: %s leads out of the repository by a symbolic link: put the file itself there", set.Chart, from)
		}
		all = append(all, file{path: chartPath(c.Name, f.Name), from: from, data: f.Data})
	}
	for _, e := range set.Environments {
		for _, name := range set.Sources(e) {
			data, err := set.Read(name)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", set.Chart, err)
			}
			where, err := sourcePath(set, name)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", set.Chart, err)
			}
			all = append(all, file{path: where, from: name, data: data, secrets: filepath.Base(name) == "secrets.yaml", env: e.Name})
		}
	}
	return all, nil
}

// sourcePath returns the path in a package of a file of an environment.
func sourcePath(set *environment.Set, name string) (string, error) {
	own := filepath.Join(set.Chart, environmentsFolder)
	for _, folder := range set.Folders {
		rel, err := filepath.Rel(folder, name)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		where := path.Join(environmentsFolder, filepath.ToSlash(rel))
		if filepath.Clean(folder) == own {
			where = chartPath(set.Name, where)
		}
		return where, nil
	}
	return "", fmt.Errorf("%s is in none of the folders of environments", name)
}
