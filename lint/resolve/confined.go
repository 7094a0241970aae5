package resolve

// Confined returns a world that answers for one namespace, and for what is in
// none. Whoever brings an object may ask no more through us than they could ask
// themselves: a Sensor can hold a workflow for any namespace, and what is told
// of it would list what there is.
func Confined(w World, namespace string) World {
	if w == nil {
		return nil
	}
	return confined{w, namespace}
}

type confined struct {
	World
	namespace string
}

func (c confined) within(namespace string) bool { return namespace == "" || namespace == c.namespace }

// Library implements World.
func (c confined) Library(namespace, name string, cluster bool) (*Library, State) {
	if !cluster && !c.within(namespace) {
		return nil, Unknown
	}
	return c.World.Library(namespace, name, cluster)
}

// Object implements World.
func (c confined) Object(kind, namespace, name string) State {
	if !c.within(namespace) {
		return Unknown
	}
	return c.World.Object(kind, namespace, name)
}

// Names implements World.
func (c confined) Names(kind, namespace string) []string {
	if !c.within(namespace) {
		return nil
	}
	return c.World.Names(kind, namespace)
}
