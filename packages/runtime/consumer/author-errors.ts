/** Errors for application code to throw: two about an event, for processes and sinks alike, and one about the configuration. */

/**
 * The event can never be processed. It becomes a failure record for an operator, and the state does not change. If a sink throws
 * this error for several events, each event is delivered again separately.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
  readonly safeMessage: string | undefined

  /**
   * @param why message for operators, which becomes part of the failure
   * @param safeMessage message for logs; it must not contain data of the event
   */
  constructor(why: string, safeMessage?: string) {
    super(why)
    this.safeMessage = safeMessage
  }
}

/**
 * The event cannot be processed at present. If a sink throws this error, its receiver is considered unreachable, and the records
 * wait in Kafka. If a process throws it, the event depends on a later event: it becomes a failure record that is retried.
 */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  readonly safeMessage: string | undefined

  /**
   * @param why message for operators
   * @param options `safeMessage` is a message for logs; it must not contain data of the event
   */
  constructor(
    why: string,
    { safeMessage, ...options }: ErrorOptions & { readonly safeMessage?: string } = {},
  ) {
    super(why, options)
    this.safeMessage = safeMessage
  }
}

/**
 * A function cannot start until its settings or its code are corrected. The message has one line for each error, and contains no
 * secrets.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** Error messages, one line each. For a setting, the form is `<name>: must be …`. */
  readonly errors: readonly string[]

  /** @param where source of the errors, such as the environment, a command line or a process */
  constructor(where: string, errors: readonly string[]) {
    const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
    super(`${where} has ${count}:\n${errors.map(error => `  - ${error}`).join('\n')}`)
    this.errors = errors
  }
}

/**
 * Logs and metrics use the handler's name, but state and failures use the name of the process or forwarder, so both must be equal.
 *
 * @throws ConfigError if the names differ
 */
export function requireSameName(kind: 'consumer' | 'forwarder', handler: string, name: string): void {
  if (name === handler) return
  throw new ConfigError(`the handler of '${handler}'`, [
    `its ${kind} has another name, '${name}': both names must be equal`,
  ])
}
