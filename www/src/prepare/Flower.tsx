/** Hepatica nobilis, the flower: the page's mark. */
const PETALS = [0, 45, 90, 135, 180, 225, 270, 315];

export function Flower({ size = 22 }: { size?: number }) {
  return (
    <svg class="flower" width={size} height={size} viewBox="-12 -12 24 24" aria-hidden="true" focusable="false">
      {PETALS.map((turn) => (
        <ellipse key={turn} class="flower__petal" cx="0" cy="-7.2" rx="3.1" ry="4.4" transform={`rotate(${turn})`} />
      ))}
      <circle class="flower__heart" r="3.4" />
    </svg>
  );
}
