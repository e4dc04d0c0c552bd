package crowd

import "math"

// Waits counts how long answers took, in steps of a twentieth.
type Waits struct {
	steps [400]int
	n     int
	sum   float64
	Most  float64 // seconds
}

const (
	shortest = 1e-6 // seconds; what is shorter counts as this
	growth   = 1.05
)

func (w *Waits) add(seconds float64) {
	step := 0
	if seconds > shortest {
		step = min(int(math.Log(seconds/shortest)/math.Log(growth))+1, len(w.steps)-1)
	}
	w.steps[step]++
	w.n++
	w.sum += seconds
	w.Most = max(w.Most, seconds)
}

// Mean is the mean wait in seconds.
func (w *Waits) Mean() float64 { return w.sum / float64(max(w.n, 1)) }

// Quantile is the wait in seconds that this part of the answers did not exceed, to a twentieth.
func (w *Waits) Quantile(q float64) float64 {
	left := int(math.Ceil(q * float64(w.n)))
	for step, n := range w.steps {
		if left -= n; left <= 0 {
			return min(shortest*math.Pow(growth, float64(step)), w.Most)
		}
	}
	return w.Most
}
