package taint

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// shortest is how long a text must be to be masked: less is a part of many words.
const shortest = 4

// Mask returns what hides secrets in a text for people, longest first, line by
// line, however an error may have written them: in quotes, with escapes, in
// capitals, in base64, or with its white space in order.
func Mask(secrets []string) func(text string) string {
	var all []string
	for _, s := range secrets {
		for _, line := range append([]string{s}, strings.Split(s, "\n")...) {
			if line = strings.TrimSpace(line); len(line) >= shortest {
				all = append(all, spellings(line)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	all = slices.DeleteFunc(slices.Compact(all), func(s string) bool { return len(s) < shortest })
	return func(text string) string {
		for _, s := range all {
			text = strings.ReplaceAll(text, s, "***")
		}
		return text
	}
}

// spellings returns how a secret may be written.
func spellings(secret string) []string {
	quoted := strconv.Quote(secret)
	asJSON, _ := json.Marshal(secret) // a string never fails
	all := []string{secret, quoted[1 : len(quoted)-1], string(asJSON[1 : len(asJSON)-1]), strings.ReplaceAll(secret, "'", "''")}
	for _, s := range slices.Clone(all) {
		all = append(all, strings.ToUpper(s), strings.ToLower(s), strings.Join(strings.Fields(s), " "))
	}
	if len(secret) < 2*shortest { // what does not depend on the text around it is too short
		return append(all, base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	for shift := range 3 {
		inner := core(secret, shift)
		all = append(all, base64.StdEncoding.EncodeToString([]byte(secret)), inner, base64.StdEncoding.EncodeToString([]byte(inner)))
		for shift := range 3 {
			all = append(all, core(inner, shift))
		}
	}
	return all
}
