import type { Child } from "hono/jsx";
import { Icon } from "./icons.tsx";

/** What was wrong with a form; `field` names the input it belongs to. */
export interface FormError {
  message: string;
  hint?: string;
  field?: string;
}

/** A labelled input; everything that is not named here goes to the input as it is. */
export function Field(props: {
  name: string;
  label: string;
  note?: Child;
  error?: FormError;
  [attribute: string]: unknown;
}) {
  const { name, label, note, error, ...input } = props;
  return (
    <FieldFrame name={name} label={label} note={note} error={error}>
      <input id={name} name={name} {...describedBy(name, note, error)} {...input} />
    </FieldFrame>
  );
}

export function TextArea(props: {
  name: string;
  label: string;
  value: string;
  note?: Child;
  error?: FormError;
  [attribute: string]: unknown;
}) {
  const { name, label, value, note, error, ...input } = props;
  return (
    <FieldFrame name={name} label={label} note={note} error={error}>
      <textarea id={name} name={name} {...describedBy(name, note, error)} {...input}>
        {/* The parser drops a line break right after the opening tag. */}
        {value.startsWith("\n") ? `\n${value}` : value}
      </textarea>
    </FieldFrame>
  );
}

/** A password with a button that shows it, where scripts run. */
export function PasswordField(props: {
  name: string;
  label: string;
  autocomplete: "current-password" | "new-password";
  note?: Child;
  error?: FormError;
  autofocus?: boolean;
}) {
  const { name, label, note, error, autocomplete, autofocus } = props;
  return (
    <FieldFrame name={name} label={label} note={note} error={error}>
      <div class="reveal">
        <input
          id={name}
          name={name}
          type="password"
          required
          autocomplete={autocomplete}
          autofocus={autofocus}
          {...describedBy(name, note, error)}
        />
        <button
          type="button"
          class="button quiet icon-only needs-script"
          aria-label="Show the password"
          aria-pressed="false"
          data-reveal={name}
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

function FieldFrame(props: {
  name: string;
  label: string;
  note?: Child;
  error?: FormError;
  children: Child;
}) {
  const { name, label, note, error, children } = props;
  const mine = error?.field === name ? error : undefined;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {children}
      {mine && (
        <p class="field-error" id={`${name}-error`}>
          <Icon name="circle-alert" />
          <span dir="auto">
            {mine.message} {mine.hint}
          </span>
        </p>
      )}
      {note && (
        <p class="field-note" id={`${name}-note`}>
          {note}
        </p>
      )}
    </div>
  );
}

function describedBy(name: string, note: Child | undefined, error: FormError | undefined) {
  const wrong = error?.field === name;
  const ids = [wrong && `${name}-error`, note && `${name}-note`].filter(Boolean).join(" ");
  return {
    "aria-describedby": ids === "" ? undefined : ids,
    "aria-invalid": wrong ? "true" : undefined,
  };
}
