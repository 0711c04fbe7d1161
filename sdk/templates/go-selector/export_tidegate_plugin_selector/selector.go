// Package export_tidegate_plugin_selector joins the rules to the host. The names are those of
// wit/selector.wit.
package export_tidegate_plugin_selector

import (
	"example.com/{{project-name}}/build/gen/tidegate_plugin_load"
	"example.com/{{project-name}}/build/gen/tidegate_plugin_selector"
	wit "example.com/{{project-name}}/build/gen/wit/types"
	"example.com/{{project-name}}/rules"
)

var (
	zone      string
	near, far []uint32
	turn      int
)

// Configure is called once.
func Configure(config string) wit.Result[wit.Unit, string] {
	parsed, err := rules.Parse(config)
	if err != nil {
		return wit.Err[wit.Unit](err.Error())
	}
	zone = parsed
	return wit.Ok[wit.Unit, string](wit.Unit{})
}

// Update is called when the list changes: what can be computed ahead is computed here.
func Update(endpoints []tidegate_plugin_selector.Endpoint) {
	list := make([]rules.Endpoint, len(endpoints))
	for i, endpoint := range endpoints {
		list[i] = rules.Endpoint{Zone: endpoint.Zone.SomeOr(""), Draining: endpoint.Draining}
	}
	near, far = rules.Group(list, zone)
}

// Select is called for every attempt. None leaves the choice to the host.
func Select(excluded uint32) wit.Option[uint32] {
	inFlight := tidegate_plugin_load.InFlight()
	isExcluded := func(position uint32) bool {
		return excluded > 0 && tidegate_plugin_load.IsExcluded(position)
	}
	turn++
	for _, group := range [][]uint32{near, far} {
		if best, found := rules.Least(group, inFlight, isExcluded, turn); found {
			return wit.Some(best)
		}
	}
	return wit.None[uint32]()
}
