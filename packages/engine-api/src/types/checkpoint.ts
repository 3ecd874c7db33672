/** Body of `POST /containers/{id}/checkpoints`. */
export interface CheckpointCreateRequest {
  /** Its name. */
  CheckpointID: string;
  /** A directory of the engine's host. Default: beside the container's other files. */
  CheckpointDir?: string;
  /** Whether the container ends. */
  Exit?: boolean;
}

/** An element of the answer to `GET /containers/{id}/checkpoints`. */
export interface CheckpointSummary {
  Name: string;
}
