/** Time for long work: when to tell, and how to let messages through. */

/** Says when so many milliseconds have passed since it last said so. */
export class Beat {
  readonly #every: number;
  #last = 0;

  constructor(every: number) {
    this.#every = every;
  }

  due(): boolean {
    const now = performance.now();
    if (now - this.#last < this.#every) return false;
    this.#last = now;
    return true;
  }
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Goes to the end of the queue of messages: unlike a timer, without a least delay. */
export function breath(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
