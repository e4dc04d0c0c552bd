import { setCookies, valuesOf, withCookies } from "../../src/next/cookies.ts";

/** The cookies of one browser without the browser: raw HTTP sees what no page can read. */
export class Jar {
  /** As the `Cookie` header has them. */
  header: string;

  constructor(header = "") {
    this.header = header;
  }

  copy(): Jar {
    return new Jar(this.header);
  }

  get(name: "access" | "refresh"): string | undefined {
    return valuesOf(this.header, `mayfly_${name}`)[0];
  }

  /** Takes the cookies of an answer in. */
  take(answer: Response): void {
    const changes = setCookies(answer, ["mayfly_access", "mayfly_refresh", "mayfly_signed_in"]);
    this.header = withCookies(this.header, new Map(changes.map(({ name, value }) => [name, value])));
  }

  /** Takes one cookie out. */
  drop(name: "access" | "refresh"): void {
    this.header = withCookies(this.header, new Map([[`mayfly_${name}`, null]]));
  }
}

/** signedIn registers somebody and returns their cookies. */
export async function signedIn(origin: string, who: object): Promise<Jar> {
  const answer = await fetch(`${origin}/auth/v1/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(who),
  });
  if (!answer.ok) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
  const jar = new Jar();
  jar.take(answer);
  return jar;
}

/** lineageOf reads the session and the generation out of a refresh token: version, key, user, session, generation. */
export function lineageOf(jar: Jar): { session: string; generation: number } {
  const bytes = Buffer.from((jar.get("refresh") ?? "").replace(/^mfr_/, ""), "base64url");
  return { session: bytes.subarray(18, 34).toString("hex"), generation: bytes.readUInt32BE(34) };
}
