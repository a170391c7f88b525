import type { Role, Visibility } from "../../db/schema.ts";

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
  return video.visibility === "library" || video.ownerId === person.id || person.role === "admin";
}

export function canEdit(person: Person, video: Pick<Watchable, "ownerId">): boolean {
  return person.role === "admin" || (person.role === "user" && video.ownerId === person.id);
}

/** Who may put something on the shelf. */
export function canAdd(person: Person): boolean {
  return person.role !== "viewer";
}
