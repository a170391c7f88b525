import type { Child } from "hono/jsx";
import { Icon } from "./icons.tsx";

/** What was wrong with a form; `field` names the input it belongs to. */
export interface FormError {
  message: string;
  hint?: string;
  field?: string;
}

interface FieldProps {
  /** Of the value that is sent. */
  name: string;
  label: string;
  /** Where the page has another field of this name. */
  id?: string;
  note?: Child;
  error?: FormError;
  [attribute: string]: unknown;
}

/** A labelled input; everything that is not named in FieldProps goes to the input as it is. */
export function Field({ name, label, id = name, note, error, ...input }: FieldProps) {
  const mine = errorOf(name, error);
  return (
    <FieldFrame id={id} label={label} note={note} error={mine}>
      <input id={id} name={name} {...describedBy(id, note, mine)} {...input} />
    </FieldFrame>
  );
}

export function TextArea({
  name,
  label,
  id = name,
  note,
  error,
  value,
  ...input
}: FieldProps & { value: string }) {
  const mine = errorOf(name, error);
  return (
    <FieldFrame id={id} label={label} note={note} error={mine}>
      <textarea id={id} name={name} {...describedBy(id, note, mine)} {...input}>
        {/* The parser drops a line break right after the opening tag. */}
        {value.startsWith("\n") ? `\n${value}` : value}
      </textarea>
    </FieldFrame>
  );
}

/** One of a list; `value` is what is chosen now. */
export function SelectField({
  name,
  label,
  id = name,
  note,
  error,
  value,
  options,
  ...select
}: FieldProps & { value: string; options: readonly (readonly [value: string, label: string])[] }) {
  const mine = errorOf(name, error);
  return (
    <FieldFrame id={id} label={label} note={note} error={mine}>
      <select id={id} name={name} {...describedBy(id, note, mine)} {...select}>
        {options.map(([one, text]) => (
          <option value={one} selected={one === value}>
            {text}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}

/** A password with a button that shows it, where scripts run. */
export function PasswordField({ name, label, id = name, note, error, ...input }: FieldProps) {
  const mine = errorOf(name, error);
  return (
    <FieldFrame id={id} label={label} note={note} error={mine}>
      <div class="reveal">
        <input id={id} name={name} type="password" required {...describedBy(id, note, mine)} {...input} />
        <button
          type="button"
          class="button quiet icon-only needs-script"
          aria-label="Show the password"
          aria-pressed="false"
          data-reveal={id}
        >
          <Icon name="eye" />
          <Icon name="eye-off" />
        </button>
      </div>
    </FieldFrame>
  );
}

/** What went wrong with the form as a whole, or with the named field where that is shown elsewhere. */
export function FormNotice({ error }: { error: FormError | undefined }) {
  if (!error) return null;
  return (
    <div class="notice bad" role="alert">
      <Icon name="circle-alert" />
      <p>
        <strong dir="auto">{error.message}</strong>
        {error.hint && <span dir="auto"> {error.hint}</span>}
      </p>
    </div>
  );
}

function FieldFrame(props: { id: string; label: string; note?: Child; error?: FormError; children: Child }) {
  const { id, label, note, error, children } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {error && <FieldError id={id} error={error} />}
      {note && (
        <p class="field-note" id={`${id}-note`}>
          {note}
        </p>
      )}
    </div>
  );
}

/** What is wrong with one field; its input is described by it. */
export function FieldError({ id, error }: { id: string; error: FormError }) {
  return (
    <p class="field-error" id={`${id}-error`}>
      <Icon name="circle-alert" />
      <span dir="auto">
        {error.message} {error.hint}
      </span>
    </p>
  );
}

function errorOf(name: string, error: FormError | undefined): FormError | undefined {
  return error?.field === name ? error : undefined;
}

function describedBy(id: string, note: Child | undefined, error: FormError | undefined) {
  const ids = [error && `${id}-error`, note && `${id}-note`].filter(Boolean).join(" ");
  return {
    "aria-describedby": ids === "" ? undefined : ids,
    "aria-invalid": error ? "true" : undefined,
  };
}
