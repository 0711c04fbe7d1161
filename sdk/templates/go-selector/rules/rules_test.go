package rules

import (
	"slices"
	"strings"
	"testing"
)

func nobody(uint32) bool { return false }

func TestAMisspeltKeyIsRefused(t *testing.T) {
	for config, expected := range map[string]string{`{"zome": "a"}`: "zome: unknown", `{"zone": 7}`: "zone: "} {
		if _, err := Parse(config); err == nil || !strings.HasPrefix(err.Error(), expected) {
			t.Errorf("%s: %v", config, err)
		}
	}
}

func TestTheOwnZoneIsAGroupAndWhoDrainsIsInNone(t *testing.T) {
	endpoints := []Endpoint{
		{Zone: "a"}, {Zone: "b"}, {Zone: "a", Draining: true}, {},
	}
	near, far := Group(endpoints, "a")
	if !slices.Equal(near, []uint32{0}) || !slices.Equal(far, []uint32{1, 3}) {
		t.Errorf("%v %v", near, far)
	}
	near, far = Group(endpoints, "")
	if !slices.Equal(near, []uint32{0, 1, 3}) || far != nil {
		t.Errorf("%v %v", near, far)
	}
}

func TestTheLeastLoadedIsChosenInTurn(t *testing.T) {
	three := []uint32{0, 1, 2}
	if best, _ := Least(three, []uint32{3, 1, 2}, nobody, 0); best != 1 {
		t.Errorf("%d", best)
	}
	isOne := func(position uint32) bool { return position == 1 }
	if best, _ := Least(three, []uint32{3, 1, 2}, isOne, 0); best != 2 {
		t.Errorf("%d", best)
	}
	if best, _ := Least([]uint32{0, 1}, []uint32{0, 0}, nobody, 1); best != 1 {
		t.Errorf("%d", best)
	}
	if _, found := Least(nil, nil, nobody, 5); found {
		t.Error("found one of none")
	}
}
