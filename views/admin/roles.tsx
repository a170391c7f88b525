import type { Role } from "../../src/db/schema.ts";
import { roles } from "../../src/lib/permissions.ts";
import { type FormError, FormNotice } from "../parts/field.tsx";

export const roleNames: Record<Role, string> = { admin: "Admin", user: "User", viewer: "Viewer" };

const notes: Record<Role, string> = {
  admin: "Looks after people and everybody's videos",
  user: "Watches, and adds videos",
  viewer: "Watches",
};

/** The choice of what somebody may do; `value` is what is chosen now. */
export function RoleField({ value, error }: { value: string; error?: FormError }) {
  return (
    <fieldset class="choices">
      <legend>Role</legend>
      {roles.toReversed().map((role) => (
        <label class="choice">
          <input type="radio" name="role" value={role} checked={role === value} required />
          <span>
            {roleNames[role]}
            <small>{notes[role]}</small>
          </span>
        </label>
      ))}
      {error?.field === "role" && <FormNotice error={error} />}
    </fieldset>
  );
}
