/** The errors that the code of an author throws: two about a record, in a process and in a sink alike, and one at start. */

/**
 * The event can never be processed. It becomes a failure record for people, and the state stays as it was. A sink that throws it for
 * several events gets each of them alone again.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
  readonly safeMessage: string | undefined

  /**
   * @param why for people; it becomes part of the failure
   * @param safeMessage the text that may be logged, because it has no part of the event
   */
  constructor(why: string, safeMessage?: string) {
    super(why)
    this.safeMessage = safeMessage
  }
}

/**
 * The event cannot be processed now. Thrown by a sink, the receiver cannot be reached: its records wait in Kafka. Thrown by a process, which has no receiver, the
 * event needs what a later one brings: it becomes a failure record that is retried.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
}

/** A function cannot start: its settings or its code must change. The message has one line for each error, and no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** One line each; for settings, `<name>: must be …`. */
  readonly errors: readonly string[]

  /** @param where the source of the errors: the environment, a command line, a process */
  constructor(where: string, errors: readonly string[]) {
    const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
    super(`${where} has ${count}:\n${errors.map(error => `  - ${error}`).join('\n')}`)
    this.errors = errors
  }
}
