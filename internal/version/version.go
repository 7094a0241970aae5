// Package version tells which version of the programs this is.
package version

import "runtime/debug"

// version is set by the linker in release builds (-X). It is a variable only
// because the linker can set nothing else.
var version string

// String returns the version of the program: what the build was told, else
// what the module system knows, else the commit.
func String() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
