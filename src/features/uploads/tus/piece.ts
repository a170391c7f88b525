import type { Allowance, ReceivingRules } from "../../../web/receive-body.ts";
import type { Checksum } from "./checksum.ts";

/** The next bytes of an upload. */
export interface Piece {
  request: Request;
  checksum: Checksum | null;
  allowance: Allowance;
  rules: ReceivingRules;
}
