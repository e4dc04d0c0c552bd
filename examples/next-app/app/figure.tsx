import { auth } from "../mayfly";

/** One figure, from the API. All eight are asked for side by side. */
export async function Figure({ name }: { name: string }) {
  const session = await auth();
  const answer = await fetch(`${process.env.API_URL ?? "http://localhost:4000"}/figures/${name}`, {
    headers: { authorization: `Bearer ${session?.token}` },
    cache: "no-store",
  });
  return (
    <div>
      <dt>{name}</dt>
      <dd>{answer.ok ? await answer.text() : `refused: ${answer.status}`}</dd>
    </div>
  );
}
