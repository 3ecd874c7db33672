/** Query of `POST /ns/explain`, an extension of ns. The body is a {@link ContainerCreateRequest}. */
export interface ExplainOptions {
  /** `json`: an {@link ExplainResponse}; `text` (default): plain text. */
  format?: 'text' | 'json';
}

/** One step of the program that would start the container. */
export interface ExplainStep {
  /** 1, 2, 3… in the order of execution. */
  number: number;
  /** The process it runs in: `monitor`, `init`. */
  process?: string;
  /** In plain words: `mount proc on /proc`. */
  what: string;
  /** The system call with its arguments decoded. */
  call?: string;
}

/** Answer of `POST /ns/explain?format=json`. */
export interface ExplainResponse {
  Steps: ExplainStep[];
  Warnings: string[];
}
