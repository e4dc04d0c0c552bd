const refusals = {
  outside: {
    title: "Not Found",
    status: 404,
    code: "not_found",
    detail: "This path does not lie below that of Mayfly.",
    fix: "Give the proxy the path that `public_url` of Mayfly ends in.",
  },
  refused: {
    title: "Bad Request",
    status: 400,
    code: "request_invalid",
    detail: "The request is in a form that no client of Mayfly sends.",
    fix: "Ask for a plain path: no dot segments, no empty segments, no percent-encoding.",
  },
  unavailable: {
    title: "Service Unavailable",
    status: 503,
    code: "unavailable",
    detail: "Mayfly can not be reached at the moment.",
    fix: "Try again after the seconds in Retry-After.",
  },
} as const;

/** refuse answers in the place of Mayfly (RFC 9457). Nothing in it tells where Mayfly is. */
export function refuse(why: keyof typeof refusals): Response {
  const refusal = refusals[why];
  return new Response(JSON.stringify({ type: "about:blank", ...refusal }), {
    status: refusal.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "private, no-store",
      ...(why === "unavailable" && { "retry-after": "1" }),
    },
  });
}
