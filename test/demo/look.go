package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// browser is the name by which the program is one: look ADDRESS gets a page with
// the token from standard input, and prints the text of it. A machine with Go, git
// and make need not have anything else for that.
const browser = "look"

func look(in io.Reader, out io.Writer, args []string) int {
	text, err := show(in, args)
	if err != nil {
		fmt.Fprintf(out, "look: %v\n", err)
		return 1
	}
	fmt.Fprintln(out, text)
	return 0
}

func show(in io.Reader, args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("give one address")
	}
	token, err := io.ReadAll(in)
	if err != nil {
		return "", err
	}
	r, err := http.NewRequest(http.MethodGet, args[0], nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	client := http.Client{Timeout: 10 * time.Second}
	a, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return "", err
	}
	if a.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", args[0], a.Status)
	}
	return readable(string(body)), nil
}

var (
	unread = regexp.MustCompile(`(?s)<(head|script|style|svg|nav|form|footer|header)\b.*?</(head|script|style|svg|nav|form|footer|header)>`)
	blocks = regexp.MustCompile(`</?(article|h[1-6]|p|tr|table|section|dl|dt|pre)\b[^>]*>`)
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
	spaces = regexp.MustCompile(`[ \t\n]+`)
)

// readable is what of a page is to be read: a line for each block of it.
func readable(page string) string {
	page = spaces.ReplaceAllString(unread.ReplaceAllString(page, " "), " ")
	page = tags.ReplaceAllString(blocks.ReplaceAllString(page, "\n"), " ")
	var all []string
	for line := range strings.Lines(html.UnescapeString(page)) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			all = append(all, line)
		}
	}
	return strings.Join(all, "\n")
}
