/** A flag of the command line, as data. */
export type Flag =
  | { readonly kind: 'switch'; readonly short?: string; readonly help: string; readonly hidden?: boolean }
  | { readonly kind: 'text'; readonly short?: string; readonly help: string; readonly initial?: string }
  | { readonly kind: 'number'; readonly short?: string; readonly help: string; readonly initial?: number }
  | { readonly kind: 'list'; readonly short?: string; readonly help: string };

/** Flags by their names. */
export type Flags = Readonly<Record<string, Flag>>;

/** What a flag's value is. */
type ValueOf<F> = F extends { kind: 'switch' }
  ? boolean
  : F extends { kind: 'list' }
    ? readonly string[]
    : F extends { kind: 'text'; initial: string }
      ? string
      : F extends { kind: 'text' }
        ? string | undefined
        : F extends { kind: 'number'; initial: number }
          ? number
          : F extends { kind: 'number' }
            ? number | undefined
            : never;

/** The values of flags. */
export type Values<F> = { readonly [K in keyof F]: ValueOf<F[K]> };
