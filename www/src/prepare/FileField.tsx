/** The browser's own way to choose files, out of sight: a button beside it opens it. */
import { type RefObject } from "preact";

export function FileField(props: {
  at: RefObject<HTMLInputElement | null>;
  label: string;
  accept?: string;
  multiple?: boolean;
  take: (files: File[]) => void;
}) {
  const { at, label, accept, multiple, take } = props;
  return (
    <input
      ref={at}
      type="file"
      class="unseen"
      tabIndex={-1}
      aria-label={label}
      accept={accept}
      multiple={multiple}
      onChange={(event) => {
        const files = Array.from(event.currentTarget.files ?? []);
        // So that the same file can be chosen again, once it is corrected.
        event.currentTarget.value = "";
        if (files.length > 0) take(files);
      }}
    />
  );
}
