package gate

import "github.com/tiphys-dev/tiphys/api/v1alpha1"

// Ask asks a gate. A gate that is none of the known kinds holds.
func Ask(g v1alpha1.Gate, s State) Answer {
	return hold("Unknown", "this gate is none of lint, smoke, runs, soak, approval, window and metric")
}

// hold is an answer that keeps the gate shut.
func hold(reason, message string) Answer { return Answer{Reason: reason, Message: message} }
