// The tokens taken apart, and what the database holds instead of them.

import { element } from "./timeline.js";
import { readAccess, readRefresh } from "./tokens.js";
import { moment, reasonWords } from "./words.js";

const asTime = (seconds) => `${seconds} = ${moment(seconds * 1000)}`;

// meanings say what the members of an access token are for. Those without one speak for themselves.
const meanings = {
  alg: ["How it is signed"],
  kid: ["Which signing key made the signature"],
  typ: ["What kind of token this is"],
  iss: ["Who made it"],
  sub: ["Who it is about: the user’s id"],
  aud: ["Which servers it is meant for"],
  exp: ["When it dies", asTime],
  iat: ["When it was made", asTime],
  jti: ["Its own name; no two are alike"],
  sid: ["The session it belongs to"],
  client_id: ["Which app it was made for"],
  auth_time: ["When the person last proved who they are", asTime],
  amr: ["How they proved it: pwd is a password"],
  scope: ["What it allows"],
  email: ["The person’s email"],
  email_verified: ["Whether the email is known to be theirs"],
  preferred_username: ["The name they sign in with"],
  name: ["What they like to be called"],
  roles: ["What they are here, for example admin"],
};

function row(name, value, says) {
  const head = element("th", "", element("code", "", name));
  head.scope = "row";
  return element(
    "tr",
    "",
    head,
    element("td", "", element("span", "value", value), element("span", "says", says ?? "")),
  );
}

function members(object) {
  return Object.entries(object).map(([name, value]) => {
    const [says, write = (v) => (typeof v === "string" ? v : JSON.stringify(v))] = meanings[name] ?? [];
    return row(name, write(value), says);
  });
}

export class Panels {
  #box;
  #drawn = {};

  constructor(box) {
    this.#box = box;
  }

  #find(name) {
    return this.#box.querySelector(`[data-${name}]`);
  }

  show(world) {
    const { access, refresh } = world.browser;
    if (this.#changed("access", access)) this.#access(access);
    if (this.#changed("refresh", refresh)) this.#refresh(refresh);
    if (world.row && this.#changed("row", JSON.stringify(world.row))) this.#row(world.row);
    if (this.#changed("keys", JSON.stringify(world.view.keys))) this.#keys(world.view.keys);
  }

  #changed(name, value) {
    const changed = this.#drawn[name] !== value;
    this.#drawn[name] = value;
    return changed;
  }

  #access(token) {
    this.#find("access-none").hidden = token !== "";
    this.#find("access-some").hidden = token === "";
    if (token === "") return;
    const { parts, header, claims } = readAccess(token);
    this.#find("access-raw").replaceChildren(
      element("span", "header", parts[0]),
      ".",
      element("span", "payload", parts[1]),
      ".",
      element("span", "signature", parts[2]),
    );
    this.#find("access-header").replaceChildren(...members(header));
    this.#find("access-claims").replaceChildren(...members(claims));
  }

  #refresh(token) {
    this.#find("refresh-none").hidden = token !== "";
    this.#find("refresh-some").hidden = token === "";
    if (token === "") return;
    const fields = readRefresh(token);
    this.#find("refresh-raw").textContent = token;
    this.#find("refresh-fields").replaceChildren(
      ...fields.map((field) => {
        const line = row(field.name, field.value, field.says);
        line.className = `part-${field.name.replace(" ", "-")}`;
        line.querySelector("code").after(element("span", "size", field.size === 1 ? "1 byte" : `${field.size} bytes`));
        return line;
      }),
    );
  }

  #row(session) {
    const at = (time) => moment(Date.parse(time));
    const rows = [
      row("id", session.id, "The session’s name, which both tokens carry"),
      row("generation", String(session.generation), "The number of the newest refresh token"),
      row(
        "parent",
        String(session.parent),
        session.parent === 0
          ? "The first one has none"
          : "The number it was made from; accepted once more, should an answer be lost",
      ),
      row("rotated_at", at(session.rotated_at), "When the newest was made"),
      row("created_at", at(session.created_at), "When the person signed in on this device"),
      row("idle limit", at(session.idle_expires_at), "When it ends if nobody refreshes until then"),
      row("expires_at", at(session.expires_at), "When it ends in any case"),
    ];
    if (session.ended_at) {
      rows.push(row("ended_at", at(session.ended_at), "When it was ended"));
      rows.push(row("end_reason", session.end_reason, `Why: ${reasonWords(session.end_reason)}`));
    }
    for (const line of rows.slice(-2)) line.className = session.ended_at ? "ended-here" : "";
    this.#find("row").replaceChildren(...rows);
  }

  #keys(keys) {
    const words = {
      published: "is shown already, and signs soon",
      signing: "signs every new access token",
      retiring: "signs no more; kept until its last token has died",
      retired: "is no longer needed",
      revoked: "was taken back",
    };
    this.#find("keys").replaceChildren(
      ...keys.map((key) => row(`${key.id.slice(0, 6)}…`, key.state, words[key.state])),
    );
  }
}
