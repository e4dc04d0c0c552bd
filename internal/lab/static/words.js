// Numbers and moments as people say them.

const units = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

// spell says a length of time in at most two units: "1 minute 5 seconds".
export function spell(seconds) {
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [size, name] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0 && parts.length < 2) parts.push(`${n} ${name}${n === 1 ? "" : "s"}`);
    else if (parts.length > 0) break; // "1 day 5 seconds" would pretend to a precision nobody wants
  }
  return parts.join(" ") || "0 seconds";
}

// countdown is for a number that is looked at while it runs.
export function countdown(seconds) {
  const whole = Math.ceil(Math.max(0, seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// moment is a time of the sandbox's clock, which may be months ahead: hence always with the day.
export function moment(milliseconds) {
  return new Date(milliseconds).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

const reasons = {
  signed_out: "signed out on this device",
  signed_out_elsewhere: "ended from another device",
  signed_out_everywhere: "signed out everywhere",
  replaced: "replaced by a new sign-in",
  refresh_reused: "a copied refresh token was used",
  idle_expired: "not used for too long",
  expired: "reached its greatest age",
};

export const reasonWords = (reason) => reasons[reason] ?? reason;
