import { Icon } from "../parts/icons.tsx";

/** How to add from elsewhere: a bookmark for browsers, sharing for phones. `bookmarklet` is its javascript: address. */
export function WaysIn({ bookmarklet }: { bookmarklet: string }) {
  return (
    <details class="more ways-in">
      <summary>
        Add from any page
        <Icon name="chevron-down" />
      </summary>
      <p>
        Drag this to your bookmarks. On a page with a video, open the bookmark: it leads here with the address
        filled in.
      </p>
      <div>
        <a class="button" href={bookmarklet} data-bookmarklet>
          <Icon name="link" />
          <span>Add to Homereel</span>
        </a>
      </div>
      <div class="field">
        <label for="bookmarklet">Or make a bookmark with this address</label>
        <div class="copy-row">
          <input id="bookmarklet" value={bookmarklet} readonly autocomplete="off" />
          <button type="button" class="button needs-script" data-copy="bookmarklet">
            <Icon name="copy" />
            <span>Copy</span>
          </button>
        </div>
      </div>
      <p>
        On a phone, open Homereel over https:// and choose "Install app" or "Add to home screen" in the menu
        of the browser. After that it is among the apps that other apps share to.
      </p>
    </details>
  );
}
