import { Icon, type IconName } from "../parts/icons.tsx";

/** One file that is sent, as the panel copies it for each; which of its parts are seen, the scripts decide. */
export function UploadRow() {
  return (
    <li class="row upload">
      <div class="row-picture">
        <Icon name="film" />
        <Icon name="image" />
      </div>
      <div class="row-body">
        <p class="row-title" dir="auto">
          <a href="#uploads" data-part="link" />
          <span data-part="name" />
        </p>
        <progress class="bar" max="100" value="0" data-part="bar" />
        <p class="row-stage" data-part="stage">
          <span>
            <span data-part="words" />
            <b data-part="percent" />
          </span>
          <span class="numbers">
            <span data-part="bytes" />
            <span data-part="speed" />
            <span data-part="left" />
          </span>
        </p>
        <p class="row-error" data-part="problem" dir="auto">
          <strong data-part="message" /> <span data-part="hint" />
        </p>
        <div class="actions" data-part="ways">
          <a class="button" href="#uploads" data-part="open">
            <Icon name="play" />
            <span>Open the one that is there</span>
          </a>
          <WordButton act="send-anyway" icon="upload" words="Send anyway" />
          <WordButton act="choose-again" icon="film" words="Choose the file again" />
          <WordButton act="retry" icon="rotate-cw" words="Try again" />
        </div>
      </div>
      <div class="row-actions">
        <SignButton act="pause" icon="pause" />
        <SignButton act="resume" icon="play" />
        <SignButton act="cancel" icon="x" />
        <SignButton act="dismiss" icon="x" />
        <span class="upload-done" data-part="done">
          <Icon name="check" />
        </span>
      </div>
    </li>
  );
}

function WordButton({ act, icon, words }: { act: string; icon: IconName; words: string }) {
  return (
    <button type="button" class="button" data-act={act}>
      <Icon name={icon} />
      <span>{words}</span>
    </button>
  );
}

/** Named by the scripts, with the file's name. */
function SignButton({ act, icon }: { act: string; icon: IconName }) {
  return (
    <button type="button" class="button quiet icon-only" data-act={act}>
      <Icon name={icon} />
    </button>
  );
}
