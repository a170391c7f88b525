import { type FormError, FormNotice } from "./field.tsx";

/** The choice of who sees a video; `value` is what is chosen now. */
export function VisibilityField({ value, error }: { value: string; error?: FormError }) {
  return (
    <fieldset class="choices">
      <legend>Who can see it</legend>
      <Choice value="library" now={value} label="Everyone here" note="All who can log in" />
      <Choice value="private" now={value} label="Only the owner" note="And administrators" />
      {error?.field === "visibility" && <FormNotice error={error} />}
    </fieldset>
  );
}

function Choice(props: { value: string; now: string; label: string; note: string }) {
  const { value, now, label, note } = props;
  return (
    <label class="choice">
      <input type="radio" name="visibility" value={value} checked={now === value} />
      <span>
        {label}
        <small>{note}</small>
      </span>
    </label>
  );
}
