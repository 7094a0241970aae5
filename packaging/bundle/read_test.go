package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// A part is an entry of an archive as a test wants it.
type part struct {
	tar.Header
	data string
}

// parts takes an archive apart.
func parts(t testing.TB, text []byte) []part {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []part
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part{*h, string(data)})
	}
}

// join makes an archive of parts.
func join(t testing.TB, all []part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range all {
		p.Size = int64(len(p.data))
		p.Format = tar.FormatUnknown
		if err := w.WriteHeader(&p.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, p.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return zip(t, b.Bytes())
}

func zip(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func regular(name, data string) part {
	return part{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, data}
}

func TestReadRefuses(t *testing.T) {
	good := archive(t, pack(t, filepath.Join(example().repo(t), "charts", "etl")))
	// The entries are: the list, environments/, the files.
	const list, folder, first = 0, 1, 2
	edit := func(old, with string) func([]part) []part {
		return func(all []part) []part {
			if !strings.Contains(all[list].data, old) {
				t.Fatalf("the list has no %q", old)
			}
			all[list].data = strings.Replace(all[list].data, old, with, 1)
			return all
		}
	}
	for name, c := range map[string]struct {
		change func([]part) []part
		want   string
	}{
		"other text":            {func(all []part) []part { all[first].data = strings.ToUpper(all[first].data); return all }, `file "charts/etl/.helmignore" was changed: its SHA-256 is`},
		"more text":             {func(all []part) []part { all[first].data += "x"; return all }, "bytes, and"},
		"a file twice":          {func(all []part) []part { return append(all[:first+1], all[first:]...) }, "is there twice"},
		"a file that is gone":   {func(all []part) []part { return append(all[:first], all[first+1:]...) }, "is not there, or not in its place"},
		"the last file is gone": {func(all []part) []part { return all[:len(all)-1] }, "is listed and not there"},
		"files in another order": {func(all []part) []part {
			all[first], all[first+1] = all[first+1], all[first]
			return all
		}, "is not there, or not in its place"},
		"an unlisted file":          {func(all []part) []part { return append(all, regular("charts/etl/x", "")) }, "is there and not listed"},
		"an unlisted file outside":  {func(all []part) []part { return append(all, regular("../x", "")) }, "is there and not listed"},
		"a listed file outside":     {edit("charts/etl/.helmignore", "charts/etl/../../../x"), "would lead out of the folder"},
		"a listed absolute path":    {edit("charts/etl/.helmignore", "/etc/passwd"), "would lead out of the folder"},
		"a listed dot":              {edit("charts/etl/.helmignore", "charts/./etl/x"), "would lead out of the folder"},
		"a listed folder":           {edit("charts/etl/.helmignore", "charts/etl/"), "would lead out of the folder"},
		"a listed backslash":        {edit("charts/etl/.helmignore", `charts/..\\..\\x`), "backslash"},
		"a file of another chart":   {edit("charts/etl/.helmignore", "charts/a/x"), `is neither of chart "etl" nor of an environment`},
		"a file beside the folders": {edit("charts/etl/.helmignore", "Makefile"), `is neither of chart "etl" nor of an environment`},
		"an unlisted environment":   {edit("    \"dev\",\n", ""), `is of environment "dev", which is not listed`},
		"an environment of nothing": {edit("    \"dev\",\n", "    \"dev\",\n    \"qa\",\n"), `environment "qa" is listed and has no files`},
		"an environment twice":      {edit("    \"dev\",\n", "    \"dev\",\n    \"dev\",\n"), `"dev" is listed twice`},
		"names not sorted":          {edit("charts/etl/.helmignore", "charts/etl/z"), "is not sorted"},
		"no hash":                   {edit(`"sha256": "`, `"sha256": "x`), "is no SHA-256"},
		"a negative size":           {edit(`"size": `, `"size": -`), "bytes"},
		"a huge size":               {edit(`"size": `, `"size": 99999999`), "at most 5242880"},
		"another name":              {edit(`"name": "etl"`, `"name": "../etl"`), `"../etl" cannot be the name of a chart`},
		"another version":           {edit(`"1.2.3+4"`, `"1.2.4"`), `is of chart "etl" "1.2.3+4", and package.json says "etl" "1.2.4"`},
		"a version that leads out":  {edit(`"1.2.3+4"`, `"1/../../x"`), "cannot be the version of a chart"},
		"a format to come":          {edit(`package/v1`, `package/v2`), `the format "tiphys.dev/package/v2" is not "tiphys.dev/package/v1"`},
		"a list in other words":     {edit(`"name": "etl"`, `"name":  "etl"`), "it was changed by hand"},
		"a list with more":          {edit(`"name": "etl"`, `"x": 1, "name": "etl"`), "it was changed by hand"},
		"a list that is no JSON":    {edit(`{`, `[`), "read package.json"},
		"a file and a folder":       {edit("charts/etl/.helmignore", "charts/etl/Chart.yaml/x"), "not sorted"},
		"no list":                   {func(all []part) []part { return all[1:] }, `this is no package of tiphys: it begins with "environments/"`},
		"a symbolic link": {func(all []part) []part {
			return append(all[:first], append([]part{{tar.Header{Name: "charts", Linkname: "/tmp", Typeflag: tar.TypeSymlink}, ""}}, all[first:]...)...)
		}, `"charts" is neither a file nor the folder environments`},
		"a hard link in place of a file": {func(all []part) []part {
			all[first].Typeflag, all[first].Linkname, all[first].data = tar.TypeLink, "package.json", ""
			return all
		}, "is neither a file nor"},
		"a device":        {func(all []part) []part { all[first].Typeflag, all[first].data = tar.TypeChar, ""; return all }, "is neither a file nor"},
		"another folder":  {func(all []part) []part { all[folder].Name = "charts/"; return all }, "is neither a file nor"},
		"a chart of helm": {func([]part) []part { return []part{regular("etl/Chart.yaml", "name: etl\n")} }, "it is a chart that helm packaged"},
		"nothing":         {func([]part) []part { return nil }, "this is no package of tiphys: it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bundle.Read(bytes.NewReader(join(t, c.change(parts(t, good)))))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
}

func TestReadRefusesBytes(t *testing.T) {
	good := archive(t, pack(t, filepath.Join(example().repo(t), "charts", "etl")))
	flip := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"an empty file":        {nil, "this is no package of tiphys: it is empty"},
		"junk":                 {[]byte("kind: Workflow\n"), "it is not compressed by gzip"},
		"compressed junk":      {zip(t, bytes.Repeat([]byte("junk"), 1000)), "this is no package of tiphys"},
		"cut in the middle":    {good[:len(good)/2], "the archive is cut off: fetch it again"},
		"cut at the end":       {good[:len(good)-1], "the archive is cut off: fetch it again"},
		"a wrong checksum":     {flip(len(good) - 6), "the archive is damaged"},
		"more at the end":      {append(bytes.Clone(good), 'x'), "there is more after the end of the archive"},
		"another stream":       {append(bytes.Clone(good), good...), "there is more after the end of the archive"},
		"a flipped bit inside": {flip(len(good) / 2), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := bundle.Read(bytes.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
}

// zeros are endless.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// What unpacks to more than there is memory ends soon, in little memory.
func TestBombs(t *testing.T) {
	good := parts(t, archive(t, pack(t, filepath.Join(example().repo(t), "charts", "etl"))))
	for name, make := range map[string]func(w *tar.Writer) error{
		"a list without end": func(w *tar.Writer) error {
			if err := w.WriteHeader(&tar.Header{Name: "package.json", Typeflag: tar.TypeReg, Size: 4 << 30}); err != nil {
				return err
			}
			_, err := io.CopyN(w, zeros{}, 1<<30)
			return err
		},
		"a file without end": func(w *tar.Writer) error {
			list := good[0]
			if err := w.WriteHeader(&list.Header); err != nil {
				return err
			}
			if _, err := io.WriteString(w, list.data); err != nil {
				return err
			}
			if err := w.WriteHeader(&tar.Header{Name: good[2].Name, Typeflag: tar.TypeReg, Size: 4 << 30}); err != nil {
				return err
			}
			_, err := io.CopyN(w, zeros{}, 1<<30)
			return err
		},
		"folders without end": func(w *tar.Writer) error {
			list := good[0]
			if err := w.WriteHeader(&list.Header); err != nil {
				return err
			}
			if _, err := io.WriteString(w, list.data); err != nil {
				return err
			}
			for range 1 << 20 {
				if err := w.WriteHeader(&good[1].Header); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, out := io.Pipe()
			go func() { // ends when r is closed
				z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
				if err == nil {
					err = make(tar.NewWriter(z))
				}
				out.CloseWithError(err)
			}()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := bundle.Read(r)
			took := time.Since(start)
			r.Close()
			runtime.ReadMemStats(&after)
			if err == nil || strings.Contains(err.Error(), "cut off") {
				t.Errorf("it is read: %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 || took > 10*time.Second {
				t.Errorf("it took %d MiB and %s", used>>20, took)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file", dir: "it is no file", fifo: "it is no file", empty: "empty: this is no package of tiphys: it is empty",
	} {
		if _, err := bundle.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open %s: %v, want %q", name, err, want)
		}
	}
}

// Whatever is read is refused, or is a package that makes itself again.
func FuzzRead(f *testing.F) {
	good := archive(f, pack(f, filepath.Join(example().repo(f), "charts", "etl")))
	z, err := gzip.NewReader(bytes.NewReader(good))
	if err != nil {
		f.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("package.json"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := bundle.Read(bytes.NewReader(zip(t, text)))
		if err != nil {
			return
		}
		again, err := bundle.Read(bytes.NewReader(archive(t, p)))
		if err != nil || again.Digest() != p.Digest() {
			t.Fatalf("read again: %v", err)
		}
		dir := filepath.Join(t.TempDir(), "x")
		if err := p.Extract(dir); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzReadList(f *testing.F) {
	p := pack(f, filepath.Join(example().repo(f), "charts", "etl"))
	f.Add(p.List())
	f.Add([]byte(`{"format": "tiphys.dev/package/v1"}`))
	f.Fuzz(func(t *testing.T, list []byte) {
		c, err := bundle.ReadList(list)
		if err != nil {
			return
		}
		for _, e := range c.Files {
			if !filepath.IsLocal(e.Path) || !strings.HasPrefix(e.Path, "charts/"+c.Name+"/") && !strings.HasPrefix(e.Path, "environments/") {
				t.Fatalf("%q is accepted", e.Path)
			}
		}
	})
}
