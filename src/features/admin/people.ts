import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { may } from "../../lib/permissions.ts";
import { getUser, listPeople as listUsers } from "../accounts/accounts.ts";
import type { PeopleQuery } from "../accounts/accounts.ts";
import { usageOf } from "../space/space.ts";
import { countVideosOf } from "../videos/videos.ts";
import { countImagesOf } from "../images/images.ts";
import type { PersonItem } from "./item.ts";

/** By name; `total` counts all that match. */
export function listPeople(
  deps: Pick<Deps, "db">,
  query: PeopleQuery,
): { items: PersonItem[]; nextCursor: string | null; total: number } {
  const { items, ...rest } = listUsers(deps, query);
  return { items: describe(deps, items), ...rest };
}

/** `not_found` for an id that nobody has. */
export function getPerson(deps: Pick<Deps, "db">, id: string): PersonItem {
  const user = getUser(deps, id);
  return personItem(user, countVideosOf(deps, [id]), countImagesOf(deps, [id]));
}

/** What a person's files take, and how much they may; null where there is no limit. */
export function usageOfPerson(
  deps: Pick<Deps, "config" | "db">,
  id: string,
): { usedBytes: number; quotaBytes: number | null } {
  return usageOf(deps, getUser(deps, id));
}

/** Who may keep videos: those to whom a person's can be handed over. By name. */
export function listHeirs({ db }: Pick<Deps, "db">, except: string): Pick<User, "id" | "name" | "email">[] {
  const everybody = listUsers({ db }, { limit: Number.MAX_SAFE_INTEGER - 1 }).items;
  return everybody.filter((one) => one.id !== except && one.disabledAt === null && may(one, "videos.change"));
}

function describe(deps: Pick<Deps, "db">, users: readonly User[]): PersonItem[] {
  const ids = users.map(({ id }) => id);
  const [videos, pictures] = [countVideosOf(deps, ids), countImagesOf(deps, ids)];
  return users.map((user) => personItem(user, videos, pictures));
}

type Counts = ReadonlyMap<string, number>;

function personItem(user: User, videosOf: Counts, picturesOf: Counts): PersonItem {
  const { id, name, email, role, quotaBytes, createdAt, lastLoginAt } = user;
  const [disabled, hasPassword] = [user.disabledAt !== null, user.passwordHash !== ""];
  const [videos, pictures] = [videosOf.get(id) ?? 0, picturesOf.get(id) ?? 0];
  return {
    id,
    name,
    email,
    role,
    disabled,
    hasPassword,
    videos,
    pictures,
    quotaBytes,
    createdAt,
    lastLoginAt,
  };
}
