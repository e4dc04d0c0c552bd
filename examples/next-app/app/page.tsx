import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "../mayfly";
import { Figure } from "./figure";
import { Note } from "./note";
import { SignOut } from "./sign-out";

const names = ["visitors", "orders", "returns", "revenue", "margin", "stock", "staff", "queue"];

export default async function Page() {
  const session = await auth();
  if (!session) redirect("/sign-in");
  return (
    <main>
      <h1>Good day, {session.claims.name ?? session.claims.email}</h1>
      <dl>
        {names.map((name) => (
          <Figure key={name} name={name} />
        ))}
      </dl>
      <Note />
      <Link href="/about">About</Link> <SignOut />
    </main>
  );
}
