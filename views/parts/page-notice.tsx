import { Icon } from "./icons.tsx";

/** What everybody should know who is in. It is there while there is nothing to say, so that an open page can be told. */
export function PageNotice({ notice }: { notice: string | undefined }) {
  return (
    <p id="page-notice" class="page-notice" role="status" hidden={notice === undefined}>
      {notice !== undefined && (
        <>
          <Icon name="circle-alert" /> {notice}
        </>
      )}
    </p>
  );
}
