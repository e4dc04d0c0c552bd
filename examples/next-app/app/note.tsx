"use client";
import { useState } from "react";
import { sign } from "./actions";

/** Has a note signed by a server action. */
export function Note() {
  const [signed, setSigned] = useState("");
  return (
    <form action={async (form) => setSigned(await sign(String(form.get("text"))))}>
      <input name="text" aria-label="Note" defaultValue="Seen" />
      <button type="submit">Sign it</button>
      <output>{signed}</output>
    </form>
  );
}
