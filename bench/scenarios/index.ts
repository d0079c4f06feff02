import type { Scenario } from "../scenario.ts";
import { intake } from "./intake.ts";
import { textToMdm } from "./text-to-mdm.ts";

/** Every scenario, in the order they run. */
export const SCENARIOS: readonly Scenario[] = [intake, textToMdm];
