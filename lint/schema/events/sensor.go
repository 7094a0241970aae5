package events

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Sensor is a Sensor: what to do when events arrive.
type Sensor struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta `json:"metadata"`
	Spec            *SensorSpec        `json:"spec"`
	Status          Free               `json:"status"`
}

// SensorSpec is a sensor spec: dependencies and triggers.
type SensorSpec struct {
	Dependencies         []EventDependency `json:"dependencies"`
	ErrorOnFailedRound   bool              `json:"errorOnFailedRound"`
	EventBusName         string            `json:"eventBusName"`
	LoggingFields        map[string]string `json:"loggingFields"`
	Replicas             int32             `json:"replicas"`
	RevisionHistoryLimit int32             `json:"revisionHistoryLimit"`
	Template             *Template         `json:"template"`
	Triggers             []Trigger         `json:"triggers"`
}

// EventDependency is an event dependency: an event that a sensor waits for.
type EventDependency struct {
	Name                   string                      `json:"name"`
	EventName              string                      `json:"eventName"`
	EventSourceName        string                      `json:"eventSourceName"`
	Filters                *EventDependencyFilter      `json:"filters"`
	FiltersLogicalOperator LogicalOperator             `json:"filtersLogicalOperator"`
	Transform              *EventDependencyTransformer `json:"transform"`
}

// EventDependencyTransformer is a transform: a script that changes an event.
type EventDependencyTransformer struct {
	JQ     string `json:"jq"`
	Script string `json:"script"`
}

// EventDependencyFilter is an event filter: which events count.
type EventDependencyFilter struct {
	Context             *EventContext   `json:"context"`
	Data                []DataFilter    `json:"data"`
	DataLogicalOperator LogicalOperator `json:"dataLogicalOperator"`
	ExprLogicalOperator LogicalOperator `json:"exprLogicalOperator"`
	Exprs               []ExprFilter    `json:"exprs"`
	Script              string          `json:"script"`
	Time                *TimeFilter     `json:"time"`
}

// EventContext is an event context: the CloudEvents attributes to match.
type EventContext struct {
	Datacontenttype string       `json:"datacontenttype"`
	ID              string       `json:"id"`
	Source          string       `json:"source"`
	Specversion     string       `json:"specversion"`
	Subject         string       `json:"subject"`
	Time            *metav1.Time `json:"time"`
	Type            string       `json:"type"`
}

// DataFilter is a data filter: a condition on a value of the event.
type DataFilter struct {
	Comparator Comparator `json:"comparator"`
	Path       string     `json:"path"`
	Template   string     `json:"template"`
	Type       JSONType   `json:"type"`
	Value      []string   `json:"value"`
}

// ExprFilter is an expression filter: an expression over fields of the event.
type ExprFilter struct {
	Expr   string         `json:"expr"`
	Fields []PayloadField `json:"fields"`
}

// PayloadField is a payload field: a name for a path into the event.
type PayloadField struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// TimeFilter is a time filter: the hours in which events count.
type TimeFilter struct {
	Start    string `json:"start"`
	Stop     string `json:"stop"`
	Timezone string `json:"timezone"`
}
