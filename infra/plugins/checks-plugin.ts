/**
 * Serverless Framework plugin that refuses to package or deploy with invalid settings. It reports all errors at once, before the
 * build. `deployment.cjs` returns its errors as texts, and this plugin reports them. If `deployment.cjs` threw them, the framework
 * would print a stack trace for each variable of serverless.yml.
 */
import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { listConsumers } from '../../control/environment/functions.ts'
import { FAMILIES, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { describeIdlePollers } from '../checks/input-sources.ts'
import { type PlaceInput, readPlace } from '../place/place.ts'
import { describeDisabledClock } from '../place/schedules.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly processedInput: Input
  readonly service: {
    readonly provider: { readonly environment?: Readonly<Record<string, unknown>> }
    readonly custom: { readonly deployment: PlaceInput }
    readonly functions: Readonly<Record<string, FunctionDefinition>>
  }
  readonly configSchemaHandler: { defineCustomProperties(schema: object): void }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
  getProvider(name: 'aws'): { getStage(): string; getRegion(): string }
}

/** Command and options that the user has entered. */
interface Input {
  readonly commands: readonly string[]
  readonly options: { readonly package?: string }
}

interface FunctionDefinition {
  readonly environment?: Readonly<Record<string, unknown>>
}

interface Log {
  notice(line: string): void
}

/** Commands that need only the stage and the region, so that other settings are not checked. */
const NEEDS_NO_SETTINGS = new Set([
  'deploy list',
  'deploy list functions',
  'info',
  'invoke',
  'logs',
  'metrics',
  'remove',
  'rollback',
  'rollback function',
])
const BUILDS = new Set(['package', 'deploy', 'deploy function'])
const RUNS = new Set(['offline', 'offline start'])
const DEPLOYS = new Set(['deploy', 'deploy function'])

export default class DeploymentChecks {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>
  readonly #framework: Framework
  readonly #log: Log

  constructor(framework: Framework, _: unknown, { log }: { readonly log: Log }) {
    this.#framework = framework
    this.#log = log
    framework.configSchemaHandler.defineCustomProperties({ properties: { deployment: { type: 'object' } } })
    this.hooks = { initialize: () => this.#check() }
  }

  async #check(): Promise<void> {
    const { processedInput, service } = this.#framework
    const command = processedInput.commands.join(' ')
    if (NEEDS_NO_SETTINGS.has(command)) return
    const families = this.#readFamilies()
    const place = readPlace(service.custom.deployment)
    const { problems: settings, schedules } = place
    const stage = this.#framework.getProvider('aws').getStage()
    if (DEPLOYS.has(command))
      this.#refuse(stage === 'local' ? [describeLocalStage(command)] : await this.#otherPackage(stage))
    const contents = BUILDS.has(command)
      ? await this.#contents(families)
      : RUNS.has(command)
        ? await this.#inputProblems(families)
        : []
    // An error in the list of inputs is found by both.
    this.#refuse([...new Set([...settings, ...contents])])
    const notices = [
      describeDisabledClock(schedules),
      ...(BUILDS.has(command) ? [describeIdlePollers(this.#functions(), place)] : []),
    ]
    for (const notice of notices) if (notice) this.#log.notice(notice)
  }

  #readFamilies(): Families {
    try {
      return readSettings([FAMILIES]).families
    } catch (error) {
      if (error instanceof FileError) this.#refuse([error.message])
      throw error
    }
  }

  #functions() {
    return readFunctions(resolve(this.#framework.serviceDir, 'serverless.yml'))
  }

  /** Returns an error if an existing package was built for another stage. A package contains the settings of its stage. */
  async #otherPackage(stage: string): Promise<string[]> {
    const { serviceDir, processedInput } = this.#framework
    const folder = processedInput.options.package
    if (folder === undefined) return []
    const file = resolve(serviceDir, folder, 'serverless-state.json')
    const text = await readFile(file, 'utf8').catch(() => undefined)
    // Without this file, the folder is not a package. The framework reports the error.
    if (text === undefined) return []
    const packaged: string | undefined = JSON.parse(text).service?.provider?.stage
    if (packaged === stage) return []
    return [
      `The package in ${folder} was built for the stage "${packaged}", not for "${stage}". Package the stage again.`,
    ]
  }

  /** Finds errors in configuration files and settings, so that functions do not fail when they start. */
  async #contents(families: Families): Promise<string[]> {
    const environments = this.#environments()
    const listPaths = (variable: string) => this.#listPaths(variable)
    // Import on demand, so that `serverless offline` does not load the schema compiler.
    const [files, { findSchemaProblems }, { findAuthorityProblems, findSettingsProblems }] =
      await Promise.all([
        import('../checks/config-files.ts'),
        import('../checks/event-schemas.ts'),
        import('../checks/function-settings.ts'),
      ])
    const functions = this.#functions()
    const consumers = listConsumers(functions)
    const databases = functions.flatMap(({ name, uses }) =>
      uses.includes('storage') ? [[name, environments[name] ?? {}] as const] : [],
    )
    const [[views] = []] = listPaths('VIEWS_DIR')
    const [[sent] = []] = listPaths('SENT_VIEWS_DIR')
    const { inputs } = readPlace(this.#framework.service.custom.deployment)
    const checked = await Promise.all([
      findSchemaProblems(),
      ...listPaths('RULES_DIR').map(([folder, shown]) =>
        files.findRulesProblems(families, folder, shown, views === undefined ? undefined : [views, sent]),
      ),
      ...listPaths('VIEWS_DIR').map(([folder]) => files.findViewsProblems(folder, inputs)),
      ...listPaths('NOTIFICATIONS_DIR').map(([folder, shown]) => files.findNotificationErrors(folder, shown)),
      ...listPaths('FAILURES_DIR').map(([folder, shown]) =>
        files.findPolicyProblems(folder, shown, consumers),
      ),
      this.#inputProblems(families),
    ])
    return [
      ...findSettingsProblems(families, environments, this.#framework.getProvider('aws').getRegion()),
      ...findAuthorityProblems(Object.fromEntries(databases)),
      ...checked.flat(),
    ]
  }

  /** Finds errors in the list of inputs and in their mappings, which `intake` would only report at its first record. */
  async #inputProblems(families: Families): Promise<string[]> {
    const { findInputProblems } = await import('../checks/config-files.ts')
    const { env } = readPlace(this.#framework.service.custom.deployment)
    const named = { env, isOneMachine: false, ...readSettings([NAMES]) }
    const [mappings] = this.#listPaths('MAPPINGS_DIR')
    const found = this.#listPaths('INPUTS_FILE').map(([file, shown]) =>
      findInputProblems(families, { ...named, inputsFile: file }, shown, mappings, warning =>
        this.#log.notice(warning),
      ),
    )
    return (await Promise.all(found)).flat()
  }

  /** Returns the environment variables of each function. */
  #environments(): Record<string, Readonly<Record<string, unknown>>> {
    const { provider, functions } = this.#framework.service
    return Object.fromEntries(
      Object.entries(functions).map(([name, { environment }]) => [
        name,
        { ...provider.environment, ...environment },
      ]),
    )
  }

  /** Returns the paths that functions have in a variable, each absolute and relative to the project. */
  #listPaths(variable: string): (readonly [path: string, shown: string])[] {
    const { serviceDir } = this.#framework
    const values = Object.values(this.#environments()).map(environment => environment[variable])
    const paths = values.flatMap(value => (typeof value === 'string' ? [resolve(serviceDir, value)] : []))
    return [...new Set(paths)].map(path => [path, relative(serviceDir, path)] as const)
  }

  #refuse(problems: readonly string[]): void {
    if (problems.length === 0) return
    const [first = '', ...others] = problems
    const message =
      others.length === 0
        ? first
        : [`Fix these ${problems.length} problems first:`, ...problems.map(problem => `  - ${problem}`)].join(
            '\n',
          )
    // The Serverless Framework prints only the message for its own error class, and a stack trace for all others.
    throw new this.#framework.classes.Error(message, 'SLUICE_DEPLOYMENT')
  }
}

function describeLocalStage(command: string): string {
  return (
    `serverless ${command} requires the stage of an account, such as --stage prod. The default stage "local" uses ` +
    'servers on this machine only.'
  )
}
