package policies

// Match says which objects are meant; the zero value means all.
type Match struct {
	Kinds             []string
	Namespaces        []string // with * at the end: all that begin so
	ExcludeNamespaces []string
	Names             []string
	NamespaceSelector Selector
	ObjectSelector    Selector
}

// A Selector selects by labels those that meet all of its requirements.
type Selector []Requirement

// A Requirement is what one label must be.
type Requirement struct {
	Key      string
	Operator string // In, NotIn, Exists, DoesNotExist
	Values   []string
}
