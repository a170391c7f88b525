import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { may } from "../../lib/permissions.ts";
import { getUser, listPeople as listUsers } from "../accounts/accounts.ts";
import type { PeopleQuery } from "../accounts/accounts.ts";
import { countVideosOf } from "../videos/videos.ts";
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
  return personItem(user, countVideosOf(deps, [id]).get(id) ?? 0);
}

/** Who may keep videos: those to whom a person's can be handed over. By name. */
export function listHeirs({ db }: Pick<Deps, "db">, except: string): Pick<User, "id" | "name" | "email">[] {
  const everybody = listUsers({ db }, { limit: Number.MAX_SAFE_INTEGER - 1 }).items;
  return everybody.filter((one) => one.id !== except && one.disabledAt === null && may(one, "videos.change"));
}

function describe({ db }: Pick<Deps, "db">, users: readonly User[]): PersonItem[] {
  const counts = countVideosOf(
    { db },
    users.map(({ id }) => id),
  );
  return users.map((user) => personItem(user, counts.get(user.id) ?? 0));
}

function personItem(user: User, videos: number): PersonItem {
  const { id, name, email, role, createdAt, lastLoginAt } = user;
  const [disabled, hasPassword] = [user.disabledAt !== null, user.passwordHash !== ""];
  return { id, name, email, role, disabled, hasPassword, videos, createdAt, lastLoginAt };
}
