"use server";
import { auth } from "../mayfly";

/** A server action is a door of its own: it asks again who is there. */
export async function sign(text: string): Promise<string> {
  const session = await auth();
  if (!session) throw new Error("Nobody is signed in.");
  return `${text} (${session.claims.email})`;
}
