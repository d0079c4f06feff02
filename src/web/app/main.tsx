import { render } from "preact";
import { App } from "./app.tsx";
import { startKeys } from "./keys.ts";
import { startRouter } from "./router.ts";

startRouter();
startKeys();
const root = document.getElementById("app");
if (root) render(<App />, root);
