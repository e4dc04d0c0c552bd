// Takes the two tokens apart. An app never needs this: the access token is for servers to read, the refresh token for
// nobody but Mayfly.

function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

const json = (part) => JSON.parse(new TextDecoder().decode(bytes(part)));

// readAccess returns the three parts of a JWT as they travel, and what the first two say. It checks nothing.
export function readAccess(token) {
  const parts = token.split(".");
  return { parts, header: json(parts[0]), claims: json(parts[1]) };
}

const hex = (raw) => Array.from(raw, (b) => b.toString(16).padStart(2, "0")).join("");
const uuid = (raw) => hex(raw).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

// fields are what a refresh token is made of, in order.
const fields = [
  { name: "version", size: 1, read: (raw) => String(raw[0]), says: "How to read the rest." },
  { name: "key id", size: 1, read: (raw) => String(raw[0]), says: "Which server secret made the tag." },
  { name: "user", size: 16, read: uuid, says: "Whose it is." },
  { name: "session", size: 16, read: uuid, says: "Which signed-in device it belongs to." },
  {
    name: "generation",
    size: 4,
    says: "Its number. Each refresh makes the next one.",
    read: (raw) => String(new DataView(raw.buffer, raw.byteOffset).getUint32(0)),
  },
  { name: "proof", size: 16, read: hex, says: "Only who has the session’s secret from the database can make it." },
  { name: "tag", size: 16, read: hex, says: "Only who has the server’s secret can make it. Made-up tokens fail here." },
];

const prefix = "mfr_";

// readRefresh returns the fields of a refresh token with their values.
export function readRefresh(token) {
  const raw = bytes(token.slice(prefix.length));
  let at = 0;
  return fields.map((field) => {
    const part = raw.subarray(at, at + field.size);
    at += field.size;
    return { name: field.name, size: field.size, says: field.says, value: field.read(part) };
  });
}

// generation is the number of a refresh token.
export const generation = (token) => Number(readRefresh(token).find((field) => field.name === "generation").value);
