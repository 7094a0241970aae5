package expr

// Kind tells what is wrong with an expression.
type Kind uint8

// The kinds of problems.
const (
	Syntax          Kind = iota // it does not parse
	UnknownVariable             // a root that is no variable anywhere in Argo
	UnknownFunction
	Misplaced // a variable that there is elsewhere, not in this Env
	Arguments // too few or too many arguments of a function
	Types     // a string where a number is wanted, ...
	Dash      // a.b-c, which subtracts, where a['b-c'] is meant
	NestedTag // {{...}} in {{=...}}
	TooLong   // more than is worth reading; nothing else is known of it
)

// A Problem is what is wrong with the bytes [From, To) of a scalar.
type Problem struct {
	Kind     Kind
	From, To int
	// Message is in the words of house style: lower case, no full stop.
	Message string
	// Suspicious is set where Argo may accept the expression all the same, or
	// where what Argo puts in place of a tag may mend it.
	Suspicious bool
	// Instead is the text that may stand in place of the bytes, if one is known.
	Instead string
}

// An Expr is what is known of an expression: the variables it uses, and what is
// wrong with it. An expression that does not parse has no variables.
type Expr struct {
	Refs     []Ref
	Problems []Problem
}
