import { dirname, join, resolve } from 'node:path'
import process from 'node:process'

/** What serverless.yml says of a function, as far as a reload goes. The framework and serverless-offline read the same object. */
export interface Definition {
  /** `functions/clock/handler.handler`: a module and its export. */
  handler: string
  readonly name?: string
  environment?: Record<string, string>
}

/** A function whose code or rules can be replaced while it runs. */
export class ReloadedFunction {
  readonly key: string
  /** The handler's source file. */
  readonly entry: string
  /** The folder of its alert rules, as it was configured. */
  readonly rulesDir: string | undefined
  readonly #definition: Definition
  readonly #exportName: string
  /** Versions of its code and its rules that it runs with; 0 is what it has started with. */
  readonly #versions = { code: 0, rules: 0 }
  /** Of the bundle that it runs with; undefined until it is asked for the first time. */
  fingerprint: string | undefined

  constructor(key: string, definition: Definition) {
    const { handler, environment } = definition
    const dot = handler.lastIndexOf('.')
    this.key = key
    this.entry = `${handler.slice(0, dot)}.ts`
    this.rulesDir = environment?.RULES_DIR
    this.#exportName = handler.slice(dot + 1)
    this.#definition = definition
  }

  get versions(): readonly number[] {
    return Object.values(this.#versions)
  }

  /** The folder of its bundle as serverless-esbuild has made it. */
  get firstBundle(): string {
    return dirname(this.entry)
  }

  /** From now on it starts with this; what runs is not touched. */
  use(change: Change): void {
    const { code, rules } = change
    if (code) {
      this.#definition.handler = this.#handlerOf(code)
      this.#versions.code = code.version
      this.fingerprint = code.fingerprint
    }
    if (!rules) return
    this.#definition.environment = { ...this.#definition.environment, RULES_DIR: rules.folder }
    this.#versions.rules = rules.version
  }

  /**
   * How it would start with the change.
   *
   * @param location the folder that handlers are found in
   */
  candidate({ code, rules }: Change, location: string, provided: Readonly<Record<string, string>>) {
    const handler = code ? this.#handlerOf(code) : this.#definition.handler
    return {
      file: `${resolve(location, handler.slice(0, handler.lastIndexOf('.')))}.js`,
      name: this.#exportName,
      environment: {
        ...awsVariables(),
        AWS_LAMBDA_FUNCTION_NAME: this.#definition.name ?? this.key,
        ...provided,
        ...this.#definition.environment,
        ...(rules ? { RULES_DIR: rules.folder } : {}),
        IS_OFFLINE: 'true',
      },
    }
  }

  #handlerOf({ folder }: CodeVersion): string {
    return `${join(folder, 'handler')}.${this.#exportName}`
  }
}

export interface CodeVersion {
  readonly version: number
  /** Where the bundle lies, relative to the folder that handlers are found in. */
  readonly folder: string
  readonly fingerprint: string
}

export interface RulesVersion {
  readonly version: number
  /** Absolute. */
  readonly folder: string
}

/** What a function is to run with instead of what it runs with. */
export interface Change {
  readonly code?: CodeVersion
  readonly rules?: RulesVersion
}

/** serverless-offline hands these on from its own environment. */
function awsVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  return Object.fromEntries(own) as Record<string, string>
}
