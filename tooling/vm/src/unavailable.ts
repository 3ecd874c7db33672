/** This machine cannot run a second kernel: the message is the reason, as a phrase. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
