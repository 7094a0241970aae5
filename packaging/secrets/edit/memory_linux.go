package edit

import (
	"os"

	"golang.org/x/sys/unix"
)

// memory returns a folder in memory, "" when there is none that can be used.
func memory() string {
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), "/dev/shm"} {
		var s unix.Statfs_t
		if dir == "" || unix.Statfs(dir, &s) != nil || kind(s) != unix.TMPFS_MAGIC && kind(s) != unix.RAMFS_MAGIC {
			continue
		}
		if unix.Access(dir, unix.W_OK|unix.X_OK) == nil {
			return dir
		}
	}
	return ""
}

// kind is the type of a file system; it has another width on each machine.
func kind(s unix.Statfs_t) uint32 { return uint32(s.Type) }
