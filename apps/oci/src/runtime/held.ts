/** Closes what it was given, the last first. */
export class Held implements Disposable {
  readonly #held: Disposable[] = [];

  add<T extends Disposable>(one: T): T {
    this.#held.push(one);
    return one;
  }

  [Symbol.dispose](): void {
    for (const one of this.#held.toReversed()) one[Symbol.dispose]();
  }
}
