import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { createAuth } from "../../src/index.ts";
import { Home } from "./home.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no place for the app");
hydrateRoot(
  root,
  <StrictMode>
    <Home auth={createAuth({ url: "/auth" })} who={JSON.parse(root.dataset.who ?? "")} />
  </StrictMode>,
);
