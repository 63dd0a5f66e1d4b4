import Lambda from 'serverless-offline/lambda'

type Definition = (functionKey: string) => unknown

/**
 * Functions that serverless-offline itself runs, for schedules and HTTP. serverless-offline keeps their threads in a pool by
 * function key. It cannot end the threads of a single function, only all threads at once, even during invocations. Therefore each
 * reload gives the function a new key in the pool. Running invocations finish unchanged, and idle threads of the old code are ended
 * after a minute.
 */
export class OfflineFunctions {
  readonly #keys = new Map<string, string>()
  readonly #definitionOf: Definition
  #lambda: Lambda | undefined
  #reloads = 0

  constructor(definitionOf: Definition) {
    this.#definitionOf = definitionOf
  }

  /**
   * Attaches to serverless-offline, which does not expose its functions. Call this before serverless-offline creates its functions.
   */
  attach(): void {
    const { start } = Lambda.prototype
    const attach = (lambda: Lambda) => this.#attachTo(lambda)
    Lambda.prototype.start = function (this: Lambda) {
      Lambda.prototype.start = start
      attach(this)
      return start.call(this)
    }
  }

  /** Makes the next invocation load the function again, using the current handler in the function's definition. */
  replace(functionKeys: Iterable<string>): void {
    this.#reloads += 1
    for (const functionKey of functionKeys) {
      const key = `${functionKey}@${this.#reloads}`
      this.#lambda?.create([{ functionKey: key, functionDefinition: this.#definitionOf(functionKey) }])
      this.#keys.set(functionKey, key)
    }
  }

  /** Invokes a function in the same way as its schedule. Rejects with the function's error. */
  async invoke(functionKey: string): Promise<void> {
    const instance = this.#lambda?.get(functionKey)
    instance?.setEvent({})
    await instance?.runHandler()
  }

  #attachTo(lambda: Lambda): void {
    this.#lambda = lambda
    const get = lambda.get.bind(lambda)
    lambda.get = functionKey => get(this.#keys.get(functionKey) ?? functionKey)
  }
}
