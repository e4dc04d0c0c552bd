/** How a verifier follows the revocation feed. Everything has a default. */
export interface RevocationOptions {
  /** Where the feed is. Default: issuer + "/v1/revocations". */
  url?: string;
  /**
   * Refuses every token while the feed is down, with `unavailable` (503). Default: false; tokens are then good until
   * they expire, as they are without the feed.
   */
  refuseWhenDown?: boolean;
  /**
   * How many revoked sessions are remembered at most, at about 100 bytes each. Default: 1,000,000. They are forgotten
   * when no token of theirs can be valid any more, so it takes as many revocations within the life of an access token to
   * reach it. Then the sixteenth that came first is forgotten early, which {@link FeedState} counts.
   */
  maxMarks?: number;
  /**
   * Is told when the feed comes up, when it goes down, when it can not be reached at the start, and when sessions were
   * forgotten early.
   */
  onChange?: (state: FeedState) => void;
}

/** What a verifier knows of its revocation feed. */
export interface FeedState {
  /** Every session is known that was revoked more than two seconds ago. */
  readonly up: boolean;
  /** When `up` took its value; null before the first token was to be verified, when nothing is followed yet. */
  readonly since: Date | null;
  /** How many revoked sessions are remembered. Those that are over leave within a minute or two. */
  readonly marks: number;
  /** How many were forgotten early, because there were more than `maxMarks`. */
  readonly dropped: number;
  /** Why the feed was down the last time; null if it never was. */
  readonly lastError: Error | null;
}

/** {@link RevocationOptions} with every default filled in and everything checked. */
export interface RevocationSettings {
  readonly url: string;
  readonly refuseWhenDown: boolean;
  readonly maxMarks: number;
  readonly onChange: (state: FeedState) => void;
  readonly fetch: typeof fetch;
  readonly warn: (message: string) => void;
}
