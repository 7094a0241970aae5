package cron

import (
	"strconv"
	"strings"
)

// field explains what is wrong with one part of the i-th field.
func field(i int, p piece) *Error {
	f := fields[i]
	span, step, stepped := strings.Cut(p.text, "/")
	if stepped {
		at := piece{step, p.from + len(span) + 1}
		switch n, err := strconv.Atoi(step); {
		case err != nil:
			return p.fail("%q is no step of the %s: write a number after the \"/\"", at.text, f.name)
		case n <= 0:
			return p.fail("a step of %d in the %s: it must be at least 1", n, f.name)
		}
	}
	low, high, ranged := strings.Cut(span, "-")
	from, err := number(i, piece{low, p.from})
	if err != nil {
		return err
	}
	if !ranged {
		return p.fail("%q is no %s", p.text, f.name)
	}
	to, err := number(i, piece{high, p.from + len(low) + 1})
	if err != nil {
		return err
	}
	if from > to {
		return p.fail("the range %q of the %s ends before it begins: write two ranges with a comma", span, f.name)
	}
	return p.fail("%q is no %s", p.text, f.name)
}

// number explains why a part is no number of the i-th field, if it is none.
func number(i int, p piece) (int, *Error) {
	f := fields[i]
	if p.text == "*" || p.text == "?" {
		return f.low, nil
	}
	if n := word(i, p.text); n >= 0 {
		return n, nil
	}
	n, err := strconv.Atoi(p.text)
	switch {
	case err != nil:
		return 0, unknown(i, p)
	case i == 4 && n == 7:
		return 0, p.fail("7 is no day of the week: Sunday is 0, or sun")
	case n < f.low || n > f.high:
		return 0, p.fail("%d is no %s: it goes from %d to %d", n, f.name, f.low, f.high)
	}
	return n, nil
}

// word returns the number that a name like mon stands for, or -1.
func word(i int, s string) int {
	for n, w := range strings.Fields(fields[i].words) {
		if strings.EqualFold(w, s) {
			return n + fields[i].low
		}
	}
	return -1
}

// unknown explains a part that is neither a number nor a name.
func unknown(i int, p piece) *Error {
	f := fields[i]
	upper := strings.ToUpper(p.text)
	switch {
	case p.text == "":
		return &Error{p.from, p.from + 1, "a number of the " + f.name + " is missing"}
	case strings.Contains(p.text, "#"):
		return p.fail("%q is no %s: the nth weekday of a month cannot be written here", p.text, f.name)
	case i >= 2 && (upper == "L" || strings.HasSuffix(upper, "L") || strings.HasSuffix(upper, "W")) && word(i, p.text) < 0 && len(p.text) <= 3:
		return p.fail("%q is no %s: L (last) and W (weekday) are not known here", p.text, f.name)
	case upper == "H":
		return p.fail("%q is no %s: H (hash) is known to Jenkins only", p.text, f.name)
	case f.words != "" && len(p.text) > 3 && word(i, p.text[:3]) >= 0:
		return p.fail("%q is no %s: write %s", p.text, f.name, strings.ToLower(p.text[:3]))
	case f.words != "":
		return p.fail("%q is no %s: write a number from %d to %d or one of %s", p.text, f.name, f.low, f.high, f.words)
	}
	return p.fail("%q is no %s: write a number from %d to %d", p.text, f.name, f.low, f.high)
}
