/** A device is a browser without a screen: it keeps cookies, and sends what a page of the app would send. */
export class Device {
  readonly cookies = new Map<string, string>();
  readonly #app: string;

  constructor(app: string) {
    this.#app = app;
  }

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = new Headers({ origin: this.#app, "sec-fetch-site": "same-origin" });
    headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    if (body !== undefined) headers.set("content-type", "application/json");
    const answer = await fetch(this.#app + path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  get(path: string): Promise<Response> {
    return this.call("GET", path);
  }

  post(path: string, body?: unknown): Promise<Response> {
    return this.call("POST", path, body);
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", value = ""] = pair.split("=");
    const gone = attributes.some((one) => /^Max-Age=0$|^Max-Age=-|^Expires=Thu, 01 Jan 1970/i.test(one));
    if (gone) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
