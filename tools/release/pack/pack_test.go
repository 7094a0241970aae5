package pack_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/tools/release/pack"
)

var at = time.Unix(1_700_000_000, 987_654_321)

// Order, zone, fractions of a second, and mode and time of a file on disk are in
// no archive.
func TestOnlyWhatIsInIt(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(disk, []byte("#!"), 0o600); err != nil {
		t.Fatal(err)
	}
	one := []pack.File{{Name: "b", Data: []byte("b")}, {Name: "tmp/", Mode: 0o777 | fs.ModeSticky}, {Name: "a", From: disk, Mode: 0o755}}
	two := []pack.File{{Name: "a", Data: []byte("#!"), Mode: 0o755}, one[0], one[1]}
	for name, how := range map[string]func(io.Writer, []pack.File, time.Time) error{"tar": pack.Tar, "tar.gz": pack.TarGz, "zip": pack.Zip} {
		var a, b bytes.Buffer
		if err := how(&a, one, at); err != nil {
			t.Fatal(err)
		}
		if err := how(&b, two, at.Truncate(time.Second).In(time.FixedZone("", 3600))); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: the same files make other bytes", name)
		}
	}
}

func TestHeaders(t *testing.T) {
	var b bytes.Buffer
	if err := pack.TarGz(&b, []pack.File{{Name: "tmp/", Mode: 0o777 | fs.ModeSticky}, {Name: "a", Owner: 65532}}, at); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("gzip tells of %s at %s", z.Name, z.ModTime)
	}
	var got []int64
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(at.Truncate(time.Second)) {
			t.Errorf("%s is of %q at %s", h.Name, h.Uname, h.ModTime)
		}
		got = append(got, h.Mode, int64(h.Uid))
	}
	if want := []int64{0o644, 65532, 0o1777, 0}; !slices.Equal(got, want) {
		t.Errorf("modes and owners are %o, want %o", got, want)
	}
}

func TestMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.tar")
	if err := pack.Write(path, []pack.File{{Name: "a", From: "none"}}, at, pack.Tar); err == nil {
		t.Error("packs what is not there")
	}
}
