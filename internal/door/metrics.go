package door

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Metrics counts requests and failures for the admin listener.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	problems *prometheus.CounterVec
}

func newMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "mayfly_request_seconds",
			Help:    "Time to answer, by route and status.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1},
		}, []string{"route", "status"}),
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mayfly_problems_total",
			Help: "Failures told to clients, by code.",
		}, []string{"code"}),
	}
	m.registry.MustRegister(m.requests, m.problems, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Watch adds what the revocation feed counts.
func (m *Metrics) Watch(feed *revocation.Feed) {
	gauge := func(name, help string, value func(revocation.Stats) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(feed.Stats()) }))
	}
	counter := func(name, help string, value func(revocation.Stats) float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return value(feed.Stats()) }))
	}
	gauge("mayfly_revocation_followers", "Clients that follow the revocation feed.",
		func(s revocation.Stats) float64 { return float64(s.Followers) })
	gauge("mayfly_revocation_marks", "Sessions that the revocation feed remembers.",
		func(s revocation.Stats) float64 { return float64(s.Marks) })
	gauge("mayfly_revocation_unread_seconds", "Time since the revocation feed last read the database; 0 while nobody follows.",
		func(s revocation.Stats) float64 { return s.Unread.Seconds() })
	counter("mayfly_revocation_named_total", "Sessions that the revocation feed has named.",
		func(s revocation.Stats) float64 { return float64(s.Named) })
	counter("mayfly_revocation_dropped_total", "Clients of the revocation feed that were dropped because they did not keep up.",
		func(s revocation.Stats) float64 { return float64(s.Dropped) })
	counter("mayfly_revocation_forgotten_total", "Sessions that the revocation feed forgot too early, for want of room.",
		func(s revocation.Stats) float64 { return float64(s.Forgotten) })
}

// Handler answers in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) request(r *http.Request, status int, took time.Duration) {
	m.requests.WithLabelValues(r.Pattern, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *Metrics) problem(code string) { m.problems.WithLabelValues(code).Inc() }

func isForged(err error) bool { return errors.Is(err, session.ErrForged) }
