/** The two errors that the code of an author throws, in a process and in a sink alike. */

/** The event can never be processed. It becomes a failure record for people, and the state stays as it was. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
  readonly safeMessage: string | undefined

  /**
   * @param why for people; it becomes part of the failure
   * @param safeMessage what may be logged of it, because it contains nothing of the event
   */
  constructor(why: string, safeMessage?: string) {
    super(why)
    this.safeMessage = safeMessage
  }
}
