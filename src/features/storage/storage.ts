// The door of the feature: whether bytes are where the database says they are, and how they get to another storage.

export { checkStorage, mendStorage, usesStorage } from "./check.ts";
export type { Mending, StorageReport, Trouble } from "./check.ts";
export { describeHealth } from "./health.ts";
export { findProgress, startMove, stopMove } from "./moves.ts";
export type { MoveProgress } from "./moves.ts";
