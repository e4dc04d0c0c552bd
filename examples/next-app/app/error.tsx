"use client";

/** Shown when it can not be told who is signed in, because Mayfly is away. Nobody is signed out for it. */
export default function Unknown() {
  return (
    <main>
      <h1>One moment</h1>
      <p>The page could not be made just now.</p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  );
}
