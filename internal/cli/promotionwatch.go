package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/client"
)

// A watching shows promotions as they change.
type watching struct {
	s       Streams
	json    bool
	all     bool
	color   bool
	file    *os.File // the terminal, nil for none
	before  []leaf
	drawn   int // lines on the terminal
	problem string
}

func newWatching(s Streams, format string) (*watching, error) {
	w := &watching{s: s, json: format == "json"}
	if terminal(s.Out) && !w.json {
		w.file = s.Out.(*os.File)
	}
	var err error
	w.color, err = colors("auto", true, s.Out)
	return w, err
}

// redraw is how often a terminal is drawn anew for the times on it.
const redraw = time.Second

func (w *watching) run(ctx context.Context, cl *client.Client, q client.Query) error {
	w.all = q.All
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sights := make(chan client.Sight)
	gone := make(chan error, 1)
	go func() {
		gone <- cl.Watch(ctx, q, func(s client.Sight) {
			select {
			case sights <- s:
			case <-ctx.Done():
			}
		})
	}()
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	var last *client.Sight
	for {
		select {
		case s := <-sights:
			last = &s
		case <-tick.C:
			if last == nil || w.file == nil {
				continue
			}
		case err := <-gone:
			return promotionError(err)
		}
		if err := w.show(*last, time.Now()); err != nil {
			cancel(err)
			<-gone
			return failed(err)
		}
	}
}

func (w *watching) show(s client.Sight, now time.Time) error {
	problem := ""
	if s.Problem != nil {
		problem = s.Problem.Error() + "; trying again"
	}
	if problem != w.problem && w.file == nil {
		if problem != "" {
			w.s.step(problem)
		} else {
			w.s.step("the cluster answers again")
		}
	}
	w.problem = problem
	if w.json {
		return w.document(s)
	}
	all := leaves(s, w.all)
	if w.file != nil {
		return w.draw(all, now)
	}
	lines := changes(w.before, all, now)
	w.before = all
	if len(lines) == 0 {
		return nil
	}
	_, err := io.WriteString(w.s.Out, strings.Join(lines, "\n")+"\n")
	return err
}

// document prints what there is as one line of JSON.
func (w *watching) document(s client.Sight) error {
	all := make([]v1alpha1.Promotion, 0, len(s.Views))
	for i := range s.Views {
		all = append(all, s.Views[i].Promotion)
	}
	return json.NewEncoder(w.s.Out).Encode(promotionRows(all))
}

// draw puts the tree where the last one was.
func (w *watching) draw(all []leaf, now time.Time) error {
	width, height, err := term.GetSize(int(w.file.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	text, drawn := w.screen(all, width, height, now)
	if w.drawn > 0 {
		text = fmt.Sprintf("\x1b[%dA\r\x1b[J", w.drawn) + text
	}
	w.drawn = drawn
	_, err = io.WriteString(w.file, text)
	return err
}

// screen is the tree for a terminal of this size: no line wraps, and the first
// one stays in sight, so that the next tree can be drawn over it.
func (w *watching) screen(all []leaf, width, height int, now time.Time) (text string, lines int) {
	var b strings.Builder
	put := func(line, color string) {
		line = cutTo(line, width-1)
		if w.color && color != "" {
			line = color + line + "\x1b[0m"
		}
		b.WriteString(line + "\n")
		lines++
	}
	room := height - 1
	if w.problem != "" {
		put("! "+printable(w.problem), "\x1b[31m")
	}
	if len(all) == 0 {
		put("there are no promotions", "")
	}
	for i, l := range all {
		if lines == room-1 && i < len(all)-1 {
			put(fmt.Sprintf("… %d lines more", len(all)-i), "")
			break
		}
		put(l.line(now), markColors[l.mark])
	}
	return b.String(), lines
}

var markColors = map[string]string{"✓": "\x1b[32m", "…": "\x1b[33m", "✗": "\x1b[31m", "!": "\x1b[31m"}

// cutTo shortens a line to so many characters.
func cutTo(line string, width int) string {
	runes := []rune(line)
	if width < 1 || len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…"
}
