import type { Role, Visibility } from "../../db/schema.ts";
import { may } from "../../lib/permissions.ts";

interface Person {
  id: string;
  role: Role;
}

interface Watchable {
  ownerId: string;
  visibility: Visibility;
}

/** Everyone signed in watches the library; what is private is its owner's and the admins'. */
export function canWatch(person: Person, video: Watchable): boolean {
  return video.visibility === "library" || video.ownerId === person.id || canSeeAll(person);
}

export function canEdit(person: Person, video: Pick<Watchable, "ownerId">): boolean {
  return canSeeAll(person) || (may(person, "videos.change") && video.ownerId === person.id);
}

/** Whose the library is: everybody's videos and downloads, the private ones too. */
export function canSeeAll(person: Pick<Person, "role">): boolean {
  return may(person, "videos.all");
}

/** Who may put something on the shelf. */
export function canAdd(person: Person): boolean {
  return may(person, "videos.download");
}
