import Link from "next/link";

/** A page that is the same for everybody, made when the app is built. */
export default function About() {
  return (
    <main>
      <h1>About</h1>
      <p>Eight figures, each from an API that checks who asks.</p>
      <Link href="/">Back</Link>
    </main>
  );
}
