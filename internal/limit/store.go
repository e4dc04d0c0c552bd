package limit

import (
	"context"
	"time"
)

// Bucket is a leaky bucket: Burst attempts at once, then one each Interval.
//
// Only one moment is kept for a key, the time at which the bucket would be empty again (the theoretical arrival time of
// the generic cell rate algorithm, ITU-T I.371). An attempt at now moves it to max(stored, now)+Interval, and is
// refused, moving nothing, when that lies more than Burst*Interval after now.
type Bucket struct {
	Burst    int
	Interval time.Duration
}

// Store keeps how full the buckets are. Every method is one atomic step, so that a hundred attempts at the same
// moment cannot all see the last free place.
type Store interface {
	// Take puts one attempt into the key's bucket. It returns 0, or how long to wait until the next one fits.
	Take(ctx context.Context, key string, b Bucket, now time.Time) (wait time.Duration, err error)
	// GiveBack takes one attempt out again, as after a success.
	GiveBack(ctx context.Context, key string, b Bucket) error
	// Forget empties the key's bucket.
	Forget(ctx context.Context, key string) error
	// Clean removes at most limit keys whose buckets are empty at now, and says how many.
	Clean(ctx context.Context, now time.Time, limit int) (int, error)
}
