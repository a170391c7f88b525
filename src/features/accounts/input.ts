import { z } from "zod";
import { parseQuota } from "../../lib/quota.ts";
import { roles } from "../../lib/permissions.ts";
import { cleanText } from "../../lib/text.ts";

// What accounts are made of, for forms, calls and commands alike.

export const nameSchema = z
  .string("Give a name.")
  .transform((name) => cleanText(name, 1000))
  .refine((name) => name !== "", "Give a name.")
  .refine((name) => name.length <= 100, "The name is longer than 100 characters.");

export const emailSchema = z
  .string("Give an e-mail address.")
  .trim()
  .toLowerCase()
  .pipe(z.email("This is no e-mail address: it looks like name@example.org."))
  .refine((email) => email.length <= 254, "The e-mail address is longer than 254 characters.");

export const passwordSchema = z
  .string("Give a password.")
  .min(10, "The password is shorter than 10 characters.")
  .max(1000, "The password is longer than 1000 characters.");

/** Bytes, or words as `parseQuota` reads them. */
export const quotaSchema = z.union([
  z.int().min(0).nullable(),
  z
    .string()
    .transform(parseQuota)
    .refine((quota) => quota !== undefined, "Give a size like 50 GB, or none, or default."),
]);

export const roleSchema = z.enum(roles, "Choose admin, user or viewer.");

export const newUserSchema = z.object({ name: nameSchema, email: emailSchema, password: passwordSchema });
