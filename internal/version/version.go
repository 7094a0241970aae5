// Package version tells which version of the programs this is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

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
	if c := Commit(); c != "" {
		return "devel-" + c
	}
	return "devel"
}

// Commit returns the first 12 digits of the commit that the program was built
// from, with "-dirty" when there was more than the commit. It is empty where
// nobody said: go install knows only the version of what it builds.
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commit(info.Settings)
}

func commit(settings []debug.BuildSetting) string {
	revision, dirty := "", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}

// Attrs are what a log begins with.
func Attrs() []any { return []any{"version", String(), "commit", Commit(), "go", runtime.Version()} }

// Line is what the program called name answers to --version.
func Line(name string) string { return line(name, String(), Commit()) }

func line(name, version, commit string) string {
	if commit != "" {
		commit = "commit " + commit + ", "
	}
	return fmt.Sprintf("%s version %s (%s%s, %s/%s)", name, version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
