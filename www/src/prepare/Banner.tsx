/** What went wrong, until it is dismissed; and what was just done, for a while. The same in every room. */
import { Icon } from "./Icon";
import * as state from "./state";

export function Banner() {
  const problem = state.problem.value;
  const notice = state.notice.value;
  return (
    <>
      {problem && (
        <div class="banner" role="alert">
          <Icon name="warn" />
          <p class="banner__text">
            <strong>{problem.title}.</strong> {problem.text} {problem.next}
          </p>
          <button
            type="button"
            class="tool"
            aria-label="Dismiss"
            onClick={() => {
              state.problem.value = null;
            }}
          >
            <Icon name="cross" />
          </button>
        </div>
      )}
      <p class={notice ? "notice" : "notice notice--none"} role="status">
        {notice}
      </p>
    </>
  );
}
