import type { PersonItem } from "../../src/features/admin/item.ts";
import type { Page } from "../page.ts";
import type { FormError } from "../parts/field.tsx";
import type { FateValues, Heir } from "./delete-person.tsx";

export interface AccountValues {
  name: string;
  email: string;
  role: string;
  /** A size, `none` or `default`. */
  quota?: string;
}

export interface PersonProps {
  page: Page;
  person: PersonItem;
  /** What all their files take and may take; null where there is no limit. */
  usage: { usedBytes: number; quotaBytes: number | null };
  /** To whom the videos can be handed over. */
  heirs: Heir[];
  /** What was just done: one of the keys that the page knows, or whatever stood in the address. */
  done?: string;
  /** Just made; shown here and never again. */
  link?: { url: string; expiresAt: number };
  failed?: {
    form: "account" | "password" | "link" | "sessions" | "switch" | "delete";
    error: FormError;
    values?: Partial<AccountValues & FateValues>;
  };
}

type FormName = NonNullable<PersonProps["failed"]>["form"];

/** What was wrong, where it was this form that was sent. */
export function failedIn(form: FormName, { failed }: PersonProps): NonNullable<PersonProps["failed"]> | null {
  return failed?.form === form ? failed : null;
}
