package policies

// compile compiles the modules of a policy that is right but for them.
func (r *reader) compile() {}
