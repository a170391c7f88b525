import { z } from "zod";
import type { DownloadProfile, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import type { DownloadOptions } from "../../../lib/download-options.ts";
import { optionsSchema, readOptions, usualOptions } from "../../../lib/download-options.ts";
import { AppError } from "../../../lib/errors.ts";
import { newId } from "../../../lib/ids.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { cleanText } from "../../../lib/text.ts";
import type { ProfileItem } from "../item.ts";
import {
  changeProfile,
  clearDefaultProfile,
  deleteProfileRow,
  findDefaultProfile,
  findProfile,
  findProfileByName,
  insertProfile,
  profilesOf,
} from "./queries.ts";

const mostProfiles = 50;

const nameSchema = z
  .string()
  .transform((name) => cleanText(name, 60))
  .refine((name) => name !== "", "Give the profile a name.");

const profileSchema = z.object({
  name: nameSchema,
  options: optionsSchema,
  is_default: z.boolean().default(false),
});
const changeSchema = z
  .object({ name: nameSchema, options: optionsSchema, is_default: z.boolean() })
  .partial();

/** By name. */
export function listProfiles({ db }: Pick<Deps, "db">, user: User): ProfileItem[] {
  return profilesOf(db, user.id).map(itemOf);
}

/** What a download gets of which nothing else is said: as the named profile has it, else the person's default. */
export function chosenOptions({ db }: Pick<Deps, "db">, user: User, profile?: string): DownloadOptions {
  if (profile) return requireProfile({ db }, user, profile).options;
  const own = findDefaultProfile(db, user.id);
  return own ? readOptions(own.options) : usualOptions;
}

/** Keeps a choice under a name; one of the same name is written anew. */
export function saveProfile({ db, now }: Pick<Deps, "db" | "now">, user: User, input: unknown): ProfileItem {
  const { name, options, is_default: isDefault } = parseInput(profileSchema, input);
  return db.transaction(() => {
    const known = findProfileByName(db, user.id, name);
    if (!known && profilesOf(db, user.id).length >= mostProfiles) {
      throw new AppError("too_large", `There are ${mostProfiles} profiles already.`, {
        hint: "Delete one first.",
        field: "name",
      });
    }
    if (isDefault) clearDefaultProfile(db, user.id);
    const id = known?.id ?? newId();
    if (known) changeProfile(db, id, { options, ...(isDefault && { isDefault }) });
    else insertProfile(db, { id, userId: user.id, name, options, isDefault, createdAt: now() });
    return requireProfile({ db }, user, id);
  });
}

/** Changes what is given and leaves the rest. `conflict` where another has the name. */
export function updateProfile({ db }: Pick<Deps, "db">, user: User, id: string, input: unknown): ProfileItem {
  const { is_default: isDefault, ...change } = parseInput(changeSchema, input);
  return db.transaction(() => {
    const { id: found } = requireProfile({ db }, user, id);
    const named = change.name === undefined ? null : findProfileByName(db, user.id, change.name);
    if (named && named.id !== found) {
      throw new AppError("conflict", "There is another profile of this name.", { field: "name" });
    }
    if (isDefault) clearDefaultProfile(db, user.id);
    const columns = { ...change, ...(isDefault !== undefined && { isDefault }) };
    if (Object.keys(columns).length > 0) changeProfile(db, found, columns);
    return requireProfile({ db }, user, found);
  });
}

export function deleteProfile({ db }: Pick<Deps, "db">, user: User, id: string): void {
  deleteProfileRow(db, requireProfile({ db }, user, id).id);
}

/** By id or name; another person's is not there. */
export function requireProfile({ db }: Pick<Deps, "db">, user: User, idOrName: string): ProfileItem {
  const found = findProfile(db, user.id, idOrName) ?? findProfileByName(db, user.id, idOrName);
  if (!found) {
    throw new AppError("not_found", "There is no such profile.", {
      hint: "It may have been deleted.",
      field: "profile",
    });
  }
  return itemOf(found);
}

function itemOf({ id, name, options, isDefault }: DownloadProfile): ProfileItem {
  return { id, name, options: readOptions(options), isDefault };
}
