package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

func TestUnavailableTellsTheOperator(t *testing.T) {
	cause := errors.New("disk full")
	for want, e := range map[string]*fault.Unavailable{
		"unavailable: disk full":              {Cause: cause},
		"unavailable: disk full (make space)": {Cause: cause, Fix: "make space"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if !errors.Is(e, cause) {
			t.Error("the cause is lost")
		}
	}
}

func TestIsUnavailable(t *testing.T) {
	unavailable := &fault.Unavailable{Cause: errors.New("disk full")}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":            {nil, false},
		"another error":      {errors.New("disk full"), false},
		"itself":             {unavailable, true},
		"wrapped":            {fmt.Errorf("rotate session: %w", unavailable), true},
		"joined to another":  {errors.Join(errors.New("close"), unavailable), true},
		"its text, not it":   {errors.New(unavailable.Error()), false},
		"wrapped as text":    {fmt.Errorf("rotate session: %v", unavailable), false},
		"cause of one alike": {&fault.Unavailable{Cause: unavailable}, true},
	} {
		if got := fault.IsUnavailable(test.err); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
