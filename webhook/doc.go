// Package webhook answers admission requests for workflows.
package webhook
