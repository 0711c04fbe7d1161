// Package rules is what the plugin does, without the host: plain Go, tested by `go test ./rules`.
package rules

import (
	"encoding/json"
	"fmt"
)

// Endpoint is what the rules need to know of one.
type Endpoint struct {
	Zone     string
	Draining bool
}

// Parse reads the zone of the plugin's `config`; empty when there is none. An error refuses the
// operator's file and is shown there.
func Parse(text string) (string, error) {
	var config map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return "", err
	}
	zone := ""
	for key, value := range config {
		if key != "zone" {
			return "", fmt.Errorf("%s: unknown key, expected `zone`", key)
		}
		if err := json.Unmarshal(value, &zone); err != nil {
			return "", fmt.Errorf("zone: expected a text")
		}
	}
	return zone, nil
}

// Group gives the positions of the endpoints that take new work: those of our zone, and the others.
func Group(endpoints []Endpoint, zone string) (near, far []uint32) {
	for position, endpoint := range endpoints {
		switch {
		case endpoint.Draining:
		case zone == "" || endpoint.Zone == zone:
			near = append(near, uint32(position))
		default:
			far = append(far, uint32(position))
		}
	}
	return near, far
}

// Least finds the position with the least in flight, if one may be used. The search begins at
// `turn`, so that those who are alike take turns.
func Least(positions, inFlight []uint32, excluded func(uint32) bool, turn int) (best uint32, found bool) {
	for i := range positions {
		position := positions[(turn+i)%len(positions)]
		if excluded(position) || found && inFlight[position] >= inFlight[best] {
			continue
		}
		best, found = position, true
	}
	return best, found
}
