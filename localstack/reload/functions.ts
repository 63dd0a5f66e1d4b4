import { join, resolve } from 'node:path'
import process from 'node:process'

/**
 * Part of a function's entry in serverless.yml that a reload uses. The Serverless Framework and serverless-offline read the same
 * object.
 */
export interface Definition {
  /** Module and export of the handler, such as `functions/clock/handler.handler`. */
  handler: string
  readonly name?: string
  readonly events?: readonly object[]
  environment?: Record<string, string>
}

/** A function whose code or rules can be replaced while it runs. */
export class ReloadedFunction {
  readonly key: string
  /** Source file of the handler. */
  readonly entry: string
  /** Configured folder of the function's alert rules. */
  readonly rulesDir: string | undefined
  readonly #definition: Definition
  /** Path of the handler within the folder of a version, such as `functions/clock/handler.handler`. */
  readonly #handler: string
  /** Versions of code and rules in use, by kind. */
  readonly #used = new Map<Change['kind'], Change>()

  constructor(key: string, definition: Definition) {
    const { handler, environment } = definition
    this.key = key
    this.entry = `${moduleOf(handler)}.ts`
    this.rulesDir = environment?.RULES_DIR
    this.#handler = handler
    this.#definition = definition
  }

  /** Returns true if the function has a schedule. */
  get isScheduled(): boolean {
    return this.#definition.events?.some(event => 'schedule' in event) ?? false
  }

  /** Returns the versions of code and rules in use. */
  get versions(): readonly number[] {
    return [...this.#used.values()].map(({ version }) => version)
  }

  /** Returns the fingerprint of the code in use; undefined before the first build. */
  get fingerprint(): string | undefined {
    return this.#used.get('code')?.variables.CODE_VERSION
  }

  /** Applies a change to all later starts of the function. Running instances are not affected. */
  use(change: Change): void {
    this.#used.set(change.kind, change)
    this.#definition.handler = this.#handlerWith(change)
    this.#definition.environment = { ...this.#definition.environment, ...change.variables }
  }

  /**
   * Returns the handler and the environment variables with which the function would start after the change.
   *
   * @param location folder from which handlers are resolved
   */
  candidate(change: Change, location: string, provided: Readonly<Record<string, string>>) {
    const handler = this.#handlerWith(change)
    return {
      file: `${resolve(location, moduleOf(handler))}.js`,
      name: handler.slice(moduleOf(handler).length + 1),
      environment: {
        ...awsVariables(),
        AWS_LAMBDA_FUNCTION_NAME: this.#definition.name ?? this.key,
        ...provided,
        ...this.#definition.environment,
        ...change.variables,
        IS_OFFLINE: 'true',
      },
    }
  }

  #handlerWith({ folder }: Change): string {
    return folder === undefined ? this.#definition.handler : join(folder, this.#handler)
  }
}

/** Version of code or rules, in a folder that is complete and never modified. */
export interface Change {
  readonly kind: 'code' | 'rules'
  readonly version: number
  /** Folder with the code of all functions, relative to the folder from which handlers are resolved. */
  readonly folder?: string
  /** Environment variables for the function. */
  readonly variables: Readonly<Record<string, string>>
}

function moduleOf(handler: string): string {
  return handler.slice(0, handler.lastIndexOf('.'))
}

/** Returns the environment variables for AWS that serverless-offline passes on to functions. */
function awsVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))
  return Object.fromEntries(own) as Record<string, string>
}
