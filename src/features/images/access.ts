import { may } from "../../lib/permissions.ts";
import type { Role } from "../../db/schema.ts";

interface Person {
  id: string;
  role: Role;
}

/**
 * Everyone signed in who knows its id: images are made to be shown, in courses and beside videos, and are listed to
 * their owner alone.
 */
export function canSeeImage(person: Person): boolean {
  return may(person, "videos.watch");
}

export function canDeleteImage(person: Person, image: { ownerId: string }): boolean {
  return may(person, "videos.all") || (may(person, "videos.upload") && image.ownerId === person.id);
}
