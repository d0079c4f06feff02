import type { Scenario } from "../scenario.ts";
import { intake } from "./intake.ts";
import { imageToChart, imageToMdm, textToChart, textToMdm } from "./main-jobs.ts";

/** Every scenario, in the order they run. */
export const SCENARIOS: readonly Scenario[] = [intake, textToMdm, textToChart, imageToMdm, imageToChart];
