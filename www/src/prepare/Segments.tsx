/** A few choices side by side, of which one holds: radio buttons, dressed. */

export function Segments<T extends string>(props: {
  name: string;
  choices: readonly (readonly [T, string])[];
  chosen: T;
  choose: (id: T) => void;
  /** Asked before a choice is made: false leaves all as it is. */
  may?: (id: T) => boolean;
}) {
  const { name, choices, chosen, choose, may } = props;
  return (
    <div class="segments">
      {choices.map(([id, label]) => (
        <label key={id} class={chosen === id ? "segment segment--on" : "segment"}>
          <input
            type="radio"
            name={name}
            class="segment__radio"
            checked={chosen === id}
            onClick={(event) => {
              if (may && !may(id)) event.preventDefault();
            }}
            onChange={() => choose(id)}
          />
          {label}
        </label>
      ))}
    </div>
  );
}
