package source_test

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/promotion/source"
)

// Whatever goes wrong with a server is told within the time, and leaves nothing
// behind.
func TestFaults(t *testing.T) {
	tidy(t)
	r := newRepo(t, with(map[string]string{"charts/etl/files/some.txt": random(t, 300_000)}))
	gone := httptest.NewServer(nil)
	gone.Close()
	isPack := func(q *http.Request) bool { return q.Method == http.MethodPost }
	release := make(chan struct{})
	hang := func(w http.ResponseWriter, q *http.Request) bool {
		_, _ = io.Copy(io.Discard, q.Body) // or nothing tells that the client has gone
		if w.Header().Get("Content-Type") != "" {
			w.(http.Flusher).Flush()
		}
		select {
		case <-q.Context().Done():
		case <-release:
		}
		return true
	}
	const advert, result = "application/x-git-upload-pack-advertisement", "application/x-git-upload-pack-result"
	write := func(w http.ResponseWriter, kind, text string) bool {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
		return true
	}
	endless := func(w http.ResponseWriter, kind, head, line string) bool {
		w.Header().Set("Content-Type", kind)
		b := bufio.NewWriterSize(w, 1<<20)
		_, err := b.WriteString(head)
		for err == nil {
			_, err = b.WriteString(line)
		}
		return true
	}
	before := runtime.NumGoroutine()
	for name, c := range map[string]struct {
		change func(w http.ResponseWriter, q *http.Request) bool
		want   string
	}{
		"500": {func(w http.ResponseWriter, _ *http.Request) bool { http.Error(w, "oh", 500); return true }, "answers 500 Internal Server Error"},
		"500 for the pack": {func(w http.ResponseWriter, q *http.Request) bool {
			if isPack(q) {
				http.Error(w, "oh", http.StatusServiceUnavailable)
			}
			return isPack(q)
		}, "answers 503 Service Unavailable"},
		"404":                {func(w http.ResponseWriter, q *http.Request) bool { http.NotFound(w, q); return true }, "has no such repository, or does not show it without credentials"},
		"a page":             {func(w http.ResponseWriter, q *http.Request) bool { return write(w, "text/html", "<h1>Hello</h1>") }, `answers with "text/html", as no git server does`},
		"garbage":            {func(w http.ResponseWriter, q *http.Request) bool { return write(w, advert, "garbage") }, "the server does not speak as git does"},
		"nothing":            {func(w http.ResponseWriter, q *http.Request) bool { return write(w, advert, "") }, "the server breaks off in the middle"},
		"an error":           {func(w http.ResponseWriter, q *http.Request) bool { return write(w, advert, "0013ERR go\x1b[31m away") }, "the server says: go"},
		"hangs":              {hang, "no time left"},
		"hangs for the pack": {func(w http.ResponseWriter, q *http.Request) bool { return isPack(q) && hang(w, q) }, "no time left"},
		"hangs in the middle": {func(w http.ResponseWriter, q *http.Request) bool {
			return isPack(q) && write(w, result, "0008NAK\n0009\x01PACK") && hang(w, q)
		}, "no time left"},
		"endless refs": {func(w http.ResponseWriter, q *http.Request) bool {
			return endless(w, advert, pkt("# service=git-upload-pack\n")+"0000"+pkt(strings.Repeat("1", 40)+" HEAD\x00shallow\n"), refLine)
		}, "has more than the 64 MiB that are fetched"},
		"an endless pack": {func(w http.ResponseWriter, q *http.Request) bool {
			return isPack(q) && endless(w, result, shallowLine(r)+"0008NAK\n", fmt.Sprintf("%04x\x01%s", 60005, strings.Repeat("x", 60000)))
		}, "the commit has more than the 256 MiB that are fetched"},
		"no pack": {func(w http.ResponseWriter, q *http.Request) bool {
			return isPack(q) && write(w, result, shallowLine(r)+"0008NAK\n"+pkt("\x01no pack at all")+"0000")
		}, "what the server sends is broken"},
		"an empty answer": {func(w http.ResponseWriter, q *http.Request) bool { return isPack(q) && write(w, result, "") }, "the server"},
		"an error in a pack": {func(w http.ResponseWriter, q *http.Request) bool {
			return isPack(q) && write(w, result, shallowLine(r)+"0008NAK\n000e\x03too busy\n")
		}, "too busy"},
		"another commit": {func(w http.ResponseWriter, q *http.Request) bool {
			return !isPack(q) && write(w, advert, pkt(strings.Repeat("1", 40)+" HEAD\x00shallow side-band-64k")+"0000")
		}, "not our ref"},
	} {
		t.Run(name, func(t *testing.T) {
			s, o := r.https(t, answer(c.change))
			ctx, cancel := context.WithCancelCause(t.Context())
			if strings.HasPrefix(name, "hangs") {
				timer := time.AfterFunc(time.Second, func() { cancel(errors.New("no time left")) })
				defer timer.Stop()
			}
			_, err := source.Poll(ctx, at(s), "", o)
			var rejected *source.Rejected
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\n\x1b") || errors.As(err, &rejected) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
			cancel(nil)
		})
	}
	close(release)
	t.Run("cut off", func(t *testing.T) {
		for _, after := range []int{0, 10, 100, 1000, 100_000} {
			s, o := r.https(t, cut(after))
			if _, err := source.Poll(t.Context(), at(s), "", o); err == nil || !strings.Contains(err.Error(), "the server breaks off in the middle") {
				t.Errorf("after %d bytes: %v", after, err)
			}
		}
	})
	t.Run("gone", func(t *testing.T) { refuses(t, at(gone), source.Options{}, "connection refused") })
	settled(t, before)
}

var refLine = pkt(strings.Repeat("1", 40) + " refs/heads/main\n")

func pkt(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

func shallowLine(r *repo) string { return pkt("shallow "+r.git("rev-parse", "HEAD")) + "0000" }

// random is text that does not become shorter.
func random(t testing.TB, size int) string {
	b := make([]byte, size/2)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", b)
}

// A few bytes that say they stand for many are not made up.
func TestPackBombs(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	size := func(n uint64) (b []byte) { // as deltas write it
		for ; n > 0x7f; n >>= 7 {
			b = append(b, byte(n)|0x80)
		}
		return append(b, byte(n))
	}
	base := object(3, 3, nil, []byte("abc"))
	delta := append(append(size(3), size(1<<40)...), 0x90, 3)
	zeros := make([]byte, 63<<20)
	many := slices.Repeat([][]byte{object(3, uint64(len(zeros)), nil, zeros)}, 20)
	for name, c := range map[string]struct {
		count   uint32
		objects [][]byte
		want    string
	}{
		"a delta":          {2, [][]byte{base, object(6, uint64(len(delta)), []byte{byte(len(base))}, delta)}, "a file of the commit has 1048576 MiB"},
		"a length":         {1, [][]byte{object(3, 1<<50, nil, []byte("abc"))}, "a file of the commit has 1073741824 MiB"},
		"more than said":   {1, [][]byte{object(3, 3, nil, zeros)}, "what the server sends is broken"},
		"a count":          {1 << 31, nil, "the commit has 2147483648 files and folders"},
		"all of them":      {20, many, "the commit has more than the 1024 MiB that are unpacked"},
		"a base too early": {1, [][]byte{object(6, uint64(len(delta)), []byte{100}, delta)}, "what the server sends is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			pack := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), c.count)
			pack = append(pack, bytes.Join(c.objects, nil)...)
			sum := sha1.Sum(pack)
			pack = append(pack, sum[:]...)
			s, o := r.https(t, answer(func(w http.ResponseWriter, q *http.Request) bool {
				if q.Method != http.MethodPost {
					return false
				}
				w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
				_, _ = io.WriteString(w, shallowLine(r)+"0008NAK\n")
				for part := range slices.Chunk(pack, 60_000) {
					_, _ = io.WriteString(w, pkt("\x01"+string(part)))
				}
				_, _ = io.WriteString(w, "0000")
				return true
			}))
			refuses(t, at(s), o, c.want)
		})
	}
}

// object is one of a pack, as it stands there.
func object(kind byte, size uint64, base, data []byte) []byte {
	first := kind<<4 | byte(size&0xf)
	var out []byte
	for size >>= 4; size > 0; size >>= 7 {
		out = append(out, first|0x80)
		first = byte(size & 0x7f)
	}
	var b bytes.Buffer
	b.Write(append(append(out, first), base...))
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

// cut ends the connection after some bytes of a pack.
func cut(after int) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if q.Method != http.MethodPost {
				h.ServeHTTP(w, q)
				return
			}
			whole := httptest.NewRecorder()
			h.ServeHTTP(whole, q)
			w.Header().Set("Content-Type", whole.Header().Get("Content-Type"))
			w.Header().Set("Content-Length", fmt.Sprint(whole.Body.Len()))
			_, _ = w.Write(whole.Body.Bytes()[:after])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		})
	}
}

// settled checks that no more goroutines run than before; those of a server
// that is being closed need a moment.
func settled(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			var b bytes.Buffer
			buf := make([]byte, 1<<20)
			b.Write(buf[:runtime.Stack(buf, true)])
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, b.String())
		}
	}
}
