import Lambda from 'serverless-offline/lambda'

type Definition = (functionKey: string) => unknown

/**
 * The functions that serverless-offline runs itself, for schedules and HTTP. It keeps their threads in a pool by
 * function key and cannot renew one function: it can only end all threads at once, in the middle of an invocation. Each
 * reload therefore gives the function a new key in that pool. Running invocations finish unchanged, and
 * serverless-offline ends idle threads of the old code after a minute.
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
   * Call this before serverless-offline starts. It does not expose its functions, but it starts them with this method.
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

  /** Makes the next invocation load the function again, from the handler that its definition names by then. */
  replace(functionKeys: Iterable<string>): void {
    this.#reloads += 1
    for (const functionKey of functionKeys) {
      const key = `${functionKey}@${this.#reloads}`
      this.#lambda?.create([{ functionKey: key, functionDefinition: this.#definitionOf(functionKey) }])
      this.#keys.set(functionKey, key)
    }
  }

  /** Invokes a function as its schedule would. Rejects with what it throws. */
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
