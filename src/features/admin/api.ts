import { newApiPart } from "../../web/api.ts";
import { accessApi } from "./api-access.ts";
import { auditApi } from "./api-audit.ts";
import { cookiesApi } from "./api-cookies.ts";
import { incomingApi } from "./api-incoming.ts";
import { invitesApi } from "./api-invites.ts";
import { peopleApi } from "./api-people.ts";
import { toolsApi } from "./api-tools.ts";

export const adminApi = newApiPart();

adminApi.route("/", peopleApi);
adminApi.route("/", accessApi);
adminApi.route("/", invitesApi);
adminApi.route("/", auditApi);
adminApi.route("/", cookiesApi);
adminApi.route("/", toolsApi);
adminApi.route("/", incomingApi);
