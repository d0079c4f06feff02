import type { Scenario } from "../scenario.ts";
import { engines } from "./engines.ts";
import { find } from "./find.ts";
import { growth } from "./growth.ts";
import { idle } from "./idle.ts";
import { intake } from "./intake.ts";
import { imageToChart, imageToMdm, textToChart, textToMdm } from "./main-jobs.ts";
import { mllpToMdm } from "./mllp-to-mdm.ts";
import { stored } from "./stored.ts";

/** Every scenario, in the order they run. */
export const SCENARIOS: readonly Scenario[] = [
  intake,
  textToMdm,
  textToChart,
  mllpToMdm,
  imageToMdm,
  imageToChart,
  idle,
  engines,
  stored,
  find,
  growth,
];
