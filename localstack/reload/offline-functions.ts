import Lambda from 'serverless-offline/lambda'

type Definition = (functionKey: string) => unknown

/**
 * The functions that serverless-offline runs itself, on schedules and for HTTP. It keeps their threads in a pool by the
 * function's key and offers nothing to renew one function: only to end all threads at once, in the middle of what they do.
 * So here each reload gives the function another key in that pool. Running invocations end as they began, and idle threads of
 * the old code are ended by serverless-offline itself, which does so after a minute without work.
 */
export class OfflineFunctions {
  readonly #keys = new Map<string, string>()
  readonly #definitionOf: Definition
  #lambda: Lambda | undefined
  #reloads = 0

  constructor(definitionOf: Definition) {
    this.#definitionOf = definitionOf
  }

  /** To be called before serverless-offline starts: it keeps its functions to itself, but starts them with this method. */
  attach(): void {
    const { start } = Lambda.prototype
    const attach = (lambda: Lambda) => this.#attachTo(lambda)
    Lambda.prototype.start = function (this: Lambda) {
      Lambda.prototype.start = start
      attach(this)
      return start.call(this)
    }
  }

  /** The next invocation loads the function anew, from the handler that its definition names now. */
  replace(functionKeys: Iterable<string>): void {
    this.#reloads += 1
    for (const functionKey of functionKeys) {
      const key = `${functionKey}@${this.#reloads}`
      this.#lambda?.create([{ functionKey: key, functionDefinition: this.#definitionOf(functionKey) }])
      this.#keys.set(functionKey, key)
    }
  }

  #attachTo(lambda: Lambda): void {
    this.#lambda = lambda
    const get = lambda.get.bind(lambda)
    lambda.get = functionKey => get(this.#keys.get(functionKey) ?? functionKey)
  }
}
