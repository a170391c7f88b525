import { newApiPart } from "../../web/api.ts";

export const ownApi = newApiPart();
