/** Body of every answer with a status of 400 and above. */
export interface ErrorResponse {
  message: string;
  /** An extension of ns: the code of the NsError behind the answer. */
  nsCode?: string;
  /** An extension of ns: the next step for the user. */
  hint?: string;
}
